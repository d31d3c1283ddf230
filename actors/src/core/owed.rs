#[cfg(all(test, treewire_loom))]
mod loom;

use std::sync::atomic::Ordering::SeqCst;

use crate::sync::AtomicU64;

/// Whether a socket is closing, and how many answers it owes: asked without the core's
/// lock, by connections and by whoever answers.
///
/// Both are in one number, so that whoever answers last either sees that the socket is
/// closing or is seen by whoever closes it.
pub(crate) struct Owed(AtomicU64);

const CLOSING: u64 = 1;
const ANSWER: u64 = 2;

impl Owed {
    pub(crate) fn new() -> Self {
        Owed(AtomicU64::new(0))
    }

    /// Called under the core's lock: who holds it and sees an open core sees an open socket.
    pub(crate) fn set_closing(&self, is_closing: bool) {
        match is_closing {
            true => self.0.fetch_or(CLOSING, SeqCst),
            false => self.0.fetch_and(!CLOSING, SeqCst),
        };
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.0.load(SeqCst) & CLOSING != 0
    }

    /// A request was handed out.
    pub(crate) fn one_more(&self) {
        self.0.fetch_add(ANSWER, SeqCst);
    }

    /// A request was answered, after its answer was queued, or let go of. `true` if
    /// somebody may wait for the last one.
    #[must_use]
    pub(crate) fn one_less(&self) -> bool {
        self.0.fetch_sub(ANSWER, SeqCst) & CLOSING != 0
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(SeqCst) / ANSWER
    }

    /// Answers that are owed or, as `queued` says, queued. None is in neither place.
    pub(crate) fn and_queued(&self, queued: impl FnOnce() -> u64) -> u64 {
        // In this order: an answer is queued before it stops being owed.
        let owed = self.count();
        owed + queued()
    }
}
