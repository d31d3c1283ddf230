use treewire::prelude::*;
use treewire::{PushSocket, SessionEnd, SocketEvent};

use super::way::{At, Way};
use crate::support::*;

const LISTEN: &str = "tcp://127.0.0.1:0";

fn reliable_pull() -> Pull {
    Pull::new("pull").delivery(Reliable)
}

async fn reliable_push(node: &Node, url: &str) -> PushSocket {
    let push = Push::new("push").dial(url).delivery(Reliable);
    node.spawn(push).await.unwrap()
}

pub(super) async fn delivery(way: Way) {
    let node = node().await;
    let option = ("delivery", "reliable");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let push = reliable_push(&node, &address(&pull)).await;
    in_time(push.send("counted")).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert!(message.position().is_some(), "it is in a session");
    drop(message);
    stop(node).await;
}

pub(super) async fn stickiness(way: Way) {
    let (near, far, other) = (node().await, node().await, node().await);
    let url = address_for_later(LISTEN);
    let first = far.spawn(reliable_pull().listen(&url)).await.unwrap();
    let push = Push::new("push").delivery(Reliable);
    let option = ("stickiness", "failover");
    let push = way.spawn(&near, push, At::Dial(&url), option).await;
    in_time(push.send("kept")).await.unwrap();
    until_tree(&far, "it is there", |tree| messages_in(tree, "pull") == 1).await;
    drop(first);
    stop(far).await;
    let second = other.spawn(reliable_pull().listen(&url)).await.unwrap();
    let message = in_time(second.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "kept");
    drop(message);
    stop(near).await;
    stop(other).await;
}

pub(super) async fn lease(way: Way) {
    let (near, far) = (node().await, node().await);
    let option = ("lease", "200ms");
    let pull = way
        .spawn(&near, reliable_pull(), At::Listen(LISTEN), option)
        .await;
    let mut events = pull.events();
    let push = reliable_push(&far, &address(&pull)).await;
    in_time(push.send("kept")).await.unwrap();
    drop(in_time(pull.recv()).await.unwrap());
    far.stop_child("push").await.unwrap();
    loop {
        if let Some(SocketEvent::SessionEnded { end, .. }) = in_time(events.next()).await {
            assert_eq!(end, SessionEnd::Expired);
            break;
        }
    }
    stop(near).await;
    stop(far).await;
}
