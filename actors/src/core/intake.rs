#[cfg(all(test, treewire_loom))]
mod loom;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;
use std::task::Waker;

use treewire_runtime::Counter;
use treewire_transports::Credit;

use crate::bound::Bound;
use crate::session::{Incoming, Position};
use crate::sync::{AtomicBool, AtomicU64, Mutex, MutexGuard};

/// What was received from one peer and handled: as long as the connection, or as the
/// session if there is one. Every message that came holds it, counts itself as handled
/// there, and wakes the connection when the peer is to be told.
pub(crate) struct Intake {
    /// What the peer may have under way; written under the lock of `connection`.
    messages_max: Counter,
    bytes_max: Counter,
    /// Not zero if the bound was raised since the peer was told. As above.
    raised: Counter,
    /// What was handled and the peer was not told: messages above
    /// [`BYTES_BITS`], bytes below, so that a message costs one atomic step.
    untold: AtomicU64,
    /// What the peer was told; written under the lock of `connection`.
    told: Counter,
    told_bytes: Counter,
    /// How much of that was told before the session began: one may go on with the numbers of
    /// another. Written under the lock of `connection`.
    bytes_before: Counter,
    connection: Mutex<Registered>,
    /// Of a session: what waits for those before it to be handled.
    incoming: Option<Mutex<Incoming>>,
    any_cancelled: AtomicBool,
    cancelled: Mutex<BTreeSet<u64>>,
}

/// The connection that is up. An earlier one, which wakes up late, must not catch
/// its wake-ups.
#[derive(Default)]
struct Registered {
    connection: u64,
    waker: Option<Waker>,
}

/// Counts messages that arrive one after the other. Nothing of their session may be
/// handled meanwhile: it holds the lock.
pub(crate) struct Arrivals<'intake>(Option<MutexGuard<'intake, Incoming>>);

impl Arrivals<'_> {
    /// The next message arrived; the number by which it is [handled](Intake::handled):
    /// where it stands in its session, or without one how many bytes it has.
    #[inline]
    pub(crate) fn next(&mut self, bytes: u64) -> u64 {
        match &mut self.0 {
            Some(incoming) => incoming.arrived(bytes),
            None => bytes,
        }
    }

    #[inline]
    pub(crate) fn are_of_a_session(&self) -> bool {
        self.0.is_some()
    }
}

const BYTES_BITS: u32 = 40;

/// Handled messages and bytes.
#[derive(Clone, Copy)]
struct Amount {
    messages: u64,
    bytes: u64,
}

impl Amount {
    #[inline]
    fn unpack(packed: u64) -> Self {
        Amount {
            messages: packed >> BYTES_BITS,
            bytes: packed & ((1 << BYTES_BITS) - 1),
        }
    }

    fn pack(self) -> u64 {
        (self.messages << BYTES_BITS) + self.bytes
    }

    /// Whether it is a quarter of what the peer may send.
    fn is_urgent(self, bound: Bound) -> bool {
        self.messages * 4 >= bound.messages || self.bytes * 4 >= bound.bytes
    }
}

impl Intake {
    pub(crate) fn of_a_connection(bound: Bound) -> Self {
        let (messages_max, bytes_max) = (Counter::default(), Counter::default());
        messages_max.set(bound.messages);
        bytes_max.set(bound.bytes);
        Intake {
            messages_max,
            bytes_max,
            raised: Counter::default(),
            untold: AtomicU64::new(0),
            told: Counter::default(),
            told_bytes: Counter::default(),
            bytes_before: Counter::default(),
            connection: Mutex::new(Registered::default()),
            incoming: None,
            any_cancelled: AtomicBool::new(false),
            cancelled: Mutex::new(BTreeSet::new()),
        }
    }

    /// For messages that are numbered from the one after `sequence` on.
    pub(crate) fn of_a_session(bound: Bound, sequence: u64) -> Self {
        let intake = Intake::of_a_connection(bound);
        intake.told.set(sequence);
        Intake {
            incoming: Some(Mutex::new(Incoming::after(sequence))),
            ..intake
        }
    }

    fn bound(&self) -> Bound {
        Bound {
            messages: self.messages_max.get(),
            bytes: self.bytes_max.get(),
        }
    }

    /// From now on the peer may have so much under way. A lower bound holds once it has used
    /// up what it was allowed; of a higher one it is told at once.
    pub(crate) fn set_bound(&self, bound: Bound) {
        let mut registered = self.connection.lock();
        let before = self.bound();
        self.messages_max.set(bound.messages);
        self.bytes_max.set(bound.bytes);
        if bound.messages <= before.messages && bound.bytes <= before.bytes {
            return;
        }
        self.raised.set(1);
        let waker = registered.waker.take();
        drop(registered);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the peer may send more than it was told, though nothing was handled.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised.get() > 0
    }

    pub(crate) fn wake(&self) {
        let waker = self.connection.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next [`wake`](Self::wake) wakes that connection, unless a later one has
    /// registered.
    pub(crate) fn register(&self, connection: u64, waker: &Waker) {
        let mut registered = self.connection.lock();
        if connection < registered.connection {
            return;
        }
        registered.connection = connection;
        match &mut registered.waker {
            Some(known) if known.will_wake(waker) => {}
            known => {
                let known = known.replace(waker.clone());
                drop(registered);
                // A task may end with its last waker.
                drop(known);
            }
        }
    }

    /// A connection that is about to be opened; earlier ones have no say any more. The
    /// credit that it tells the peer. In a session that is new bytes count from there.
    pub(crate) fn begin(&self, connection: u64, is_new: bool) -> Credit {
        let mut registered = self.connection.lock();
        registered.connection = registered.connection.max(connection);
        let stale = registered.waker.take();
        self.tell_all(&registered);
        if is_new {
            self.bytes_before.set(self.told_bytes.get());
        }
        let credit = self.told(&registered);
        drop(registered);
        drop(stale);
        credit
    }

    /// Messages up to that one do not come any more: they count as handled.
    pub(crate) fn skip_to(&self, sequence: u64) {
        if let Some(incoming) = &self.incoming {
            let _registered = self.connection.lock();
            let skipped = incoming.lock().skip_to(sequence);
            self.told.add(skipped.messages);
            self.told_bytes.add(skipped.bytes);
        }
    }

    /// Up to which message of a session all were handled.
    pub(crate) fn handled_up_to(&self) -> u64 {
        let incoming = self.incoming.as_ref();
        incoming.map_or(0, |incoming| incoming.lock().handled_up_to())
    }

    /// Messages are about to arrive.
    #[inline]
    pub(crate) fn arrivals(&self) -> Arrivals<'_> {
        Arrivals(self.incoming.as_ref().map(Mutex::lock))
    }

    /// How far the peer's messages of a session were received.
    pub(crate) fn received(&self) -> Position {
        let Some(incoming) = &self.incoming else {
            return Position::default();
        };
        let received = incoming.lock().received();
        Position {
            bytes: received.bytes - self.bytes_before.get(),
            ..received
        }
    }

    /// Whether a session has messages that are not handled, or not known to be.
    pub(crate) fn owes_news(&self) -> bool {
        let incoming = self.incoming.as_ref();
        self.owes_credit() || incoming.is_some_and(|incoming| incoming.lock().is_open())
    }

    /// The bytes of a session's messages that are not handled.
    pub(crate) fn open_bytes(&self) -> u64 {
        let incoming = self.incoming.as_ref();
        incoming.map_or(0, |incoming| incoming.lock().open_bytes())
    }

    /// The received message of that [number](Arrivals::next) was handled. Wakes the connection for the first one
    /// since the peer was told, so that it can set its timer, and when the peer
    /// may be running out of credit.
    #[inline]
    pub(crate) fn handled(&self, number: u64) {
        let amount = match &self.incoming {
            None => Amount {
                messages: 1,
                bytes: number,
            },
            Some(incoming) => {
                let handled = incoming.lock().handled(number);
                if handled.messages == 0 {
                    return;
                }
                Amount {
                    messages: handled.messages,
                    bytes: handled.bytes,
                }
            }
        };
        let more = amount.pack();
        let before = self.untold.fetch_add(more, SeqCst);
        let is_urgent = |packed| Amount::unpack(packed).is_urgent(self.bound());
        if before == 0 || is_urgent(before + more) && !is_urgent(before) {
            self.wake();
        }
    }

    /// Whether anything was handled that the peer was not told of.
    pub(crate) fn owes_credit(&self) -> bool {
        self.untold.load(SeqCst) > 0
    }

    /// Whether a quarter of what the peer may send is used up.
    pub(crate) fn is_urgent(&self) -> bool {
        Amount::unpack(self.untold.load(SeqCst)).is_urgent(self.bound())
    }

    /// The credit that `connection` is to tell the peer now; none if a later one is up,
    /// which then tells it.
    pub(crate) fn credit(&self, connection: u64) -> Credit {
        let registered = self.connection.lock();
        if connection < registered.connection {
            return Credit::default();
        }
        self.tell_all(&registered);
        self.told(&registered)
    }

    fn tell_all(&self, _: &Registered) {
        self.raised.set(0);
        let news = Amount::unpack(self.untold.swap(0, SeqCst));
        self.told.add(news.messages);
        self.told_bytes.add(news.bytes);
    }

    fn told(&self, _: &Registered) -> Credit {
        let bytes = self.told_bytes.get() - self.bytes_before.get();
        Credit {
            handled: self.told.get(),
            messages_max: self.told.get().saturating_add(self.messages_max.get()),
            bytes_max: bytes.saturating_add(self.bytes_max.get()),
        }
    }

    /// The peer does not wait for the answer to its request any more.
    pub(crate) fn cancel(&self, correlation: u64) {
        let mut cancelled = self.cancelled.lock();
        // Cancels that crossed their answers stay; the oldest of them make room.
        if cancelled.len() as u64 >= self.messages_max.get() {
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
