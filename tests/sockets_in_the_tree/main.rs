//! Sockets as supervised children: their tree, their restarts, their ends.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::time::Duration;

use treewire::prelude::*;
use treewire::runtime::{ChildSnapshot, EventKind};
use treewire::{NodeSnapshot, PullSocket, PushSocket, SpawnError};

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
use support::*;

mod ends;
mod kills;
mod threads;

over_every_transport! {
    an_address_in_use_fails_the_spawn_and_leaves_nothing_behind
    multisocket_07_a_peer_above_the_limit_is_told_and_a_free_slot_is_taken
    a_wrong_socket_type_is_told_to_the_dialer
    a_wrong_service_is_told_to_the_dialer
}

/// Restarts far apart in time and kind all end here: a message goes through.
async fn talk(push: &PushSocket, pull: &PullSocket, text: &str) {
    in_time(push.send(text)).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), text);
}

async fn pair(node: &Node, listen: &str) -> (PushSocket, PullSocket) {
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let push = node.spawn(Push::new("push").dial(address(&pull))).await;
    let push = push.unwrap();
    in_time(pull.ready(1)).await;
    talk(&push, &pull, "before").await;
    // All is confirmed, so nothing can be lost by what follows.
    until("all is confirmed", || push.unflushed() == 0).await;
    (push, pull)
}

/// The one child of that kind below the socket.
fn only<'a>(tree: &'a NodeSnapshot, socket: &str, kind: &'a str) -> &'a ChildSnapshot {
    let below = format!("{socket}/");
    let mut found = of_kind(tree, kind).filter(|child| child.path.starts_with(&below));
    let first = found.next().expect(kind);
    assert!(found.next().is_none(), "one {kind} only");
    first
}

async fn kill(node: &Node, socket: &str, kind: &str) {
    let tree = node.snapshot().await.unwrap();
    let path = only(&tree, socket, kind).path.clone();
    in_time(node.kill(&path)).await.unwrap();
}

#[tokio::test]
async fn the_tree_is_the_one_of_the_design() {
    struct Quotes;
    impl Actor for Quotes {
        type Context = Context<Self>;
    }
    let node = node().await;
    node.spawn(Child::new("quotes", || Quotes)).await.unwrap();
    let rep = Rep::new("quotes-in").listen("tcp://127.0.0.1:0");
    let rep = node.spawn(rep).await.unwrap();
    let req = Req::new("market").dial(address(&rep));
    let req = node.spawn(req).await.unwrap();
    in_time(rep.ready(1)).await;
    in_time(req.ready(1)).await;
    let dialed = address(&rep);
    let at = dialed.strip_prefix("tcp://").unwrap();
    let tree = until_tree(&node, "both ends are in the tree", |tree| {
        of_kind(tree, "connection").count() == 2
    })
    .await;
    let found: Vec<(&str, &str)> = tree
        .walk()
        .map(|child| (child.path.as_str(), child.kind.as_str()))
        .collect();
    let local = &only(&tree, "market", "connection").details["local"];
    assert_eq!(
        found,
        [
            ("quotes", "actor"),
            ("quotes-in", "rep"),
            ("quotes-in/listener tcp://127.0.0.1:0", "listener"),
            (
                &*format!("quotes-in/listener tcp://127.0.0.1:0/connection {local}"),
                "connection"
            ),
            ("market", "req"),
            (&*format!("market/dialer {dialed}"), "dialer"),
            (
                &*format!("market/dialer {dialed}/connection {at}"),
                "connection"
            ),
        ]
    );
    let listener = only(&tree, "quotes-in", "listener");
    assert_eq!(
        listener.details["endpoint"], dialed,
        "the wildcard reports itself"
    );
    let connection = only(&tree, "quotes-in", "connection");
    assert_eq!(connection.details["peer node"], "test");
    assert_eq!(connection.details["peer socket"], "req");
    assert!(tree.walk().all(|child| child.restarts == 0));
    stop(node).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_process_of_a_stranger_is_turned_away_and_counted() {
    let node = node().await;
    let place = numbered("ipc:///tmp/treewire-strict-{}.sock");
    let strict = format!("{place}?peer-uid=4242424");
    let pull = node.spawn(Pull::new("pull").listen(strict)).await.unwrap();
    let push = Push::new("push").dial(place);
    node.spawn(push).await.unwrap();
    let is_counted = |tree: &NodeSnapshot| {
        let listener = only(tree, "pull", "listener");
        listener.details.contains_key("bad peers")
    };
    until_tree(&node, "it is counted", is_counted).await;
    assert_eq!(pull.peers(), 0);
    stop(node).await;
}

async fn an_address_in_use_fails_the_spawn_and_leaves_nothing_behind(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    let used = address(&pull);
    let error = in_time(node.spawn(Pull::new("second").listen(&used))).await;
    let error = error.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("{used} is in use")), "{text}");
    assert!(matches!(error, SpawnError::Failed { .. }), "{error:?}");
    assert!(node.snapshot().await.unwrap().find("second").is_none());
    let later = address_for_later(&listen.replace("here", "there"));
    let second = node.spawn(Pull::new("second").listen(later)).await;
    second.expect("the name is free again");
    talk(&push, &pull, "the first goes on").await;
    stop(node).await;
}

#[tokio::test]
async fn a_bad_endpoint_fails_the_spawn_with_a_text_that_names_the_part() {
    let node = node().await;
    for (endpoint, parts) in [
        ("nonsense", &["nonsense", "transport://"][..]),
        ("tcp://", &["no address"]),
        (
            "pigeon://loft",
            &["\"pigeon\"", "allowed are", "inproc", "tcp"],
        ),
        (
            "smoke+tcp://127.0.0.1:1",
            &["\"smoke\"", "allowed are", "tw"],
        ),
        ("tcp://127.0.0.1", &["127.0.0.1"]),
        ("tcp://127.0.0.1:99999", &["127.0.0.1:99999"]),
        (
            "tcp://127.0.0.1:1?speed=9",
            &["\"speed\"", "allowed are", "service"],
        ),
        (
            "tcp://127.0.0.1:1?nodelay=maybe",
            &["\"maybe\"", "\"nodelay\""],
        ),
        ("tcp://me:secret@127.0.0.1:1", &["secret never stands"]),
        (
            "tcp://127.0.0.1:1?service=a&service=b",
            &["\"service\"", "twice"],
        ),
    ] {
        let listening = node.spawn(Pull::new("bad").listen(endpoint));
        let dialing = node.spawn(Pull::new("bad").dial(endpoint));
        let listening = in_time(listening).await.unwrap_err().to_string();
        let dialing = in_time(dialing).await.unwrap_err().to_string();
        for part in parts {
            assert!(listening.contains(part), "{part} in {listening}");
            assert!(dialing.contains(part), "{part} in {dialing}");
        }
    }
    let twice = Pull::new("bad").dial("inproc://a").dial("inproc://a");
    let error = in_time(node.spawn(twice)).await.unwrap_err().to_string();
    assert!(error.contains("inproc://a"), "{error}");
    assert!(node.snapshot().await.unwrap().children.is_empty());
    stop(node).await;
}

#[tokio::test]
async fn an_absent_peer_does_not_escalate() {
    let node = node().await;
    let later = address_for_later("tcp://127.0.0.1:0");
    let push = node.spawn(Push::new("push").dial(&later)).await.unwrap();
    push.send("patience").await.unwrap();
    let tree = until_tree(&node, "it failed more often than the intensity", |tree| {
        only(tree, "push", "dialer").restarts >= 5
    })
    .await;
    assert_eq!(tree.find("push").unwrap().restarts, 0);
    let exit = only(&tree, "push", "dialer").exits[0].reason.to_string();
    assert!(exit.contains(&format!("{later} refused")), "{exit}");
    let pull = node.spawn(Pull::new("pull").listen(&later)).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "patience");
    stop(node).await;
}

async fn multisocket_07_a_peer_above_the_limit_is_told_and_a_free_slot_is_taken(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(listen).peers_max(2);
    let pull = node.spawn(pull).await.unwrap();
    let mut pushes = Vec::new();
    for number in 0..2 {
        let push = Push::new(format!("push {number}")).dial(address(&pull));
        pushes.push(node.spawn(push).await.unwrap());
    }
    in_time(pull.ready(2)).await;
    let third = Push::new("third").dial(address(&pull));
    let third = node.spawn(third).await.unwrap();
    let tree = until_tree(&node, "the third is refused", |tree| {
        !only(tree, "third", "dialer").exits.is_empty()
    })
    .await;
    let exit = only(&tree, "third", "dialer").exits[0].reason.to_string();
    assert!(exit.contains("limit of 2 peers"), "{exit}");
    assert_eq!(pull.peers(), 2);
    let first = pushes.remove(0);
    assert_eq!(in_time(first.close(WATCHDOG)).await, Closed::Flushed);
    talk(&third, &pull, "there was a free slot").await;
    stop(node).await;
}

async fn a_wrong_socket_type_is_told_to_the_dialer(listen: &str) {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(listen)).await.unwrap();
    let push = node.spawn(Push::new("push").dial(address(&rep))).await;
    let push = push.unwrap();
    let tree = until_tree(&node, "it is refused", |tree| {
        !only(tree, "push", "dialer").exits.is_empty()
    })
    .await;
    let dialer = only(&tree, "push", "dialer");
    let exit = dialer.exits[0].reason.to_string();
    assert!(
        exit.contains("a rep socket talks to req, not to push"),
        "{exit}"
    );
    assert_eq!((rep.peers(), push.peers()), (0, 0));
    assert_eq!(tree.find("push").unwrap().restarts, 0);
    stop(node).await;
}

async fn a_wrong_service_is_told_to_the_dialer(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(format!("{listen}?service=orders"));
    let pull = node.spawn(pull).await.unwrap();
    let plain = address(&pull).split('?').next().unwrap().to_owned();
    let lost = Push::new("lost").dial(format!("{plain}?service=quotes"));
    node.spawn(lost).await.unwrap();
    let tree = until_tree(&node, "it is refused", |tree| {
        !only(tree, "lost", "dialer").exits.is_empty()
    })
    .await;
    let exit = only(&tree, "lost", "dialer").exits[0].reason.to_string();
    assert!(
        exit.contains("\"quotes\"") && exit.contains("\"orders\""),
        "{exit}"
    );
    let right = Push::new("right").dial(format!("{plain}?service=orders"));
    let right = node.spawn(right).await.unwrap();
    talk(&right, &pull, "orders").await;
    stop(node).await;
}
