use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use parking_lot::Mutex;
use tokio::sync::Notify;
use treewire_runtime::{Counter, Stats};
use treewire_transports::{Credit, Endpoint, Envelope};

use super::{Core, CoreConfig, Inlet, PipeId, Queued};

/// A socket's core and those who wait at it: shared by its handles, its
/// connections and its actor, over all their lives.
pub(crate) struct Shared {
    core: Mutex<Core>,
    pub(crate) stats: Arc<Stats>,
    /// There may be room for a message to send.
    pub(crate) room: Notify,
    /// There may be a message to receive.
    pub(crate) arrived: Notify,
    /// Peers came or went, or confirmed something.
    pub(crate) changed: Notify,
    /// So that connections need not lock the core to know.
    closing: AtomicBool,
    /// Requests that were handed out and not answered yet.
    in_hand: AtomicU64,
    /// Peers whose connection ended because of what they sent.
    pub(crate) bad_peers: Counter,
    /// What the listeners are bound to, in the order in which they were named.
    bound: Mutex<Vec<Option<Endpoint>>>,
}

impl Shared {
    pub(crate) fn new(config: CoreConfig, stats: Arc<Stats>, listeners: usize) -> Arc<Self> {
        Arc::new(Shared {
            core: Mutex::new(Core::new(config, stats.clone())),
            stats,
            room: Notify::new(),
            arrived: Notify::new(),
            changed: Notify::new(),
            closing: AtomicBool::new(false),
            in_hand: AtomicU64::new(0),
            bad_peers: Counter::default(),
            bound: Mutex::new(vec![None; listeners]),
        })
    }

    /// Calls the core. Nobody is woken for it: see the methods below.
    pub(crate) fn core<T>(&self, call: impl FnOnce(&mut Core) -> T) -> T {
        call(&mut self.core.lock())
    }

    pub(crate) fn attach(&self, pipe: Option<PipeId>, peer: &str) -> Option<Arc<Inlet>> {
        let inlet = self.core(|core| core.attach(pipe, peer));
        self.room.notify_waiters();
        self.changed.notify_waiters();
        inlet
    }

    pub(crate) fn detach(&self, pipe: PipeId) {
        self.core(|core| core.detach(pipe));
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    pub(crate) fn accept(&self, inlet: &Arc<Inlet>, batch: impl Iterator<Item = Envelope>) {
        if self.core(|core| core.accept(inlet, batch)) {
            self.arrived.notify_waiters();
        }
    }

    /// What the peer allows and confirms; `Err` with how many messages it was sent
    /// if it confirms more than that.
    pub(crate) fn credit(&self, pipe: PipeId, credit: Credit) -> Result<(), u64> {
        let result = self.core(|core| match core.pipe(pipe) {
            Some(pipe) if credit.handled > pipe.sent() => Err(pipe.sent()),
            Some(pipe) => {
                pipe.credit(credit);
                Ok(())
            }
            None => Ok(()),
        });
        if self.is_closing() {
            self.changed.notify_waiters();
        }
        result
    }

    pub(crate) fn take_sendable(&self, pipe: PipeId, bytes_wanted: u64, batch: &mut Vec<Queued>) {
        if self.core(|core| core.take_sendable(pipe, bytes_wanted, batch)) {
            self.room.notify_waiters();
        }
    }

    /// How much a closing pipe has sent in all, once nothing is left to be sent.
    pub(crate) fn sent_all(&self, pipe: PipeId) -> Option<u64> {
        if self.in_hand.load(SeqCst) > 0 {
            return None;
        }
        self.core(|core| {
            let pipe = core.pipe(pipe)?;
            (pipe.queued() == 0).then(|| pipe.sent())
        })
    }

    /// How much the connection of a pipe has sent.
    pub(crate) fn sent(&self, pipe: PipeId) -> Option<u64> {
        self.core(|core| core.pipe(pipe).map(|pipe| pipe.sent()))
    }

    /// Messages that are queued, sent and not confirmed, or owed as an answer.
    pub(crate) fn unflushed(&self) -> u64 {
        // In this order: an answer is queued before it stops being owed.
        let in_hand = self.in_hand.load(SeqCst);
        in_hand + self.core(|core| core.unflushed())
    }

    pub(crate) fn request_handed_out(&self) {
        self.in_hand.fetch_add(1, SeqCst);
    }

    /// A request was answered, or let go of. Locks the core of a closing socket,
    /// so it may be called under that lock only while the socket is open.
    pub(crate) fn request_done(&self) {
        self.in_hand.fetch_sub(1, SeqCst);
        if self.is_closing() {
            self.core(Core::wake_all);
            self.changed.notify_waiters();
        }
    }

    pub(crate) fn begin_closing(&self) {
        self.core(|core| {
            core.begin_closing();
            // Under the lock: who holds it and sees an open core sees an open socket.
            self.closing.store(true, SeqCst);
        });
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    /// Gives up what is left; how many messages that were, answers owed included.
    pub(crate) fn end(&self) -> u64 {
        let in_hand = self.in_hand.load(SeqCst);
        self.core(Core::end) + in_hand
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    pub(crate) fn set_bound(&self, index: usize, endpoint: Endpoint) {
        if let Some(bound) = self.bound.lock().get_mut(index) {
            *bound = Some(endpoint);
        }
    }

    pub(crate) fn bound(&self, index: usize) -> Option<Endpoint> {
        self.bound.lock().get(index).cloned().flatten()
    }

    pub(crate) fn all_bound(&self) -> Vec<Endpoint> {
        self.bound.lock().iter().flatten().cloned().collect()
    }
}
