use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;
use treewire_runtime::Stats;

use super::Core;
use super::digest::{Digest, Drops};
use crate::handle::SocketEvent;

/// How many messages a socket gave up, by cause, and which of them are to be told.
pub(crate) struct Losses {
    stats: Arc<Stats>,
    /// Whether anybody listens: while nobody does nothing is written down.
    is_heard: AtomicBool,
    digest: Mutex<Digest>,
    /// Something is to be told that was not.
    pub(crate) began: Notify,
}

impl Losses {
    pub(super) fn new(stats: Arc<Stats>) -> Arc<Self> {
        Arc::new(Losses {
            stats,
            is_heard: AtomicBool::new(false),
            digest: Mutex::default(),
            began: Notify::new(),
        })
    }

    pub(crate) fn count(&self, cause: &'static str, count: u64) {
        self.stats.dropped(cause, count);
        if count > 0 && self.is_heard.load(SeqCst) && self.digest.lock().add(cause, count) {
            self.began.notify_one();
        }
    }

    /// Somebody listens again: what was dropped before is not told.
    pub(super) fn listen(&self) {
        *self.digest.lock() = Digest::default();
        self.is_heard.store(true, SeqCst);
    }

    fn unlisten(&self) {
        self.is_heard.store(false, SeqCst);
        *self.digest.lock() = Digest::default();
    }
}

impl Core {
    /// Tells what was dropped and may be told by now; when to look again.
    pub(crate) fn tell_drops(&mut self, now: Instant) -> Option<Instant> {
        self.listeners.forget_the_gone();
        if !self.listeners.any() {
            self.losses.unlisten();
            return None;
        }
        let (due, next) = self.losses.digest.lock().due(now);
        self.tell_each(due);
        next
    }

    /// Tells all that was dropped: nobody looks again.
    pub(super) fn tell_last_drops(&mut self) {
        let rest = self.losses.digest.lock().rest();
        self.tell_each(rest);
    }

    fn tell_each(&mut self, drops: Vec<Drops>) {
        for (cause, count) in drops {
            self.tell(SocketEvent::Dropped { cause, count });
        }
    }
}
