//! Endpoints that are added to a socket while it runs, and taken away again.

use std::time::Duration;

use treewire::prelude::*;
use treewire::transports::EndpointError;
use treewire::{Endpoint, EndpointChangeError, PullSocket, PushSocket, SocketHandle};

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
use support::*;

mod dialed;
mod ending;
mod errors;
mod timeouts;

over_every_transport! {
    zeromq_17_wildcard_endpoints_report_themselves
    zeromq_17_unlisten_stops_accepting_and_keeps_who_is_there_and_rebind_works_at_once
    zeromq_17_both_spellings_of_an_endpoint_are_taken
    what_was_added_and_removed_live_is_so_after_the_socket_was_killed
    an_address_in_use_is_an_error_and_leaves_nothing_behind
    a_call_that_is_dropped_leaves_nothing_behind
    a_killed_listener_that_accepts_no_more_does_not_come_back
}

/// Longer than a busy machine takes for anything.
const PATIENCE: Duration = Duration::from_secs(20);

async fn pull(node: &Node, name: &str) -> PullSocket {
    node.spawn(Pull::new(name).linger(PATIENCE)).await.unwrap()
}

async fn push(node: &Node, name: &str) -> PushSocket {
    node.spawn(Push::new(name).linger(PATIENCE)).await.unwrap()
}

/// A message goes through.
async fn talk(push: &PushSocket, pull: &PullSocket, text: &str) {
    in_time(push.send(text)).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), text);
}

/// Listens there now.
async fn listen(socket: &SocketHandle, endpoint: impl ToString) -> Endpoint {
    in_time(socket.listen(endpoint)).await.unwrap()
}

async fn dial(socket: &SocketHandle, endpoint: impl ToString) -> Endpoint {
    in_time(socket.dial(endpoint)).await.unwrap()
}

async fn zeromq_17_wildcard_endpoints_report_themselves(place: &str) {
    let node = node().await;
    let (pull, push) = (pull(&node, "pull").await, push(&node, "push").await);
    let endpoint = listen(&pull, place).await;
    assert!(!endpoint.to_string().ends_with(":0"), "{endpoint}");
    assert_eq!(pull.endpoints(), std::slice::from_ref(&endpoint));
    let tree = node.snapshot().await.unwrap();
    let listener = of_kind(&tree, "listener").next().unwrap();
    assert_eq!(listener.details["endpoint"], endpoint.to_string());
    assert_eq!(dial(&push, &endpoint).await, endpoint);
    talk(&push, &pull, "there").await;
    stop(node).await;
}

async fn zeromq_17_unlisten_stops_accepting_and_keeps_who_is_there_and_rebind_works_at_once(
    place: &str,
) {
    let node = node().await;
    let (first, second) = (pull(&node, "first").await, pull(&node, "second").await);
    let (early, late) = (push(&node, "early").await, push(&node, "late").await);
    let endpoint = listen(&first, place).await;
    dial(&early, &endpoint).await;
    talk(&early, &first, "early").await;
    assert_eq!(
        in_time(first.unlisten(&endpoint)).await,
        Ok(endpoint.clone())
    );
    assert!(first.endpoints().is_empty());
    // Not a moment later.
    assert_eq!(listen(&second, &endpoint).await, endpoint);
    dial(&late, &endpoint).await;
    talk(&late, &second, "late").await;
    talk(&early, &first, "still there").await;
    assert_eq!((first.peers(), second.peers()), (1, 1));
    let tree = node.snapshot().await.unwrap();
    let rests = of_kind(&tree, "listener").find(|child| child.path.starts_with("first/"));
    assert_eq!(rests.unwrap().details["accepts"], "no more");
    // The same socket may listen there again, whoever is still there of before.
    in_time(second.unlisten(&endpoint)).await.unwrap();
    assert_eq!(listen(&first, &endpoint).await, endpoint);
    let third = push(&node, "third").await;
    dial(&third, &endpoint).await;
    talk(&third, &first, "third").await;
    assert_eq!(first.peers(), 2);
    in_time(early.undial(&endpoint)).await.unwrap();
    until_tree(
        &node,
        "the first listener goes with its last connection",
        |tree| {
            let listeners = of_kind(tree, "listener");
            listeners
                .filter(|child| child.path.starts_with("first/"))
                .count()
                == 1
        },
    )
    .await;
    talk(&third, &first, "goes on").await;
    stop(node).await;
}

async fn zeromq_17_both_spellings_of_an_endpoint_are_taken(place: &str) {
    let node = node().await;
    let pull = pull(&node, "pull").await;
    for _ in 0..2 {
        let endpoint = listen(&pull, place).await;
        assert_eq!(in_time(pull.unlisten(place)).await, Ok(endpoint));
        let endpoint = listen(&pull, place).await;
        let left = in_time(pull.unlisten(endpoint.to_string())).await;
        assert_eq!(left, Ok(endpoint));
    }
    until_tree(&node, "no listener is left", |tree| {
        of_kind(tree, "listener").count() == 0
    })
    .await;
    stop(node).await;
}

async fn what_was_added_and_removed_live_is_so_after_the_socket_was_killed(place: &str) {
    let node = node().await;
    let described = place.replace("here", "described");
    let spec = Pull::new("pull").listen(numbered(&described));
    let pull = node.spawn(spec).await.unwrap();
    let push = push(&node, "push").await;
    let removed = pull.endpoints()[0].clone();
    let endpoint = listen(&pull, place).await;
    in_time(pull.unlisten(&removed)).await.unwrap();
    dial(&push, &removed).await;
    dial(&push, &endpoint).await;
    in_time(push.undial(&removed)).await.unwrap();
    talk(&push, &pull, "before").await;
    until("all is confirmed", || push.unflushed() == 0).await;
    for path in ["pull", "push", "pull"] {
        let restarts = node.snapshot().await.unwrap().find(path).unwrap().restarts;
        in_time(node.kill(path)).await.unwrap();
        until_tree(&node, "it was restarted", |tree| {
            let socket = tree.find(path);
            socket.is_some_and(|socket| socket.restarts > restarts)
        })
        .await;
        let peers = || pull.peers() == 1 && push.peers() == 1;
        until("they are together again", peers).await;
        talk(&push, &pull, path).await;
        until("all is confirmed", || push.unflushed() == 0).await;
        assert_eq!(pull.endpoints(), std::slice::from_ref(&endpoint));
        assert_eq!(push.pipes().len(), 1);
    }
    let tree = node.snapshot().await.unwrap();
    assert_eq!(of_kind(&tree, "listener").count(), 1, "{}", drawn(&tree));
    assert_eq!(of_kind(&tree, "dialer").count(), 1, "{}", drawn(&tree));
    stop(node).await;
}

async fn an_address_in_use_is_an_error_and_leaves_nothing_behind(place: &str) {
    let node = node().await;
    let (first, second) = (pull(&node, "first").await, pull(&node, "second").await);
    let endpoint = listen(&first, place).await;
    for _ in 0..3 {
        let error = in_time(second.listen(&endpoint)).await.unwrap_err();
        assert!(
            matches!(error, EndpointChangeError::NotBound(_)),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(text.starts_with(&format!("{endpoint} is in use")), "{text}");
        let tree = node.snapshot().await.unwrap();
        assert_eq!(of_kind(&tree, "listener").count(), 1, "{}", drawn(&tree));
        assert!(second.endpoints().is_empty());
    }
    in_time(first.unlisten(&endpoint)).await.unwrap();
    listen(&second, &endpoint).await;
    stop(node).await;
}

async fn a_call_that_is_dropped_leaves_nothing_behind(place: &str) {
    let node = node().await;
    let (first, second) = (pull(&node, "first").await, pull(&node, "second").await);
    let place = address_for_later(place);
    for _ in 0..20 {
        let mut call = Box::pin(first.listen(&place));
        if poll_once(call.as_mut()).await.is_ready() {
            in_time(first.unlisten(&place)).await.unwrap();
        }
    }
    until_tree(&node, "no listener is left", |tree| {
        of_kind(tree, "listener").count() == 0
    })
    .await;
    assert!(first.endpoints().is_empty());
    listen(&second, &place).await;
    let push = push(&node, "push").await;
    drop(Box::pin(push.dial("inproc://nobody")));
    let mut call = Box::pin(push.dial(&place));
    let _ = poll_once(call.as_mut()).await;
    drop(call);
    until("no pipe is left", || push.pipes().is_empty()).await;
    until_tree(&node, "no dialer is left", |tree| {
        of_kind(tree, "dialer").count() == 0
    })
    .await;
    stop(node).await;
}

async fn a_killed_listener_that_accepts_no_more_does_not_come_back(place: &str) {
    let node = node().await;
    let (pull, push) = (pull(&node, "pull").await, push(&node, "push").await);
    let endpoint = listen(&pull, place).await;
    dial(&push, &endpoint).await;
    talk(&push, &pull, "before").await;
    in_time(pull.unlisten(&endpoint)).await.unwrap();
    let tree = node.snapshot().await.unwrap();
    let path = of_kind(&tree, "listener").next().unwrap().path.clone();
    in_time(node.kill(&path)).await.unwrap();
    until_tree(&node, "it is gone", |tree| {
        of_kind(tree, "listener").count() == 0
    })
    .await;
    until("its connection is gone", || pull.peers() == 0).await;
    assert_eq!(listen(&pull, &endpoint).await, endpoint);
    talk(&push, &pull, "after").await;
    stop(node).await;
}

/// The dialers and listeners come and go, and leave nothing behind.
#[tokio::test]
async fn churn_leaves_no_children_and_no_pipes_behind() {
    let node = node().await;
    let (pull, push) = (pull(&node, "pull").await, push(&node, "push").await);
    for round in 0..30 {
        let endpoint = listen(&pull, "tcp://127.0.0.1:0").await;
        dial(&push, &endpoint).await;
        talk(&push, &pull, "round").await;
        if round % 2 == 0 {
            in_time(push.undial(&endpoint)).await.unwrap();
            in_time(pull.unlisten(&endpoint)).await.unwrap();
        } else {
            in_time(pull.unlisten(&endpoint)).await.unwrap();
            in_time(push.undial(&endpoint)).await.unwrap();
        }
        assert!(push.pipes().is_empty());
    }
    until_tree(&node, "only the sockets are left", |tree| {
        tree.walk().count() == 2
    })
    .await;
    until("no pipe is left", || pull.pipes().is_empty()).await;
    assert_eq!(push.lost(), 0);
    stop(node).await;
}

#[tokio::test]
async fn a_handle_that_is_there_before_its_socket_waits_for_it() {
    let node = node().await;
    let (spec, pull) = Pull::new("pull").into_spec();
    let mut call = Box::pin(pull.listen("tcp://127.0.0.1:0"));
    assert!(poll_once(call.as_mut()).await.is_pending());
    node.spawn(spec).await.unwrap();
    let endpoint = in_time(call).await.unwrap();
    assert_eq!(pull.endpoints(), [endpoint]);
    stop(node).await;
}
