//! What does not come is told, to the number; or it comes from what the publisher keeps.

use super::*;

over_every_transport! {
    iridium_07_a_gap_is_told_once_with_its_range
    iridium_07_a_stalled_subscriber_is_told_what_it_missed_though_nothing_follows
    iridium_08_what_was_published_before_the_first_it_saw_is_missed_too
    iridium_08_what_was_published_after_the_last_it_saw_is_missed_too
    iridium_07_through_kills_each_message_comes_or_is_missed
    iridium_07_through_kills_a_reliable_stream_that_overflows_comes_or_is_missed
    iridium_08_through_kills_nothing_is_missed_that_is_kept
    through_kills_all_comes_from_a_reliable_publisher_that_waits
    another_socket_goes_on_where_one_was
}

/// A subscriber that is there until it is cut, and dials again when it is told to.
struct Cuttable {
    node: Node,
    publisher: PubSocket,
    sub: SubSocket,
    events: SocketEvents,
}

impl Cuttable {
    async fn new(listen: &str) -> Self {
        let node = node().await;
        let publisher = publisher(&node, listen).await;
        let sub = Sub::new("sub").dial(address(&publisher)).reconnect(false);
        let sub = joined(&node, sub.subscribe(">")).await;
        let events = sub.events();
        Cuttable {
            node,
            publisher,
            sub,
            events,
        }
    }

    async fn cut(&self) {
        assert!(kill(&self.node, "sub", "connection").await);
        let (publisher, sub) = (&self.publisher, &self.sub);
        until("both know", || {
            publisher.subscribers() == 0 && sub.peers() == 0
        })
        .await;
    }

    async fn comes_back(&self) {
        self.sub.redial();
        assert!(in_time(self.sub.joined()).await);
    }
}

async fn iridium_07_a_gap_is_told_once_with_its_range(listen: &str) {
    let mut world = Cuttable::new(listen).await;
    publish(&world.publisher, &["1", "2", "3"]).await;
    assert_eq!(until_last(&world.sub, "3").await, ["1", "2", "3"]);
    world.cut().await;
    publish(&world.publisher, &["4", "5", "6", "7"]).await;
    world.comes_back().await;
    publish(&world.publisher, &["8"]).await;
    assert_eq!(next(&world.sub).await, "8");
    assert_eq!(missed(&mut world.events), [(4, 7)]);
    stop(world.node).await;
}

async fn iridium_08_what_was_published_before_the_first_it_saw_is_missed_too(listen: &str) {
    let mut world = Cuttable::new(listen).await;
    world.cut().await;
    publish(&world.publisher, &["1", "2"]).await;
    world.comes_back().await;
    assert_eq!(next_missed(&mut world.events).await, (1, 2));
    publish(&world.publisher, &["3"]).await;
    assert_eq!(next(&world.sub).await, "3");
    assert_eq!(missed(&mut world.events), []);
    stop(world.node).await;
}

async fn iridium_08_what_was_published_after_the_last_it_saw_is_missed_too(listen: &str) {
    let mut world = Cuttable::new(listen).await;
    publish(&world.publisher, &["1"]).await;
    assert_eq!(next(&world.sub).await, "1");
    world.cut().await;
    publish(&world.publisher, &["2", "3"]).await;
    world.comes_back().await;
    assert_eq!(next_missed(&mut world.events).await, (2, 3));
    for _ in 0..2 {
        world.cut().await;
        world.comes_back().await;
    }
    assert_eq!(missed(&mut world.events), [], "nothing was published since");
    stop(world.node).await;
}

/// What it had no room for is told behind what it got, and the publisher need not go on.
async fn iridium_07_a_stalled_subscriber_is_told_what_it_missed_though_nothing_follows(
    listen: &str,
) {
    const PUBLISHED: u64 = 100;
    let node = node().await;
    let publisher = Pub::new("pub").listen(listen);
    let publisher = publisher.send_bound(Bound::messages(5));
    let publisher = node.spawn(publisher).await.unwrap();
    let sub = Sub::new("sub").dial(address(&publisher));
    let sub = sub.receive_bound(Bound::messages(5)).subscribe(">");
    let sub = joined(&node, sub).await;
    let mut events = sub.events();
    for number in 1..=PUBLISHED {
        publish(&publisher, &[&number.to_string()]).await;
    }
    let dropped = publisher.lost();
    assert!(dropped >= PUBLISHED - 20, "{dropped}");
    // Room may come while it is published: there may be several gaps.
    let mut numbers = Vec::new();
    until("each came or was missed", || {
        while let Some(message) = sub.try_recv().unwrap() {
            numbers.push(message.position().unwrap().sequence);
        }
        let gaps = missed(&mut events);
        numbers.extend(gaps.iter().flat_map(|&(from, to)| from..=to));
        numbers.len() as u64 >= PUBLISHED
    })
    .await;
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=PUBLISHED));
    assert_eq!(publisher.lost(), dropped);
    publish(&publisher, &["on"]).await;
    assert_eq!(next(&sub).await, "on");
    assert_eq!(missed(&mut events), []);
    stop(node).await;
}

/// Publishes while the actors of both ends are killed in turn; what came, by number, and what
/// was missed of `1..=`, the number of the last.
async fn through_kills(listen: &str, publisher: Pub, sub: Sub) -> (Vec<u64>, Vec<(u64, u64)>, u64) {
    const MESSAGES: u64 = 3_000;
    const KILLS: u64 = 24;
    let node = node().await;
    let publisher = publisher.listen(listen);
    let publisher = node.spawn(publisher).await.unwrap();
    let sub = sub.dial(address(&publisher)).subscribe(">");
    let sub = joined(&node, sub).await;
    let mut events = sub.events();
    let stream = sub.positions()[0].stream;
    let publishing = async {
        for number in 0..MESSAGES {
            if number % (MESSAGES / KILLS) == 0 {
                match number / (MESSAGES / KILLS) % 5 {
                    0 => kill(&node, "sub", "connection").await,
                    1 => kill(&node, "sub", "dialer").await,
                    2 => kill(&node, "pub", "connection").await,
                    3 => in_time(node.kill("pub")).await.is_ok(),
                    _ => in_time(node.kill("sub")).await.is_ok(),
                };
            }
            publisher.send("number").await.unwrap();
            if number % 10 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        // The last one is not to be dropped: all before it are gone one way or the other.
        while sub.peers() == 0 || publisher.subscribers() == 0 || publisher.unflushed() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(sub.joined().await);
        publisher.send("last").await.unwrap();
    };
    let receiving = async {
        let (mut numbers, mut gaps) = (Vec::new(), Vec::new());
        loop {
            let message = sub.recv().await.unwrap().unwrap();
            gaps.append(&mut missed(&mut events));
            let position = message.position().unwrap();
            assert_eq!(position.stream, stream);
            numbers.push(position.sequence);
            if *message.payload() == "last" {
                return (numbers, gaps);
            }
        }
    };
    let ((numbers, gaps), ()) = in_time(async { tokio::join!(receiving, publishing) }).await;
    assert!(
        numbers.is_sorted_by(|one, next| one < next),
        "in order, once"
    );
    stop(node).await;
    (numbers, gaps, MESSAGES + 1)
}

/// Every number up to the last stands in one of the two, once.
fn add_up(came: Vec<u64>, missed: &[(u64, u64)], last: u64) {
    let gaps = missed.iter().flat_map(|&(from, to)| from..=to);
    let mut numbers: Vec<_> = came.into_iter().chain(gaps).collect();
    numbers.sort_unstable();
    let twice: Vec<_> = numbers
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .collect();
    let untold: Vec<_> = (1..=last)
        .filter(|number| !numbers.contains(number))
        .collect();
    assert!(
        twice.is_empty() && untold.is_empty(),
        "twice {twice:?}, neither {untold:?}, missed {missed:?}"
    );
}

async fn iridium_07_through_kills_each_message_comes_or_is_missed(listen: &str) {
    let (came, missed, last) = through_kills(listen, Pub::new("pub"), Sub::new("sub")).await;
    add_up(came, &missed, last);
    assert!(
        !missed.is_empty(),
        "nothing was published while it was away"
    );
}

async fn iridium_07_through_kills_a_reliable_stream_that_overflows_comes_or_is_missed(
    listen: &str,
) {
    for (overflow, replay) in [
        (Overflow::DropNewest, None),
        (Overflow::DropOldest, None),
        (Overflow::DropNewest, Some(20)),
    ] {
        let publisher = Pub::new("pub")
            .delivery(Reliable)
            .overflow(overflow)
            .send_bound(Bound::messages(8));
        let publisher = match replay {
            Some(messages) => publisher.replay(Bound::messages(messages)),
            None => publisher,
        };
        let sub = Sub::new("sub").delivery(Reliable);
        let (came, missed, last) = through_kills(listen, publisher, sub).await;
        add_up(came, &missed, last);
        let held_all = missed.is_empty() && replay.is_none();
        assert!(!held_all, "{overflow:?}: it held more than it may");
    }
}

async fn iridium_08_through_kills_nothing_is_missed_that_is_kept(listen: &str) {
    let publisher = Pub::new("pub").replay(Bound::messages(10_000));
    let (came, missed, last) = through_kills(listen, publisher, Sub::new("sub")).await;
    assert_eq!(missed, []);
    assert!(came.into_iter().eq(1..=last));
}

async fn through_kills_all_comes_from_a_reliable_publisher_that_waits(listen: &str) {
    let publisher = Pub::new("pub").delivery(Reliable).overflow(Overflow::Wait);
    let sub = Sub::new("sub").delivery(Reliable);
    let (came, missed, last) = through_kills(listen, publisher, sub).await;
    assert_eq!(missed, []);
    assert!(came.into_iter().eq(1..=last));
}

async fn another_socket_goes_on_where_one_was(listen: &str) {
    let node = node().await;
    let publisher = Pub::new("pub").listen(listen);
    let publisher = publisher.replay(Bound::messages(3));
    let publisher = node.spawn(publisher).await.unwrap();
    let first = Sub::new("first").dial(address(&publisher)).subscribe(">");
    let first = joined(&node, first).await;
    publish(&publisher, &["1", "2"]).await;
    let message = in_time(first.recv()).await.unwrap().unwrap();
    let stored = message.position().unwrap();
    drop(message);
    let _ = in_time(first.close(Duration::ZERO)).await;
    publish(&publisher, &["3", "4", "5", "6"]).await;
    let again = Sub::new("again").dial(address(&publisher)).subscribe(">");
    let (spec, again) = again.resume_from([stored]).into_spec();
    let mut events = again.events();
    node.spawn(spec).await.unwrap();
    assert_eq!(until_last(&again, "6").await, ["4", "5", "6"]);
    assert_eq!(missed(&mut events), [(2, 3)], "no more are kept");
    stop(node).await;
}
