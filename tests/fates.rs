//! What senders are told of their messages, and what is told of those that sockets give up.

use std::time::{Duration, Instant};

use treewire::prelude::*;
use treewire::{
    Bound, Fate, PullSocket, PushSocket, SocketEvent, SocketEvents, Supervisor, Tracked, World,
    driven,
};

mod support;
use support::proxy::Proxy;
use support::*;

const TCP: &str = "tcp://127.0.0.1:0";

/// A push on the first node that is connected to a pull on the other.
async fn pair(near: &Node, far: &Node, delivery: Delivery) -> (PushSocket, PullSocket) {
    let pull = Pull::new("pull").listen(TCP).delivery(delivery);
    let pull = far.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull)).delivery(delivery);
    let push = near.spawn(push).await.unwrap();
    in_time(push.ready(1)).await;
    (push, pull)
}

/// A push whose peer never comes.
fn lonely() -> Push {
    Push::new("push").dial(address_for_later(TCP))
}

async fn all_fates(tracked: &[Tracked]) -> Vec<Fate> {
    let mut fates = Vec::new();
    for tracked in tracked {
        fates.push(in_time(tracked.final_fate()).await);
    }
    fates
}

fn dropped(cause: &'static str) -> Fate {
    Fate::Dropped { cause }
}

#[tokio::test]
async fn a_message_is_queued_written_and_acknowledged_when_it_was_handled() {
    for delivery in [BestEffort, Reliable] {
        let (near, far) = (node().await, node().await);
        let place = address_for_later(TCP);
        let push = Push::new("push").dial(&place).delivery(delivery);
        let push = near.spawn(push).await.unwrap();
        let mut tracked = in_time(push.send_tracked("a")).await.unwrap();
        assert_eq!(tracked.fate(), Fate::Queued);
        let pull = Pull::new("pull").listen(&place).delivery(delivery);
        let pull = far.spawn(pull).await.unwrap();
        assert_eq!(in_time(tracked.changed()).await, Some(Fate::Written));
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(tracked.fate(), Fate::Written, "nobody handled it yet");
        drop(message);
        assert_eq!(in_time(tracked.changed()).await, Some(Fate::Acknowledged));
        assert_eq!(in_time(tracked.changed()).await, None);
        assert_eq!(in_time(tracked.final_fate()).await, Fate::Acknowledged);
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn overflow_tells_the_sender_and_the_reader_of_dead_letters() {
    let ends_of = |overflow| match overflow {
        Overflow::DropNewest => (["c"].as_slice(), "queue full"),
        Overflow::DropOldest => (["a"].as_slice(), "queue full"),
        _ => (["a", "b"].as_slice(), "conflated"),
    };
    for overflow in [
        Overflow::DropNewest,
        Overflow::DropOldest,
        Overflow::Conflate,
    ] {
        let node = node().await;
        let push = lonely().overflow(overflow).send_bound(Bound::messages(2));
        let push = node.spawn(push).await.unwrap();
        let mut letters = push.dead_letters();
        let mut tracked = Vec::new();
        for text in ["a", "b", "c"] {
            tracked.push(push.try_send_tracked(text).unwrap());
        }
        let (ends, cause) = ends_of(overflow);
        for (text, tracked) in ["a", "b", "c"].into_iter().zip(&tracked) {
            let expected = match ends.contains(&text) {
                true => dropped(cause),
                false => Fate::Queued,
            };
            assert_eq!(tracked.fate(), expected, "{overflow:?} {text}");
        }
        for text in ends {
            let letter = in_time(letters.next()).await.unwrap();
            assert_eq!(
                (letter.cause, letter.content),
                (cause, Content::from(*text))
            );
        }
        assert_eq!(letters.missed(), 0);
        stop(node).await;
    }
}

#[tokio::test]
async fn what_a_best_effort_connection_took_along_may_have_been_handled() {
    let (near, far) = (node().await, node().await);
    let (push, pull) = pair(&near, &far, BestEffort).await;
    let mut tracked = in_time(push.send_tracked("a")).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(in_time(tracked.changed()).await, Some(Fate::Written));
    let tree = near.snapshot().await.unwrap();
    let connection = of_kind(&tree, "connection").next().unwrap().path.clone();
    near.kill(&connection).await.unwrap();
    assert_eq!(in_time(tracked.changed()).await, Some(Fate::LostInCrash));
    drop(message);
    // What is sent on the next connection has a fate of its own.
    let next = in_time(push.send_tracked("b")).await.unwrap();
    drop(in_time(pull.recv()).await.unwrap());
    assert_eq!(in_time(next.final_fate()).await, Fate::Acknowledged);
    assert_eq!(tracked.fate(), Fate::LostInCrash, "told once");
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn what_cuts_swallowed_is_acknowledged_at_last() {
    const MESSAGES: u32 = 5_000;
    let (near, far) = (node().await, node().await);
    let pull = Pull::new("pull").listen(TCP).delivery(Reliable);
    let pull = far.spawn(pull).await.unwrap();
    let proxy = Proxy::to(&address(&pull), 7, 20_000).await;
    let push = Push::new("push").dial(&proxy.url).delivery(Reliable);
    let push = near.spawn(push).await.unwrap();
    let send = async {
        let mut tracked = Vec::new();
        for number in 0..MESSAGES {
            let sent = in_time(push.send_tracked(number.to_string())).await;
            tracked.push(sent.unwrap());
        }
        tracked
    };
    let receive = async {
        for number in 0..MESSAGES {
            let message = in_time(pull.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), number.to_string().as_str());
        }
    };
    let (tracked, ()) = tokio::join!(send, receive);
    let fates = all_fates(&tracked).await;
    assert!(fates.iter().all(|fate| *fate == Fate::Acknowledged));
    assert!(proxy.cuts() > 0);
    assert!(pull.try_recv().unwrap().is_none(), "nothing came twice");
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn a_lease_that_runs_out_is_told_to_the_sender() {
    let (near, far) = (node().await, node().await);
    let pull = Pull::new("pull").listen(TCP).delivery(Reliable);
    let pull = far.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull)).delivery(Reliable);
    let push = near
        .spawn(push.lease(Duration::from_millis(200)))
        .await
        .unwrap();
    let mut letters = push.dead_letters();
    let first = in_time(push.send_tracked("left")).await.unwrap();
    let held = in_time(pull.recv()).await.unwrap().unwrap();
    // Its listener goes, and nothing is handled any more.
    far.stop_child("pull").await.unwrap();
    let second = in_time(push.send_tracked("queued")).await.unwrap();
    let fates = all_fates(&[first, second]).await;
    assert_eq!(fates, [Fate::Expired; 2]);
    for text in ["left", "queued"] {
        let letter = in_time(letters.next()).await.unwrap();
        assert_eq!(letter.content, Content::from(text));
    }
    drop(held);
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn a_socket_that_is_closed_tells_what_it_gave_up() {
    let node = node().await;
    let push = node.spawn(lonely()).await.unwrap();
    let mut letters = push.dead_letters();
    let tracked = push.try_send_tracked("a").unwrap();
    let closed = in_time(push.close(Duration::ZERO)).await;
    assert_eq!(closed, Closed::Dropped(1));
    assert_eq!(in_time(tracked.final_fate()).await, dropped("closed"));
    let letter = in_time(letters.next()).await.unwrap();
    assert_eq!((letter.cause, letter.content), ("closed", "a".into()));
    drop(push);
    stop(node).await;
    assert_eq!(in_time(letters.next()).await, None);
}

#[tokio::test]
async fn nobody_waits_for_a_fate_beyond_the_node() {
    let (near, far) = (node().await, node().await);
    let (push, pull) = pair(&near, &far, Reliable).await;
    let left = in_time(push.send_tracked("left")).await.unwrap();
    let held = in_time(pull.recv()).await.unwrap().unwrap();

    let (spec, lonely_push) = lonely().linger(Duration::ZERO).into_spec();
    let group = Supervisor::new("group").child(spec);
    near.spawn(group).await.unwrap();
    let queued = lonely_push.try_send_tracked("queued").unwrap();
    near.stop_child("group/push").await.unwrap();
    // It may be started again.
    assert_eq!(queued.fate(), Fate::Queued);
    near.start_child("group/push").await.unwrap();
    assert_eq!(queued.fate(), Fate::Queued);
    near.stop_child("group/push").await.unwrap();

    stop(near).await;
    assert_eq!(in_time(left.final_fate()).await, Fate::LostInCrash);
    assert_eq!(in_time(queued.final_fate()).await, dropped("closed"));
    assert!(lonely_push.try_send("late").unwrap_err().is_closed());
    assert_eq!(lonely_push.lost(), 1);
    drop(held);
    stop(far).await;
}

#[tokio::test]
async fn a_socket_that_leaves_the_tree_leaves_no_fate_open() {
    let node = node().await;
    let push = node.spawn(lonely().linger(Duration::ZERO)).await.unwrap();
    let tracked = push.try_send_tracked("a").unwrap();
    node.stop_child("push").await.unwrap();
    assert_eq!(in_time(tracked.final_fate()).await, dropped("closed"));
    stop(node).await;
}

#[tokio::test]
async fn a_message_too_large_for_its_peer_is_a_dead_letter_with_its_content() {
    for delivery in [BestEffort, Reliable] {
        let (near, far) = (node().await, node().await);
        let pull = Pull::new("pull").listen(TCP).delivery(delivery);
        let pull = far.spawn(pull.message_bytes_max(1_000)).await.unwrap();
        let push = Push::new("push").dial(address(&pull)).delivery(delivery);
        let push = near.spawn(push).await.unwrap();
        let mut letters = push.dead_letters();
        let large = Content::from(vec![7; 1_001]);
        let mut tracked = Vec::new();
        for content in [Content::from("a"), large.clone(), Content::from("b")] {
            tracked.push(in_time(push.send_tracked(content)).await.unwrap());
        }
        for text in ["a", "b"] {
            let message = in_time(pull.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), text);
        }
        let letter = in_time(letters.next()).await.unwrap();
        assert_eq!(letter.cause, "too large for the peer");
        assert!(letter.content == large);
        let expected = [
            Fate::Acknowledged,
            dropped(letter.cause),
            Fate::Acknowledged,
        ];
        assert_eq!(all_fates(&tracked).await, expected);
        assert_eq!(push.lost(), 1);
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn a_slow_reader_of_dead_letters_has_the_newest_and_knows_what_it_missed() {
    let node = node().await;
    let push = lonely()
        .overflow(Overflow::DropOldest)
        .send_bound(Bound::messages(1));
    let push = node.spawn(push).await.unwrap();
    let mut letters = push.dead_letters();
    for number in 0..=300 {
        push.try_send(number.to_string()).unwrap();
    }
    for number in 300 - 256..300 {
        let letter = in_time(letters.next()).await.unwrap();
        assert_eq!(letter.content, Content::from(number.to_string()));
    }
    assert_eq!(letters.missed(), 300 - 256);
    stop(node).await;
}

/// The next event about drops, and when it came.
async fn next_drops(events: &mut SocketEvents, world: &World) -> (&'static str, u64, Instant) {
    loop {
        if let SocketEvent::Dropped { cause, count } = events.next().await.unwrap() {
            return (cause, count, world.now());
        }
    }
}

#[test]
fn drops_are_told_once_a_second_for_each_cause_with_their_count() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let push = Push::new("push")
            .dial("inproc://nobody")
            .linger(Duration::ZERO);
        let push = push.overflow(Overflow::DropNewest);
        let push = node
            .spawn(push.send_bound(Bound::messages(1)))
            .await
            .unwrap();
        let drop_some = |count| (0..count).for_each(|_| push.try_send("x").unwrap());
        drop_some(6);
        drop(push.events());
        drop_some(6);
        // What was dropped before somebody listened is not told.
        let mut events = push.events();
        drop_some(1);
        let (cause, count, first) = next_drops(&mut events, &world).await;
        assert_eq!((cause, count), ("queue full", 1));
        let mut sum = count;
        let flood = async {
            for _ in 0..100 {
                drop_some(3);
                world.clock().sleep(Duration::from_millis(30)).await;
            }
        };
        let listen = async {
            let mut before = first;
            while sum < 301 {
                let (cause, count, at) = next_drops(&mut events, &world).await;
                assert_eq!(cause, "queue full");
                let waited = at - before;
                assert!(waited >= Duration::from_secs(1), "{waited:?}");
                (sum, before) = (sum + count, at);
            }
            before - first
        };
        let ((), took) = tokio::join!(flood, listen);
        assert_eq!(sum, 301);
        assert!(took <= Duration::from_secs(4), "{took:?}");
        // What is left when the socket goes is told at once.
        drop_some(2);
        let _ = push.close(Duration::ZERO).await;
        let mut last = [0, 1].map(|_| ("", 0));
        for drops in &mut last {
            let (cause, count, _) = next_drops(&mut events, &world).await;
            *drops = (cause, count);
        }
        assert_eq!(last, [("closed", 1), ("queue full", 2)]);
        node.stop().await.unwrap();
    });
}
