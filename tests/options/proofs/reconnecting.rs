use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use treewire::prelude::*;
use treewire::{OfflineReason, PushSocket};

use super::way::{At, Way};
use crate::support::*;

/// A push that dials where nobody listens.
async fn lonely(way: Way, node: &Node, option: (&str, &str)) -> PushSocket {
    let nobody = address_for_later("tcp://127.0.0.1:0");
    way.spawn(node, Push::new("push"), At::Dial(&nobody), option)
        .await
}

/// The wait before the second retry: the first comes at once. Whoever is dialed hangs up.
async fn second_wait(way: Way, push: Push, option: (&str, &str)) -> Duration {
    let node = node().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let _push = way.spawn(&node, push, At::Dial(&url), option).await;
    for _ in 0..2 {
        drop(in_time(listener.accept()).await.unwrap());
    }
    let begun = Instant::now();
    drop(in_time(listener.accept()).await.unwrap());
    stop(node).await;
    begun.elapsed()
}

pub(super) async fn reconnect_first(way: Way) {
    let wait = second_wait(way, Push::new("push"), ("reconnect-first", "1s")).await;
    assert!(wait >= Duration::from_millis(900), "{wait:?}");
}

pub(super) async fn reconnect_ceiling(way: Way) {
    // On this machine it would be a second.
    let push = Push::new("push").reconnect_first(Duration::from_secs(2));
    let wait = second_wait(way, push, ("reconnect-ceiling", "2s")).await;
    assert!(wait >= Duration::from_millis(1_900), "{wait:?}");
}

/// After how many attempts what is dialed is given up.
async fn given_up_after(push: &PushSocket) -> u32 {
    let mut attempts = None;
    until("it is given up", || {
        let reason = push.pipes()[0].reason.clone();
        if let Some(OfflineReason::GivenUp { attempts: all, .. }) = reason {
            attempts = Some(all);
        }
        attempts.is_some()
    })
    .await;
    attempts.expect("it is given up")
}

pub(super) async fn reconnect_attempts(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("reconnect-attempts", "3")).await;
    // Some may have failed before it was told so.
    assert!(given_up_after(&push).await >= 3);
    stop(node).await;
}

pub(super) async fn reconnect_stop(way: Way) {
    let node = node().await;
    let push = lonely(way, &node, ("reconnect-stop", "refused")).await;
    assert!(given_up_after(&push).await >= 1);
    stop(node).await;
}
