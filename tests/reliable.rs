//! Reliable sockets: what was accepted is handled once and in order, whatever becomes of
//! connections and of the sockets' actors.

use std::time::Duration;

use treewire::prelude::*;
use treewire::transports::Registry;
use treewire::{
    NodeSnapshot, OfflineReason, PipeState, PullSocket, PushSocket, SessionEnd, SocketEvent,
    Stickiness, World, driven,
};

mod support;
use support::proxy::Proxy;
use support::*;

/// A pull that listens, reliable.
fn pull() -> Pull {
    Pull::new("pull")
        .listen("tcp://127.0.0.1:0")
        .delivery(Reliable)
}

fn push(url: &str) -> Push {
    Push::new("push").dial(url).delivery(Reliable)
}

async fn send_all(push: &PushSocket, count: u32) {
    for number in 0..count {
        in_time(push.send(number.to_string())).await.unwrap();
    }
}

/// Receives `count` numbers in order from `first` on, and nothing twice.
async fn receive_all(pull: &PullSocket, first: u32, count: u32) {
    for number in first..first + count {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
}

#[tokio::test]
async fn iridium_04_what_was_sent_before_the_first_connection_arrives_in_order() {
    for listen in ["inproc://later", "tcp://127.0.0.1:0"] {
        let node = node().await;
        let later = address_for_later(listen);
        let push = node.spawn(push(&later)).await.unwrap();
        send_all(&push, 100).await;
        let pull = Pull::new("pull").listen(&later).delivery(Reliable);
        let pull = node.spawn(pull).await.unwrap();
        receive_all(&pull, 0, 100).await;
        in_time(push.drain()).await;
        stop(node).await;
    }
}

#[tokio::test]
async fn iridium_05_what_a_cut_swallowed_is_sent_again_and_nothing_twice() {
    const MESSAGES: u32 = 20_000;
    for seed in 1..4 {
        let (near, far) = (node().await, node().await);
        let pull = far.spawn(pull()).await.unwrap();
        let proxy = Proxy::to(&address(&pull), seed, 40_000).await;
        let push = near.spawn(push(&proxy.url)).await.unwrap();
        tokio::join!(send_all(&push, MESSAGES), receive_all(&pull, 0, MESSAGES));
        in_time(push.drain()).await;
        assert!(proxy.cuts() > 3, "{} cuts", proxy.cuts());
        assert_eq!(push.lost(), 0);
        proxy.calm_down();
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        assert!(pull.try_recv().unwrap().is_none());
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn iridium_05_killed_connections_endpoints_and_sockets_lose_and_double_nothing() {
    const MESSAGES: u32 = 20_000;
    for seed in 1..4 {
        let (near, far) = (node().await, node().await);
        let pull = far.spawn(pull()).await.unwrap();
        let push = near.spawn(push(&address(&pull))).await.unwrap();
        let work = async {
            tokio::join!(send_all(&push, MESSAGES), receive_all(&pull, 0, MESSAGES));
        };
        let ((), kills) = while_killing([&near, &far], seed, work).await;
        assert!(kills > 10, "{kills} kills");
        in_time(push.drain()).await;
        assert_eq!(push.lost(), 0);
        assert!(pull.try_recv().unwrap().is_none());
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn a_peer_that_promises_less_is_refused_with_a_reason_both_sides_read() {
    let node = node().await;
    let pull = node.spawn(pull()).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    until_tree(&node, "it is refused", |tree| {
        let dialer = tree.walk().find(|child| child.kind == "dialer").unwrap();
        let exit = dialer.exits.last().map(|exit| exit.reason.to_string());
        exit.is_some_and(|exit| exit.contains("set both ends alike"))
    })
    .await;
    assert_eq!((pull.peers(), push.peers()), (0, 0));
    stop(node).await;
}

#[tokio::test]
async fn a_promise_that_cannot_be_kept_is_not_given() {
    let node = node().await;
    let durable = Push::new("push").dial("inproc://nobody");
    let refused = node.spawn(durable.delivery(Delivery::Durable)).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("Durable is not there yet"), "{error}");
    stop(node).await;
}

#[tokio::test]
async fn iridium_06_another_node_is_not_attached_and_what_was_not_delivered_comes_back() {
    let (near, far, other) = (node().await, node().await, node().await);
    let first = far.spawn(pull()).await.unwrap();
    let url = address(&first);
    let push = near.spawn(push(&url)).await.unwrap();
    let mut events = push.events();
    send_all(&push, 2).await;
    receive_all(&first, 0, 1).await;
    in_time(until("the first is confirmed", || push.unflushed() == 1)).await;
    stop(far).await;
    push.try_send("2").unwrap();

    let second = Pull::new("pull").listen(&url).delivery(Reliable);
    let second = other.spawn(second).await.unwrap();
    let (mut ends, mut over) = (Vec::new(), None);
    while ends.len() < 2 || over.is_none() {
        match in_time(events.next()).await.unwrap() {
            SocketEvent::SessionEnded { end, undelivered } => {
                let texts = undelivered.iter().map(|content| content.first().to_vec());
                ends.push((end, texts.collect::<Vec<_>>()));
            }
            SocketEvent::State {
                state: PipeState::Closed,
                reason,
                ..
            } => over = reason,
            _ => {}
        }
    }
    // What left, and what never did.
    let closed = (SessionEnd::PeerClosed, vec![b"1".to_vec()]);
    let replaced = (SessionEnd::PeerReplaced, vec![b"2".to_vec()]);
    assert_eq!(ends, [closed, replaced]);
    // It is offline for good, and says why.
    assert_eq!(over, Some(OfflineReason::PeerReplaced));
    assert_eq!((push.lost(), push.unflushed()), (2, 0));
    assert!(
        in_time(push.send("3"))
            .await
            .unwrap_err()
            .is_peer_replaced()
    );
    assert_eq!((second.peers(), push.peers()), (0, 0));
    stop(near).await;
    stop(other).await;
}

#[tokio::test]
async fn a_socket_that_fails_over_sends_everything_that_was_not_acknowledged_to_the_next() {
    let (near, far, other) = (node().await, node().await, node().await);
    let first = far.spawn(pull()).await.unwrap();
    let url = address(&first);
    let push = push(&url).stickiness(Stickiness::Failover);
    let push = near.spawn(push).await.unwrap();
    send_all(&push, 10).await;
    receive_all(&first, 0, 3).await;
    in_time(until("three are confirmed", || push.unflushed() == 7)).await;
    stop(far).await;

    let second = Pull::new("pull").listen(&url).delivery(Reliable);
    let second = other.spawn(second).await.unwrap();
    receive_all(&second, 3, 7).await;
    in_time(push.drain()).await;
    assert_eq!(push.lost(), 0);
    stop(near).await;
    stop(other).await;
}

#[tokio::test]
async fn a_sender_whose_peer_is_away_stays_within_its_bound() {
    let (near, far) = (node().await, node().await);
    let pull = far.spawn(pull()).await.unwrap();
    let push = push(&address(&pull)).send_bound(Bound::messages(100));
    let push = near.spawn(push).await.unwrap();
    send_all(&push, 50).await;
    let first = in_time(pull.recv()).await.unwrap().unwrap();
    // Received and not handled counts as well as what never left.
    far.stop_child("pull").await.unwrap();
    let taken = (0..100_000)
        .filter(|_| push.try_send("more").is_ok())
        .count();
    assert_eq!(taken, 50);
    assert_eq!(push.unflushed(), 100);
    drop(first);
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn a_socket_closed_for_good_ends_its_sessions() {
    let (near, far) = (node().await, node().await);
    let pull = far.spawn(pull()).await.unwrap();
    let mut events = pull.events();
    let push = near.spawn(push(&address(&pull))).await.unwrap();
    send_all(&push, 10).await;
    receive_all(&pull, 0, 10).await;
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    let mut seen = Vec::new();
    while let Some(event) = in_time(events.next()).await {
        let over = matches!(event, SocketEvent::SessionEnded { .. });
        seen.push(match event {
            SocketEvent::Online { .. } => "online".to_owned(),
            SocketEvent::Offline { .. } => "offline".to_owned(),
            SocketEvent::SessionEnded { end, undelivered } => {
                format!("{end:?} {}", undelivered.len())
            }
            // Steps of its endpoint.
            SocketEvent::Accepted { .. } => continue,
            other => panic!("{other:?}"),
        });
        if over {
            break;
        }
    }
    assert_eq!(seen, ["online", "offline", "PeerClosed 0"]);
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn the_tree_shows_what_is_not_acknowledged_and_what_was_resumed() {
    let (near, far) = (node().await, node().await);
    let pull = far.spawn(pull()).await.unwrap();
    let push = near.spawn(push(&address(&pull))).await.unwrap();
    send_all(&push, 5).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(in_time(pull.recv()).await.unwrap().unwrap());
    }
    let detail = |tree: &NodeSnapshot, key| tree.find("push").unwrap().details.get(key).cloned();
    let tree = until_tree(&near, "five are open", |tree| {
        detail(tree, "unacknowledged").is_some_and(|count| count == "5")
    });
    assert_eq!(detail(&tree.await, "resumed"), None);
    let connection = format!(
        "push/dialer {0}/connection {1}",
        address(&pull),
        &address(&pull)[6..]
    );
    let session = |tree: &NodeSnapshot| {
        let shown = tree.find(&connection)?.details.get("session")?;
        let (id, attempt) = shown.split_once("…, attempt ")?;
        Some((id.to_owned(), attempt.to_owned()))
    };
    let (id, attempt) = session(&near.snapshot().await.unwrap()).expect("it is shown");
    assert_eq!((id.len(), attempt.as_str()), (8, "1"));
    near.kill(&connection).await.unwrap();
    until_tree(&near, "it was resumed", |tree| {
        detail(tree, "resumed").is_some_and(|count| count == "1")
            && session(tree) == Some((id.clone(), "2".to_owned()))
    })
    .await;
    held.clear();
    in_time(push.drain()).await;
    let tree = near.snapshot().await.unwrap();
    // All of them had arrived.
    assert_eq!(detail(&tree, "retransmitted"), None);
    assert_eq!(detail(&tree, "unacknowledged"), None);
    stop(near).await;
    stop(far).await;
}

#[test]
fn a_session_is_kept_for_its_lease_and_no_longer() {
    driven(1, async |world: World| {
        let registry = Registry::standard();
        let near = Node::builder("near")
            .driven(&world)
            .provide(registry.clone());
        let near = near.start().await.unwrap();
        let far = Node::builder("far").driven(&world).provide(registry);
        let far = far.start().await.unwrap();
        let lease = Duration::from_secs(600);
        let pull = Pull::new("pull")
            .listen("inproc://leased")
            .delivery(Reliable);
        let (listed, pull) = pull.into_spec();
        far.spawn(Supervisor::new("group").child(listed))
            .await
            .unwrap();
        let push = near
            .spawn(push("inproc://leased").lease(lease))
            .await
            .unwrap();
        let mut events = push.events();
        push.send("handled").await.unwrap();
        drop(pull.recv().await.unwrap().unwrap());
        push.drain().await;
        far.stop_child("group/pull").await.unwrap();
        push.send("waits").await.unwrap();
        world.pass(lease / 2).await;
        far.start_child("group/pull").await.unwrap();
        assert_eq!(*pull.recv().await.unwrap().unwrap().payload(), "waits");
        push.drain().await;

        far.stop_child("group/pull").await.unwrap();
        push.send("too long").await.unwrap();
        world.pass(lease - Duration::from_secs(1)).await;
        assert_eq!(push.unflushed(), 1);
        world.pass(Duration::from_secs(2)).await;
        assert_eq!((push.unflushed(), push.lost()), (0, 1));
        let undelivered = loop {
            if let SocketEvent::SessionEnded { end, undelivered } = events.next().await.unwrap() {
                assert_eq!(end, SessionEnd::Expired);
                break undelivered;
            }
        };
        assert_eq!(*undelivered[0].first(), "too long");

        // The next session begins as if there had been none.
        push.send("anew").await.unwrap();
        far.start_child("group/pull").await.unwrap();
        assert_eq!(*pull.recv().await.unwrap().unwrap().payload(), "anew");
        near.stop().await.unwrap();
        far.stop().await.unwrap();
    });
}

#[tokio::test]
async fn a_message_that_a_panic_dropped_comes_again_and_the_third_time_is_a_dead_letter() {
    let (near, far) = (node().await, node().await);
    let pull = far.spawn(pull()).await.unwrap();
    let mut letters = pull.dead_letters();
    let push = near.spawn(push(&address(&pull))).await.unwrap();
    send_all(&push, 3).await;
    receive_all(&pull, 0, 1).await;
    for attempt in 1..=3 {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), "1");
        assert_eq!(message.is_redelivered(), attempt > 1);
        let handled = tokio::spawn(async move {
            let _message = message;
            panic!("of the test's own");
        });
        handled.await.unwrap_err();
    }
    receive_all(&pull, 2, 1).await;
    in_time(push.drain()).await;
    let letter = in_time(letters.next()).await.unwrap();
    assert_eq!(*letter.content.first(), "1");
    assert_eq!(letter.cause, "panicked three times");
    let tree = far.snapshot().await.unwrap();
    assert_eq!(tree.find("pull").unwrap().drops["panicked three times"], 1);
    stop(near).await;
    stop(far).await;
}
