//! What outlives the generations of one actor: its queues, its ports, its
//! address, its orders. The generation in charge borrows them; when it ends,
//! whatever it had not handled is still here for the next one.

mod address;
mod again;
mod asked;
mod closing;
mod conflation;
mod door;
mod ending;
mod late;
#[cfg(all(test, treewire_loom))]
mod loom;
mod orders;
mod outcome;
mod outstanding;
mod owed;
mod parcel;
mod policy;
mod polled;
mod port;
mod queue;
mod rescue;
mod sampling;
mod schedule;
mod slice;
mod task_waker;
mod telling;
mod vigil;
mod watchers;

use std::sync::OnceLock;
use std::sync::atomic::Ordering::SeqCst;

use actix::{Actor, Addr, SpawnHandle};
use tokio::sync::Notify;

use crate::child::Mailbox;
use crate::clock::Clock;
use crate::execution::Execution;
use crate::exit::Exit;
use crate::node::{Home, Seat};
use crate::observe::{Counter, MailboxSnapshot, Stats};
use crate::reference::{Down, Monitor};
use crate::sync::{Arc, AtomicUsize, Mutex};

use address::AddressDoor;
pub(crate) use asked::{Asked, Farewell, Progress, Settled};
pub(crate) use closing::Closing;
use closing::drop_each;
pub(crate) use conflation::Conflating;
pub(crate) use door::Door;
pub(crate) use orders::{Order, Orders};
pub use outcome::{Loss, Origin, Outcome};
pub(crate) use outstanding::Handling;
use owed::Owed;
pub(crate) use parcel::Parcel;
use policy::Policy;
pub(crate) use polled::Author;
pub use port::{Port, PortRefusal};
use queue::Queue;
pub(crate) use queue::Refused;
use rescue::Rescue;
pub(crate) use sampling::Sampling;
pub(crate) use schedule::Cancel;
use schedule::Schedule;
pub(crate) use slice::{Pace, Slice};
pub(crate) use task_waker::TaskWaker;
pub(crate) use telling::Telling;
pub(crate) use vigil::{Asking, Serving, Vigil};
use watchers::Watchers;
pub(crate) use watchers::{Dissolved, Linkable, link, linked_exit, unlink};

/// The queue comes first in memory: senders write the count of references with each
/// message, and the head of the queue. What follows is seldom written; what few actors
/// need is made when it is needed.
#[repr(C)]
pub(crate) struct Slot<A: Actor<Context: Execution<A>>> {
    pub(crate) queue: Queue<Parcel<A>>,
    pub(crate) orders: Orders,
    /// How many there were.
    generations: Counter,
    watchers: Watchers,
    /// Where the child is, once its first generation is on its way.
    seat: OnceLock<Seat>,
    doors: Mutex<Option<Box<Doors<A>>>>,
    /// So that a poll need not lock them to see that nothing changed.
    door_version: AtomicUsize,
    pub(crate) stats: Arc<Stats>,
    /// Those whom a generation owes an answer.
    pub(crate) owed: Owed,
    rescue: Rescue,
    /// Told when no generation follows.
    closing: OnceLock<Box<Notify>>,
    /// Made when a message is scheduled first.
    schedule: OnceLock<Arc<Schedule<A>>>,
    /// Handles stay unique for the life of the address, not of a generation.
    next_handle: Mutex<SpawnHandle>,
    // Senders look here: in no cache line of what the queue writes last.
    policy: Policy,
    pub(crate) vigil: Vigil,
}

/// Under one lock, so that they open and close at once, and with the queue.
struct Doors<A: Actor<Context: Execution<A>>> {
    all: Vec<Arc<dyn Door<A>>>,
    /// Made when it is asked for.
    address: Option<Addr<A>>,
}

impl<A: Actor<Context: Execution<A>>> Default for Doors<A> {
    fn default() -> Self {
        Doors {
            all: Vec::new(),
            address: None,
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Slot<A> {
    pub(crate) fn new(mailbox: Mailbox) -> Arc<Self> {
        let slot = Slot {
            queue: Queue::new(mailbox.capacity, Arc::default()),
            orders: Orders::default(),
            generations: Counter::default(),
            watchers: Watchers::default(),
            seat: OnceLock::new(),
            doors: Mutex::new(None),
            door_version: AtomicUsize::new(0),
            stats: Arc::default(),
            owed: Owed::default(),
            rescue: Rescue::default(),
            closing: OnceLock::new(),
            schedule: OnceLock::new(),
            next_handle: Mutex::new(SpawnHandle::default()),
            policy: Policy::default(),
            vigil: Vigil::default(),
        };
        slot.set_mailbox(mailbox);
        Arc::new(slot)
    }

    /// A generation is to take charge, though the slot may have been closed.
    pub(crate) fn begin(&self, home: &Home) {
        self.seat.get_or_init(|| home.seat());
        let doors = self.doors.lock();
        self.generations.add(1);
        if self.queue.open(home.life) {
            for door in doors.iter().flat_map(|doors| &doors.all) {
                door.reopen();
            }
        }
        drop(doors);
        self.orders.begin(home.life);
        self.watchers.begun(home.life);
    }

    /// The child was not taken in by any tree.
    pub(crate) fn refuse(&self, name: &Arc<str>) {
        self.seat.get_or_init(|| Seat::refused(name));
    }

    /// The tree knows that the generation `life` is over, and why.
    pub(crate) fn ended(&self, life: u64, exit: &Exit) -> Dissolved {
        self.orders.end(life);
        self.watchers.ended(self, life, || self.down(exit, false))
    }

    /// Tells of the generations that end from now on.
    pub(crate) fn monitor(&self) -> Monitor {
        let gone = || Some(self.down(&self.closed()?, true));
        Monitor::new(self.watchers.monitor(gone))
    }

    fn down(&self, exit: &Exit, last: bool) -> Down {
        Down {
            path: self
                .seat
                .get()
                .map_or("".into(), |seat| seat.path().clone()),
            generation: self.generations.get(),
            exit: exit.clone(),
            last,
        }
    }

    /// The clock of the node, or the machine's until there is one.
    pub(crate) fn clock(&self) -> Clock {
        self.seat.get().map_or_else(Clock::default, Seat::clock)
    }

    /// The raw address; one that is taken after the end is closed.
    pub(crate) fn address(&self) -> Addr<A> {
        let mut doors = self.doors.lock();
        if let Some(address) = doors.as_ref().and_then(|doors| doors.address.clone()) {
            return address;
        }
        let (address, door) = AddressDoor::open(self.waker().clone());
        let mut abandoned = Vec::new();
        if self.queue.closed().is_none() {
            let doors = doors.get_or_insert_default();
            doors.address = Some(address.clone());
            abandoned = self.add(doors, Arc::new(door));
        }
        drop(doors);
        drop_each(abandoned);
        self.waker().wake();
        address
    }

    pub(crate) fn next_handle(&self) -> SpawnHandle {
        let mut handle = self.next_handle.lock();
        *handle = handle.next();
        *handle
    }

    pub(crate) fn add_door(&self, door: Arc<dyn Door<A>>) {
        let mut doors = self.doors.lock();
        let closed = self.queue.closed();
        let closing = closed.map(|exit| door.close(&exit));
        let abandoned = self.add(doors.get_or_insert_default(), door);
        drop(doors);
        drop_each(abandoned);
        if let Some(closing) = closing {
            closing()();
        }
        self.waker().wake();
    }

    /// Those that nobody needs any more come back: what they hold is the user's.
    #[must_use = "to be dropped outside the lock"]
    fn add(&self, doors: &mut Doors<A>, door: Arc<dyn Door<A>>) -> Vec<Arc<dyn Door<A>>> {
        let is_abandoned = |door: &mut Arc<dyn Door<A>>| door.is_abandoned();
        let abandoned = doors.all.extract_if(.., is_abandoned).collect();
        doors.all.push(door);
        self.door_version.fetch_add(1, SeqCst);
        abandoned
    }

    fn doors(&self) -> Vec<Arc<dyn Door<A>>> {
        self.doors_and_version().0
    }

    pub(crate) fn doors_and_version(&self) -> (Vec<Arc<dyn Door<A>>>, usize) {
        let doors = self.doors.lock();
        let all = doors.as_ref().map(|doors| doors.all.clone());
        (all.unwrap_or_default(), self.door_version.load(SeqCst))
    }

    pub(crate) fn door_version(&self) -> usize {
        self.door_version.load(SeqCst)
    }

    /// Wakes the task of the current generation.
    pub(crate) fn waker(&self) -> &Arc<TaskWaker> {
        self.queue.consumer()
    }

    pub(crate) fn mailbox(&self) -> MailboxSnapshot {
        let level = self.queue.level();
        MailboxSnapshot {
            depth: level.depth as u64,
            high_water: level.high_water as u64,
            capacity: level.capacity as u64,
        }
    }

    pub(crate) fn closed(&self) -> Option<Exit> {
        self.queue.closed()
    }

    /// Waits until no generation follows, for the reason that it gives.
    pub(crate) async fn until_closed(&self) -> Exit {
        loop {
            // Who closes has closed before it looks here.
            let closing = self.closing.get_or_init(Box::default);
            let mut told = std::pin::pin!(closing.notified());
            told.as_mut().enable();
            if let Some(exit) = self.closed() {
                return exit;
            }
            told.await;
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Linkable for Slot<A> {
    fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    fn orders(&self) -> &Orders {
        &self.orders
    }

    fn seat(&self) -> Option<&Seat> {
        self.seat.get()
    }

    fn gone(&self) -> Option<Exit> {
        self.closed()
    }
}

#[cfg(all(test, not(treewire_loom)))]
mod tests {
    use super::*;

    struct Idle;

    impl Actor for Idle {
        type Context = crate::Context<Self>;
    }

    #[test]
    fn with_its_counts_of_references_a_slot_is_no_larger_than_what_is_set_aside_for_it() {
        let counts = 2 * size_of::<usize>();
        // The next size that allocators have is a quarter larger.
        assert!(size_of::<Slot<Idle>>() + counts <= 512);
    }
}
