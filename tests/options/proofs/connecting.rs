use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use treewire::prelude::*;
use treewire::{NodeSnapshot, OfflineReason, PullSocket};

use super::way::{At, Way};
use crate::support::raw::Raw;
use crate::support::*;

const LISTEN: &str = "tcp://127.0.0.1:0";

/// Whether something in the tree ended with that.
fn ended_with(tree: &NodeSnapshot, reason: &str) -> bool {
    let mut exits = tree.walk().flat_map(|child| &child.exits);
    exits.any(|exit| exit.reason.to_string().contains(reason))
}

/// PING, nonce 1.
const PING: [u8; 4] = [0x90, 0, 1, 1];

/// Where it listens, without the options.
fn bare(pull: &PullSocket) -> String {
    format!("tcp://{}", pull.endpoints()[0].address())
}

/// Somebody who accepts and says nothing, and the URL to dial.
async fn mute() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, url)
}

pub(super) async fn handshake_deadline(way: Way) {
    let node = node().await;
    let (listener, url) = mute().await;
    let option = ("handshake-deadline", "234ms");
    let _push = way
        .spawn(&node, Push::new("push"), At::Dial(&url), option)
        .await;
    until_tree(&node, "the peer is given up", |tree| {
        ended_with(tree, "did not finish its handshake within 234ms")
    })
    .await;
    drop(listener);
    stop(node).await;
}

pub(super) async fn heartbeat_interval(way: Way) {
    let node = node().await;
    let pull = Pull::new("pull").set("dead-after", "4s").unwrap();
    let option = ("heartbeat-interval", "50ms");
    let pull = way.spawn(&node, pull, At::Listen(LISTEN), option).await;
    let mut silent = Raw::open(&bare(&pull), "push", "pull").await;
    // It is asked before it is given up, which is before it is asked by default.
    silent.hear_until(&PING, 0).await;
    stop(node).await;
}

pub(super) async fn dead_after(way: Way) {
    let node = node().await;
    let option = ("dead-after", "321ms");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let mut silent = Raw::open(&bare(&pull), "push", "pull").await;
    let heard = silent.hear_all().await;
    // It is given up before it is asked, which it is after 5 s by default.
    assert!(!heard.windows(PING.len()).any(|window| window == PING));
    stop(node).await;
}

pub(super) async fn peers_max(way: Way) {
    let node = node().await;
    let option = ("peers-max", "1");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let push = |name: &str| node.spawn(Push::new(name).dial(address(&pull)));
    let first = push("first").await.unwrap();
    in_time(first.ready(1)).await;
    let second = push("second").await.unwrap();
    until_tree(&node, "the second is refused", |tree| {
        ended_with(tree, "limit of 1 peers")
    })
    .await;
    assert_eq!((first.peers(), second.peers()), (1, 0));
    stop(node).await;
}

pub(super) async fn reconnect(way: Way) {
    let node = node().await;
    let (listener, url) = mute().await;
    let option = ("reconnect", "off");
    let push = way
        .spawn(&node, Push::new("push"), At::Dial(&url), option)
        .await;
    drop(in_time(listener.accept()).await.unwrap());
    until_tree(&node, "it dials no more", |tree| {
        let mut dialers = of_kind(tree, "dialer");
        dialers.any(|dialer| dialer.details.contains_key("reconnects") && dialer.restarts == 1)
    })
    .await;
    push.redial();
    let (mut again, _) = in_time(listener.accept()).await.unwrap();
    let _ = in_time(again.read(&mut [0; 4])).await.unwrap();
    stop(node).await;
}

pub(super) async fn service(way: Way) {
    let node = node().await;
    let option = ("service", "quotes");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let bound = &pull.endpoints()[0];
    let url = |service: &str| format!("tcp://{}/{service}", bound.address());
    let stranger = node.spawn(Push::new("stranger").dial(url("trades"))).await;
    let stranger = stranger.unwrap();
    until_tree(&node, "it is told", |tree| {
        ended_with(tree, r#"there is no service "trades" here, only "quotes""#)
    })
    .await;
    assert_eq!(stranger.peers(), 0);
    let push = node
        .spawn(Push::new("push").dial(url("quotes")))
        .await
        .unwrap();
    in_time(push.ready(1)).await;
    stop(node).await;
}

pub(super) async fn expect_peer(way: Way) {
    let node = node().await;
    let stranger = node.spawn(Pull::new("pull").listen(LISTEN)).await.unwrap();
    let url = address(&stranger);
    let option = ("expect-peer", "0123456789abcdef0123456789abcdef");
    let push = way
        .spawn(&node, Push::new("push"), At::Dial(&url), option)
        .await;
    until("it stays away", || {
        push.pipes()[0].reason == Some(OfflineReason::PeerReplaced)
    })
    .await;
    stop(node).await;
}
