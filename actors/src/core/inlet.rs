#[cfg(all(test, treewire_loom))]
mod loom;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::task::Waker;

use treewire_runtime::Counter;
use treewire_transports::Credit;

use super::PipeId;
use super::quarantine::Sender;
use crate::bound::Bound;
use crate::sync::{AtomicBool, AtomicU64, AtomicWaker, Mutex};

/// The receiving half of one connection of a pipe, shared with every message
/// that came through it: it counts what was handled and wakes the connection
/// when the peer is to be told.
pub(crate) struct Inlet {
    pipe: PipeId,
    peer: Peer,
    bound: Bound,
    /// What was handled and the peer was not told: messages above
    /// [`BYTES_BITS`], bytes below, so that a message costs one atomic step.
    untold: AtomicU64,
    /// What the peer was told; only the connection writes it.
    told: Counter,
    told_bytes: Counter,
    connection: AtomicWaker,
    any_cancelled: AtomicBool,
    cancelled: Mutex<BTreeSet<u64>>,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its address, for people.
    pub(crate) address: Arc<str>,
    /// From where it comes, as the transport knows.
    pub(crate) host: Arc<str>,
    /// The instance id of its node, if it said one; nobody vouches for it.
    pub(crate) instance: Option<[u8; 16]>,
}

const BYTES_BITS: u32 = 40;

/// Handled messages and bytes.
#[derive(Clone, Copy)]
struct Amount {
    messages: u64,
    bytes: u64,
}

impl Amount {
    fn unpack(packed: u64) -> Self {
        Amount {
            messages: packed >> BYTES_BITS,
            bytes: packed & ((1 << BYTES_BITS) - 1),
        }
    }

    /// Whether it is a quarter of what the peer may send.
    fn is_urgent(self, bound: Bound) -> bool {
        self.messages * 4 >= bound.messages || self.bytes * 4 >= bound.bytes
    }
}

impl Inlet {
    pub(crate) fn new(pipe: PipeId, peer: Peer, bound: Bound) -> Self {
        Inlet {
            pipe,
            peer,
            bound,
            untold: AtomicU64::new(0),
            told: Counter::default(),
            told_bytes: Counter::default(),
            connection: AtomicWaker::new(),
            any_cancelled: AtomicBool::new(false),
            cancelled: Mutex::default(),
        }
    }

    pub(crate) fn pipe(&self) -> PipeId {
        self.pipe
    }

    pub(crate) fn peer(&self) -> &str {
        &self.peer.address
    }

    /// Who is charged with what came through it.
    pub(crate) fn sender(&self) -> Sender {
        match self.peer.instance {
            Some(instance) => Sender::Instance(self.peer.host.clone(), instance),
            None => Sender::Pipe(self.pipe),
        }
    }

    pub(crate) fn wake(&self) {
        self.connection.wake();
    }

    pub(crate) fn register(&self, waker: &Waker) {
        self.connection.register(waker);
    }

    /// One received message was handled. Wakes the connection for the first one
    /// since the peer was told, so that it can set its timer, and when the peer
    /// may be running out of credit.
    pub(crate) fn handled(&self, bytes: u64) {
        let more = (1 << BYTES_BITS) + bytes;
        let before = self.untold.fetch_add(more, SeqCst);
        let was_urgent = Amount::unpack(before).is_urgent(self.bound);
        if before == 0 || !was_urgent && Amount::unpack(before + more).is_urgent(self.bound) {
            self.wake();
        }
    }

    /// Whether anything was handled that the peer was not told of.
    pub(crate) fn owes_credit(&self) -> bool {
        self.untold.load(SeqCst) > 0
    }

    /// Whether a quarter of what the peer may send is used up.
    pub(crate) fn is_urgent(&self) -> bool {
        Amount::unpack(self.untold.load(SeqCst)).is_urgent(self.bound)
    }

    /// The credit to tell the peer now. Only the connection calls it.
    pub(crate) fn credit(&self) -> Credit {
        let news = Amount::unpack(self.untold.swap(0, SeqCst));
        self.told.add(news.messages);
        self.told_bytes.add(news.bytes);
        Credit {
            handled: self.told.get(),
            messages_max: self.told.get().saturating_add(self.bound.messages),
            bytes_max: self.told_bytes.get().saturating_add(self.bound.bytes),
        }
    }

    /// The peer does not wait for the answer to its request any more.
    pub(crate) fn cancel(&self, correlation: u64) {
        let mut cancelled = self.cancelled.lock();
        // Cancels that crossed their answers stay; the oldest of them make room.
        if cancelled.len() as u64 >= self.bound.messages {
            cancelled.pop_first();
        }
        cancelled.insert(correlation);
        self.any_cancelled.store(true, SeqCst);
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
