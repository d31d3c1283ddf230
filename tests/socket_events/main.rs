//! What a socket tells of its endpoints and its peers, step by step.

use std::time::Duration;

use treewire::PipeState::{Closed, Connecting, Disconnected, Ready};
use treewire::prelude::*;
use treewire::transports::RefusalCode;
use treewire::{OfflineReason, PipeState, SocketEvent, SocketEvents};

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
use support::*;

mod flaky;
mod handshakes;

over_every_transport! {
    zeromq_20_a_connection_is_told_from_its_beginning_to_its_end
    zeromq_20_a_bind_that_failed_is_told
    zeromq_20_an_attempt_that_came_to_nothing_is_retried
    zeromq_20_a_refused_handshake_is_told_on_both_sides
    zeromq_20_a_listener_that_was_killed_listens_again
}

/// An event in one word, and what it is about.
fn told(event: SocketEvent) -> (String, String) {
    let (what, about) = match event {
        SocketEvent::Listening { endpoint, .. } => ("listening".into(), endpoint),
        SocketEvent::ListenerClosed { endpoint, .. } => ("listener closed".into(), endpoint),
        SocketEvent::BindFailed { endpoint, .. } => ("bind failed".into(), endpoint),
        SocketEvent::Accepted { endpoint, .. } => ("accepted".into(), endpoint),
        SocketEvent::AcceptFailed { endpoint, .. } => ("accept failed".into(), endpoint),
        SocketEvent::Connected { endpoint, .. } => ("connected".into(), endpoint),
        SocketEvent::HandshakeFailed {
            endpoint, reason, ..
        } => (format!("handshake failed: {}", kind(&reason)), endpoint),
        SocketEvent::Retrying {
            endpoint, after, ..
        } => {
            assert!(!after.is_zero());
            ("retrying".into(), endpoint)
        }
        SocketEvent::State {
            endpoint, state, ..
        } => (state_name(state).into(), endpoint),
        SocketEvent::Online { peer, .. } => ("online".into(), peer),
        SocketEvent::Offline { peer, reason, .. } => (format!("offline: {}", kind(&reason)), peer),
        other => panic!("{other:?}"),
    };
    (what, about.to_string())
}

fn state_name(state: PipeState) -> &'static str {
    match state {
        Connecting => "connecting",
        Ready => "ready",
        Disconnected => "disconnected",
        Closed => "closed",
        other => panic!("{other:?}"),
    }
}

fn kind(reason: &OfflineReason) -> &'static str {
    match reason {
        OfflineReason::PeerClosed => "peer closed",
        OfflineReason::PeerEnded(_) => "peer ended",
        OfflineReason::Lost(_) => "lost",
        OfflineReason::Silent => "silent",
        OfflineReason::Misbehaved(_) => "misbehaved",
        OfflineReason::Refused(refusal) => {
            assert_eq!(refusal.code, RefusalCode::IncompatibleSocket);
            "refused"
        }
        OfflineReason::TurnedAway(refusal) => {
            assert_eq!(refusal.code, RefusalCode::IncompatibleSocket);
            "turned away"
        }
        OfflineReason::Stopped => "stopped",
        OfflineReason::Killed => "killed",
        other => panic!("{other:?}"),
    }
}

/// The next events are these, about that endpoint; of the peer's address nothing is expected.
async fn expect(events: &mut SocketEvents, endpoint: &str, expected: &[&str]) {
    for what in expected {
        let (told, about) = told(in_time(events.next()).await.expect("the socket has closed"));
        assert_eq!(told, *what);
        if !told.starts_with("online") && !told.starts_with("offline") {
            assert_eq!(about, endpoint, "{told}");
        }
    }
}

async fn zeromq_20_a_connection_is_told_from_its_beginning_to_its_end(place: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull")).await.unwrap();
    let push = node.spawn(Push::new("push")).await.unwrap();
    let (mut at_pull, mut at_push) = (pull.events(), push.events());
    let endpoint = in_time(pull.listen(place)).await.unwrap();
    let shown = endpoint.to_string();
    expect(&mut at_pull, &shown, &["listening"]).await;
    for _ in 0..2 {
        in_time(push.dial(&endpoint)).await.unwrap();
        let up = ["connecting", "connected", "ready", "online"];
        expect(&mut at_push, &shown, &up).await;
        expect(&mut at_pull, &shown, &["accepted", "online"]).await;
        in_time(push.undial(&endpoint)).await.unwrap();
        let down = ["offline: stopped", "disconnected", "closed"];
        expect(&mut at_push, &shown, &down).await;
        expect(&mut at_pull, &shown, &["offline: peer closed"]).await;
    }
    in_time(pull.unlisten(&endpoint)).await.unwrap();
    expect(&mut at_pull, &shown, &["listener closed"]).await;
    assert!(at_pull.try_next().is_none() && at_push.try_next().is_none());
    stop(node).await;
}

async fn zeromq_20_a_bind_that_failed_is_told(place: &str) {
    let node = node().await;
    let first = node.spawn(Pull::new("first")).await.unwrap();
    let second = node.spawn(Pull::new("second")).await.unwrap();
    let endpoint = in_time(first.listen(place)).await.unwrap();
    let mut events = second.events();
    let error = in_time(second.listen(&endpoint)).await.unwrap_err();
    let event = in_time(events.next()).await.unwrap();
    match event {
        SocketEvent::BindFailed {
            endpoint: at,
            reason,
            ..
        } => {
            assert_eq!(
                (&*at, &*reason),
                (&*endpoint.to_string(), &*error.to_string())
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(events.try_next().is_none(), "it is not tried again");
    stop(node).await;
}

async fn zeromq_20_an_attempt_that_came_to_nothing_is_retried(place: &str) {
    let node = node().await;
    let nobody = address_for_later(place);
    let push = Push::new("push").handshake_deadline(Duration::from_millis(20));
    let push = node.spawn(push).await.unwrap();
    let mut events = push.events();
    in_time(push.dial(&nobody)).await.unwrap();
    let attempt = ["connecting", "disconnected"];
    // The second attempt comes at once.
    expect(&mut events, &nobody, &attempt).await;
    expect(&mut events, &nobody, &attempt).await;
    for _ in 0..2 {
        expect(&mut events, &nobody, &["retrying"]).await;
        expect(&mut events, &nobody, &attempt).await;
    }
    stop(node).await;
}

async fn zeromq_20_a_refused_handshake_is_told_on_both_sides(place: &str) {
    let node = node().await;
    let wrong = node.spawn(Push::new("wrong").listen(place)).await.unwrap();
    let endpoint = address(&wrong);
    let push = node.spawn(Push::new("push")).await.unwrap();
    let (mut at_wrong, mut at_push) = (wrong.events(), push.events());
    in_time(push.dial(&endpoint)).await.unwrap();
    let refused = [
        "connecting",
        "connected",
        "handshake failed: refused",
        "disconnected",
        "retrying",
    ];
    expect(&mut at_push, &endpoint, &refused).await;
    let refusing = ["accepted", "handshake failed: turned away"];
    expect(&mut at_wrong, &endpoint, &refusing).await;
    stop(node).await;
}

async fn zeromq_20_a_listener_that_was_killed_listens_again(place: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(place)).await.unwrap();
    let mut events = pull.events();
    let endpoint = address(&pull);
    let tree = node.snapshot().await.unwrap();
    let path = of_kind(&tree, "listener").next().unwrap().path.clone();
    in_time(node.kill(&path)).await.unwrap();
    expect(&mut events, &endpoint, &["listener closed", "listening"]).await;
    stop(node).await;
}

#[tokio::test]
async fn zeromq_20_nobody_is_told_what_nobody_listens_to() {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull")).await.unwrap();
    let endpoint = in_time(pull.listen("inproc://here")).await.unwrap();
    let mut late = pull.events();
    in_time(pull.unlisten(&endpoint)).await.unwrap();
    expect(&mut late, "inproc://here", &["listener closed"]).await;
    assert!(late.try_next().is_none());
    stop(node).await;
}
