//! Heartbeats: a mute peer is given up, a quiet one is not.

use std::time::Duration;

use treewire::prelude::*;

#[macro_use]
mod support;
use support::raw::Raw;
use support::*;

const INTERVAL: Duration = Duration::from_millis(100);
/// Longer than a busy machine may let us wait.
const DEAD_AFTER: Duration = Duration::from_secs(1);

over_every_transport! {
    zeromq_13_a_quiet_link_shows_no_event
}

async fn zeromq_13_a_quiet_link_shows_no_event(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(listen);
    let pull = node
        .spawn(pull.heartbeat(INTERVAL, DEAD_AFTER))
        .await
        .unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node
        .spawn(push.heartbeat(INTERVAL, DEAD_AFTER))
        .await
        .unwrap();
    in_time(push.ready(1)).await;
    until_tree(&node, "the link was quiet for long", |tree| {
        let mut connections = tree.walk().filter(|child| child.kind == "connection");
        connections.all(|child| {
            child.state_for_ms > 2 * DEAD_AFTER.as_millis() as u64
                && child.details.contains_key("round trip")
        })
    })
    .await;
    let tree = node.snapshot().await.unwrap();
    assert_eq!(tree.restarts, 0);
    assert_eq!(
        tree.walk()
            .filter(|child| child.kind == "connection")
            .count(),
        2
    );
    stop(node).await;
}

#[tokio::test]
async fn zeromq_13_a_mute_peer_is_given_up() {
    let node = node().await;
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = node
        .spawn(pull.heartbeat(INTERVAL, DEAD_AFTER))
        .await
        .unwrap();
    let mute = Raw::open(&address(&pull), "push", "pull").await;
    in_time(pull.ready(1)).await;
    until("it was given up", || pull.peers() == 0).await;
    drop(mute);
    stop(node).await;
}
