//! What outlives the generations of one actor: its queues, its ports, its
//! address, its orders. The generation in charge borrows them; when it ends,
//! whatever it had not handled is still here for the next one.

mod late;
mod orders;
mod parcel;
mod port;
mod queue;
mod slice;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};

use actix::dev::channel::{AddressReceiver, channel};
use actix::{Actor, Addr, SpawnHandle};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::context::Context;
use crate::exit::Exit;
use crate::observe::Stats;

pub(crate) use orders::{Order, Orders};
pub(crate) use parcel::{AskCell, AskParcel, Fate, TellParcel};
pub(crate) use port::Door;
pub use port::{Loss, Outcome, Port, PortRefusal};
use queue::Queue;
pub(crate) use queue::Refused;
pub(crate) use slice::Slice;

/// Messages that wait in actix's own channel; it serves raw `Addr`s only.
const ADDRESS_CAPACITY: usize = 16;

pub(crate) struct Slot<A: Actor<Context = Context<A>>> {
    pub(crate) stats: Arc<Stats>,
    pub(crate) queue: Queue<A>,
    pub(crate) orders: Orders,
    /// Wakes the task of the current generation.
    pub(crate) waker: Arc<AtomicWaker>,
    doors: Mutex<Vec<Arc<dyn Door<A>>>>,
    /// So that a poll need not lock them to see that nothing changed.
    door_version: AtomicUsize,
    address: Addr<A>,
    receiver: Mutex<Option<AddressReceiver<A>>>,
    /// The life that ended last, and why.
    last_exit: watch::Sender<(u64, Exit)>,
    /// Set once no generation will follow.
    closed: watch::Sender<Option<Exit>>,
    /// The clock of the node, once the child was started in one.
    clock: OnceLock<Clock>,
    /// Handles stay unique for the life of the address, not of a generation.
    next_handle: Mutex<SpawnHandle>,
}

impl<A: Actor<Context = Context<A>>> Slot<A> {
    pub(crate) fn new(mailbox_capacity: usize) -> Arc<Self> {
        let (sender, receiver) = channel(ADDRESS_CAPACITY);
        let stats = Arc::new(Stats::default());
        let waker = Arc::new(AtomicWaker::new());
        Arc::new(Slot {
            queue: Queue::new(mailbox_capacity, waker.clone(), stats.clone()),
            stats,
            orders: Orders::default(),
            waker,
            doors: Mutex::default(),
            door_version: AtomicUsize::new(0),
            address: Addr::new(sender),
            receiver: Mutex::new(Some(receiver)),
            last_exit: watch::channel((0, Exit::Normal)).0,
            closed: watch::channel(None).0,
            clock: OnceLock::new(),
            next_handle: Mutex::new(SpawnHandle::default()),
        })
    }

    pub(crate) fn enter_node(&self, clock: &Clock) {
        self.clock.get_or_init(|| clock.clone());
    }

    pub(crate) fn address(&self) -> Addr<A> {
        self.address.clone()
    }

    pub(crate) fn take_receiver(&self) -> Option<AddressReceiver<A>> {
        self.receiver.lock().take()
    }

    pub(crate) fn return_receiver(&self, receiver: AddressReceiver<A>) {
        *self.receiver.lock() = Some(receiver);
    }

    pub(crate) fn next_handle(&self) -> SpawnHandle {
        let mut handle = self.next_handle.lock();
        *handle = handle.next();
        *handle
    }

    pub(crate) fn add_door(&self, door: Arc<dyn Door<A>>) {
        let mut doors = self.doors.lock();
        doors.retain(|door| !door.is_abandoned());
        doors.push(door);
        self.door_version.fetch_add(1, SeqCst);
        drop(doors);
        self.waker.wake();
    }

    pub(crate) fn doors(&self) -> Vec<Arc<dyn Door<A>>> {
        self.doors.lock().clone()
    }

    pub(crate) fn doors_and_version(&self) -> (Vec<Arc<dyn Door<A>>>, usize) {
        let doors = self.doors.lock();
        (doors.clone(), self.door_version.load(SeqCst))
    }

    pub(crate) fn door_version(&self) -> usize {
        self.door_version.load(SeqCst)
    }

    /// Recorded before anything of the generation is dropped, so that whoever
    /// sees its answer vanish can learn why.
    pub(crate) fn record_exit(&self, life: u64, exit: &Exit) {
        self.last_exit.send_replace((life, exit.clone()));
    }

    pub(crate) fn last_exit(&self) -> watch::Receiver<(u64, Exit)> {
        self.last_exit.subscribe()
    }

    pub(crate) fn closed(&self) -> Option<Exit> {
        self.closed.borrow().clone()
    }

    /// The exit with which a message that comes too late is refused.
    pub(crate) fn refusal_exit(&self) -> Exit {
        self.closed().unwrap_or(Exit::Shutdown)
    }

    pub(crate) fn on_close(&self) -> watch::Receiver<Option<Exit>> {
        self.closed.subscribe()
    }

    /// No generation follows: everything that waits goes back to its sender.
    pub(crate) fn close(&self, exit: &Exit) {
        self.queue.close(exit);
        for door in self.doors() {
            door.close(exit);
        }
        // Dropping the receiver closes raw addresses and their queued messages.
        self.take_receiver();
        self.closed.send_replace(Some(exit.clone()));
    }

    /// The clock of the node, or the machine's until there is one.
    pub(crate) fn clock(&self) -> Clock {
        self.clock.get().cloned().unwrap_or_default()
    }
}
