//! Heartbeats: a mute peer is given up, a quiet one is not.

use std::time::Duration;

use treewire::prelude::*;
use treewire::{OfflineReason, PipeState, SocketEvent, SocketEvents, World, driven};

#[macro_use]
mod support;
use support::proxy::Proxy;
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

#[test]
fn conat_12_fresh_traffic_means_no_pings() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let pull = Pull::new("pull").listen("inproc://fresh");
        let pull = node.spawn(pull).await.unwrap();
        let push = node.spawn(Push::new("push").dial("inproc://fresh"));
        let push = push.await.unwrap();
        let pings = async || {
            let tree = node.snapshot().await.unwrap();
            let connections = of_kind(&tree, "connection");
            connections
                .filter(|child| child.details.contains_key("round trip"))
                .count()
        };
        // Ten minutes with a message a second, at heartbeats of five.
        for _ in 0..600 {
            push.send("fresh").await.unwrap();
            drop(pull.recv().await.unwrap());
            world.pass(Duration::from_secs(1)).await;
        }
        assert_eq!(pings().await, 0);
        world.pass(Duration::from_secs(20)).await;
        assert_eq!(pings().await, 2, "a link that is quiet is tried");
        node.stop().await.unwrap();
    });
}

/// The next reason why a peer is away.
async fn offline(events: &mut SocketEvents) -> OfflineReason {
    loop {
        let event = in_time(events.next()).await;
        if let SocketEvent::Offline { reason, .. } = event.expect("the socket has closed") {
            return reason;
        }
    }
}

#[tokio::test]
async fn conat_12_a_mute_server_makes_the_client_go_disconnected_and_a_mute_client_the_server_close()
 {
    for listener_is_mute in [true, false] {
        let (near, far) = (node().await, node().await);
        let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
        let pull = pull.heartbeat(INTERVAL, DEAD_AFTER);
        let pull = far.spawn(pull).await.unwrap();
        let proxy = Proxy::to(&address(&pull), 1, 1).await;
        proxy.calm_down();
        let push = Push::new("push").dial(&proxy.url).reconnect(false);
        let push = push.heartbeat(INTERVAL, DEAD_AFTER);
        let push = near.spawn(push).await.unwrap();
        in_time(push.ready(1)).await;
        in_time(pull.ready(1)).await;
        let mut events = match listener_is_mute {
            true => push.events(),
            false => pull.events(),
        };
        match listener_is_mute {
            true => proxy.mute_the_listener(),
            false => proxy.mute_the_dialer(),
        }
        assert_eq!(offline(&mut events).await, OfflineReason::Silent);
        // Whoever is left hears of the end.
        until("both know", || (push.peers(), pull.peers()) == (0, 0)).await;
        assert_eq!(push.pipes()[0].state, PipeState::Disconnected);
        stop(near).await;
        stop(far).await;
    }
}
