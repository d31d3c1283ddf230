//! The end of the process, when a signal asks for it.

use std::process::exit;
use std::time::Duration;

use super::Node;

/// How long the thread in which `run` is awaited has to notice that the node ended.
const PATIENCE: Duration = Duration::from_secs(1);

/// A second signal asks for the end of the process, whatever it is at.
pub(super) fn end_at_once() -> ! {
    tracing::warn!("a second signal: ending at once");
    exit(130)
}

/// From the end of the node to the end of `run`, which may be awaited in a thread
/// that a child blocks.
pub(super) struct Departure {
    signals: Signals,
    /// The paths of the children that did not end.
    blocking: Vec<String>,
}

impl Departure {
    pub(super) fn new(signals: Signals, blocking: Vec<String>) -> Self {
        Departure { signals, blocking }
    }

    pub(super) async fn of(mut self, node: &Node) {
        tokio::select! {
            biased;
            () = node.is_run_no_more() => {}
            () = self.signals.next() => end_at_once(),
            () = tokio::time::sleep(PATIENCE) => {
                let late = self.blocking.join(", ");
                eprintln!("error: the node has ended, and its main thread is blocked; not stopped: {late}");
                exit(1);
            }
        }
    }
}

/// SIGINT and SIGTERM.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Signals)
    }

    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
