use std::sync::Arc;

use tokio::sync::watch;

/// Cancels a [`Retry`](crate::Retry), or starts its row anew, from anywhere.
#[derive(Clone, Debug)]
pub struct RetryHandle(Arc<watch::Sender<Wishes>>);

/// What was asked of a retry from outside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    pub(super) cancelled: bool,
    pub(super) resets: u64,
}

impl RetryHandle {
    pub(super) fn new() -> (Self, watch::Receiver<Wishes>) {
        let (sender, wishes) = watch::channel(Wishes::default());
        (RetryHandle(Arc::new(sender)), wishes)
    }

    /// Ends the retries for good: a wait ends at once, the operation under way is
    /// dropped, and so is its timer.
    pub fn cancel(&self) {
        self.0.send_modify(|wishes| wishes.cancelled = true);
    }

    /// Begins a new row: the next retry comes at once, even if one waits for its
    /// turn already.
    pub fn reset(&self) {
        self.0.send_modify(|wishes| wishes.resets += 1);
    }
}
