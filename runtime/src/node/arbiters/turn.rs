//! Whose turn it is on a thread, so that whoever blocks it can be named.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The life that a thread polls now, or makes; zero if it is none.
///
/// Written by that thread alone, twice a poll, and read by the control thread when a
/// child there did not end. Each has cache lines to itself, for threads write theirs all the time.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Turn(AtomicU64);

impl Turn {
    /// It is the turn of `life` now; returns whose it was, for [`end`](Self::end).
    pub(crate) fn begin(&self, life: u64) -> u64 {
        let outer = self.0.load(Relaxed);
        self.0.store(life, Relaxed);
        outer
    }

    pub(crate) fn end(&self, outer: u64) {
        self.0.store(outer, Relaxed);
    }

    pub(in crate::node) fn life(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
