use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use treewire_transports::Credit;

use super::PipeId;
use crate::bound::Bound;

/// The receiving half of one connection of a pipe, shared with every message
/// that came through it: it counts what was handled and wakes the connection
/// when the peer is to be told.
pub(crate) struct Inlet {
    pipe: PipeId,
    peer: Arc<str>,
    bound: Bound,
    handled: AtomicU64,
    handled_bytes: AtomicU64,
    /// Of `handled`, what the peer was told.
    told: AtomicU64,
    told_bytes: AtomicU64,
    /// The connection knows that credit is owed.
    owed: AtomicBool,
    connection: AtomicWaker,
    any_cancelled: AtomicBool,
    cancelled: Mutex<HashSet<u64>>,
}

impl Inlet {
    pub(crate) fn new(pipe: PipeId, peer: &str, bound: Bound) -> Self {
        Inlet {
            pipe,
            peer: peer.into(),
            bound,
            handled: AtomicU64::new(0),
            handled_bytes: AtomicU64::new(0),
            told: AtomicU64::new(0),
            told_bytes: AtomicU64::new(0),
            owed: AtomicBool::new(false),
            connection: AtomicWaker::new(),
            any_cancelled: AtomicBool::new(false),
            cancelled: Mutex::default(),
        }
    }

    pub(crate) fn pipe(&self) -> PipeId {
        self.pipe
    }

    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    pub(crate) fn wake(&self) {
        self.connection.wake();
    }

    pub(crate) fn register(&self, waker: &Waker) {
        self.connection.register(waker);
    }

    /// One received message was handled. Wakes the connection for the first one
    /// since it was told, so that it can set its timer, and when the peer may be
    /// running out of credit.
    pub(crate) fn handled(&self, bytes: u64) {
        self.handled_bytes.fetch_add(bytes, SeqCst);
        self.handled.fetch_add(1, SeqCst);
        if !self.owed.swap(true, SeqCst) || self.is_urgent() {
            self.wake();
        }
    }

    /// Whether anything was handled that the peer was not told of.
    pub(crate) fn owes_credit(&self) -> bool {
        self.handled.load(SeqCst) > self.told.load(SeqCst)
    }

    /// Whether a quarter of what the peer may send is used up.
    pub(crate) fn is_urgent(&self) -> bool {
        let messages = self.handled.load(SeqCst) - self.told.load(SeqCst);
        let bytes = self.handled_bytes.load(SeqCst) - self.told_bytes.load(SeqCst);
        messages * 4 >= self.bound.messages || bytes * 4 >= self.bound.bytes
    }

    /// The credit to tell the peer now.
    pub(crate) fn credit(&self) -> Credit {
        self.owed.store(false, SeqCst);
        let bytes = self.handled_bytes.load(SeqCst);
        let handled = self.handled.load(SeqCst);
        self.told.store(handled, SeqCst);
        self.told_bytes.store(bytes, SeqCst);
        Credit {
            handled,
            messages_max: handled.saturating_add(self.bound.messages),
            bytes_max: bytes.saturating_add(self.bound.bytes),
        }
    }

    /// The peer does not wait for the answer to its request any more.
    pub(crate) fn cancel(&self, correlation: u64) {
        let mut cancelled = self.cancelled.lock();
        // A peer that cancels what it never asked must not fill our memory.
        if (cancelled.len() as u64) < self.bound.messages {
            cancelled.insert(correlation);
            self.any_cancelled.store(true, SeqCst);
        }
    }

    pub(crate) fn is_cancelled(&self, correlation: u64) -> bool {
        self.any_cancelled.load(SeqCst) && self.cancelled.lock().contains(&correlation)
    }

    /// The request is done with.
    pub(crate) fn forget(&self, correlation: u64) {
        if self.any_cancelled.load(SeqCst) {
            let mut cancelled = self.cancelled.lock();
            cancelled.remove(&correlation);
            if cancelled.is_empty() {
                self.any_cancelled.store(false, SeqCst);
            }
        }
    }
}
