use std::time::{Duration, Instant};

use treewire::prelude::*;
use treewire::{PushSocket, SocketEvent};

use super::way::{At, Way};
use crate::support::*;

/// A push whose peer is not there.
async fn lonely(way: Way, node: &Node, option: (&str, &str)) -> PushSocket {
    let nobody = address_for_later("tcp://127.0.0.1:0");
    way.spawn(node, Push::new("push"), At::Dial(&nobody), option)
        .await
}

pub(super) async fn send_messages_max(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("send-messages-max", "3")).await;
    for _ in 0..3 {
        push.try_send("kept").unwrap();
    }
    assert!(push.try_send("too many").unwrap_err().is_full());
    stop(node).await;
}

pub(super) async fn send_bytes_max(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("send-bytes-max", "1KiB")).await;
    push.try_send(vec![0; 1_023]).unwrap();
    push.try_send("the last byte, and more").unwrap();
    assert!(push.try_send("too many").unwrap_err().is_full());
    stop(node).await;
}

pub(super) async fn overflow(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("overflow", "drop-newest")).await;
    push.set_send_bound(Bound::messages(1));
    for _ in 0..3 {
        push.try_send("kept, or dropped").unwrap();
    }
    assert_eq!((push.unflushed(), push.lost()), (1, 2));
    stop(node).await;
}

pub(super) async fn immediate(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("immediate", "on")).await;
    assert!(push.try_send("nobody").unwrap_err().is_no_peer());
    stop(node).await;
}

pub(super) async fn send_timeout(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("send-timeout", "50ms")).await;
    push.set_send_bound(Bound::messages(1));
    push.try_send("fits").unwrap();
    let refused = in_time(push.send("too many")).await.unwrap_err();
    assert!(refused.is_timed_out(), "{refused}");
    stop(node).await;
}

pub(super) async fn linger(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("linger", "1s 500ms")).await;
    push.try_send("never sent").unwrap();
    let before = Instant::now();
    stop(node).await;
    assert!(before.elapsed() >= Duration::from_millis(1_500));
}

pub(super) async fn hello_message(way: Way) {
    let node = node().await;
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = node.spawn(pull).await.unwrap();
    let url = address(&pull);
    let option = ("hello-message", "hello");
    way.spawn(&node, Push::new("push"), At::Dial(&url), option)
        .await;
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "hello");
    stop(node).await;
}

/// What is dialed with the option comes after what is dialed with a lower number.
pub(super) async fn priority(way: Way) {
    let node = node().await;
    let mut pulls = Vec::new();
    for name in ["first", "last"] {
        let pull = Pull::new(name).listen("tcp://127.0.0.1:0");
        pulls.push(node.spawn(pull).await.unwrap());
    }
    let first = format!("{}?priority=9", address(&pulls[0]));
    let option = ("priority", "16");
    let push = Push::new("push")
        .dial(first)
        .reconnect_ceiling(Duration::from_millis(50));
    let last = address(&pulls[1]);
    let push = way.spawn(&node, push, At::Dial(&last), option).await;
    in_time(push.ready(2)).await;
    if let Way::Live = way {
        // The next connection has it.
        let mut events = push.events();
        let tree = node.snapshot().await.unwrap();
        let connections = of_kind(&tree, "connection").map(|connection| &connection.path);
        for path in connections.filter(|path| path.starts_with("push/")) {
            node.kill(path).await.unwrap();
        }
        let mut again = 0;
        while again < 2 {
            let event = in_time(events.next()).await.unwrap();
            again += u32::from(matches!(event, SocketEvent::Online { .. }));
        }
    }
    for _ in 0..10 {
        in_time(push.send("x")).await.unwrap();
        in_time(pulls[0].recv()).await.unwrap().unwrap();
    }
    assert!(pulls[1].try_recv().unwrap().is_none());
    stop(node).await;
}

/// Who has much before it gets as many as who has nothing.
pub(super) async fn balance(way: Way) {
    let node = node().await;
    let mut pulls = Vec::new();
    for name in ["busy", "idle"] {
        let pull = Pull::new(name).listen("tcp://127.0.0.1:0");
        pulls.push(node.spawn(pull).await.unwrap());
    }
    let option = ("balance", "round-robin");
    let busy = address(&pulls[0]);
    let push = way
        .spawn(&node, Push::new("push"), At::Dial(&busy), option)
        .await;
    for _ in 0..10 {
        in_time(push.send("before")).await.unwrap();
    }
    in_time(push.dial(address(&pulls[1]))).await.unwrap();
    in_time(push.ready(2)).await;
    for _ in 0..6 {
        in_time(push.send("in turn")).await.unwrap();
    }
    until_tree(&node, "each got as many", |tree| {
        let counts = ["busy", "idle"].map(|pull| messages_in(tree, pull));
        counts == [13, 3]
    })
    .await;
    stop(node).await;
}
