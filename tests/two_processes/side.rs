//! What both processes do beside their work: kill whoever receives, and notice when nothing comes.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use treewire::Node;

use crate::support::drawn;
use crate::{KILLS, PATIENCE};

/// Kills the child at `path` each time that another share of `all` messages was handled.
pub(crate) async fn kill_by_and_by(node: &Node, path: &str, handled: &AtomicU64, all: u64) {
    for round in 1..=KILLS {
        until_handled(node, handled, round * all / (KILLS + 1)).await;
        node.kill(path).await.unwrap();
    }
}

/// Waits until so many messages were handled; fails when no more come.
pub(crate) async fn until_handled(node: &Node, handled: &AtomicU64, count: u64) {
    let mut seen = (handled.load(SeqCst), Instant::now());
    while seen.0 < count {
        if seen.1.elapsed() > PATIENCE {
            let tree = node.snapshot().await.unwrap();
            panic!("nothing comes after {} messages:\n{}", seen.0, drawn(&tree));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        let now = handled.load(SeqCst);
        if now != seen.0 {
            seen = (now, Instant::now());
        }
    }
}

/// Fails what does not end.
pub(crate) async fn patiently<T>(what: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, what).await;
    done.expect("nothing more comes")
}
