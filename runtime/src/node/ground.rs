//! On what a node stands: real threads and the machine's clock, or a driven world.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::mpsc::UnboundedReceiver;

use super::arbiters::{Lost, Start};
use super::reaper::Reaping;
use super::{Identity, NodeError};
use crate::clock::Clock;

/// What a node is given before it starts.
pub(super) struct Foundation {
    pub(super) identity: Identity,
    /// Of the node's chance.
    pub(super) seed: u64,
    pub(super) clock: Clock,
    pub(super) ground: Box<dyn Ground>,
    pub(super) control: RunControl,
}

/// Runs the work of the control thread to its end, without waiting for that.
pub(super) type RunControl =
    Box<dyn FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>) -> Result<(), NodeError> + Send>;

/// Where arbiters and the reaper of a node run. Nothing here waits for what it starts.
pub(super) trait Ground: Send {
    /// Serves an arbiter until its queue of commands is let go of.
    ///
    /// # Errors
    /// When nothing could be started; the post is dropped then.
    fn serve(&self, post: Post) -> Result<(), NodeError>;

    /// Does one queue of a reaper's jobs until no more can come.
    ///
    /// # Errors
    /// When nothing could be started.
    fn reap(&self, reaping: Reaping) -> Result<(), NodeError>;
}

/// What one incarnation of an arbiter serves.
pub(super) struct Post {
    pub(super) number: usize,
    /// Of the thread, if it has one to itself.
    pub(super) name: String,
    pub(super) starts: UnboundedReceiver<Start>,
    /// To be dropped when everything that ran there is.
    pub(super) lost: Lost,
}
