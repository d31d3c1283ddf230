use std::collections::VecDeque;
use std::sync::Arc;

use actix::Actor;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, TryAcquireError};

use super::parcel::Parcel;
use crate::exit::Exit;
use crate::observe::Stats;

/// The bounded mailbox behind a `Ref`.
///
/// Room is counted by a semaphore, so that the bound is exact for any number of
/// senders and those who wait are served in order; the queue itself is never
/// longer than the room that was granted.
pub(crate) struct Queue<A: Actor> {
    waiting: Mutex<Waiting<A>>,
    room: Arc<Semaphore>,
    capacity: usize,
    waker: Arc<AtomicWaker>,
    stats: Arc<Stats>,
}

struct Waiting<A: Actor> {
    parcels: VecDeque<Box<dyn Parcel<A>>>,
    /// Why nothing is taken in any more.
    closed: Option<Exit>,
}

/// A parcel that was not taken in.
pub(crate) enum Refused {
    Full,
    Closed,
}

impl<A: Actor> Queue<A> {
    pub(crate) fn new(capacity: usize, waker: Arc<AtomicWaker>, stats: Arc<Stats>) -> Self {
        let waiting = Waiting {
            parcels: VecDeque::new(),
            closed: None,
        };
        Queue {
            waiting: Mutex::new(waiting),
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
            waker,
            stats,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes room for one parcel, now or not at all.
    pub(crate) fn try_reserve(&self) -> Result<(), Refused> {
        match self.room.try_acquire() {
            Ok(room) => {
                room.forget();
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(Refused::Full),
            Err(TryAcquireError::Closed) => Err(Refused::Closed),
        }
    }

    /// The semaphore to wait at for room.
    pub(crate) fn room(&self) -> Arc<Semaphore> {
        self.room.clone()
    }

    /// Takes a parcel in, for which room was reserved. If the queue was closed
    /// since, the parcel is given back through its own channel.
    pub(crate) fn push(&self, parcel: Box<dyn Parcel<A>>) {
        let mut waiting = self.waiting.lock();
        if let Some(exit) = waiting.closed.clone() {
            drop(waiting);
            return self.give_back(parcel, &exit);
        }
        waiting.parcels.push_back(parcel);
        let depth = waiting.parcels.len();
        self.stats.mailbox_depth.set(depth as u64);
        self.stats.mailbox_high_water.raise(depth as u64);
        drop(waiting);
        if depth == 1 {
            self.waker.wake();
        }
    }

    /// The oldest parcel; its room goes to whoever waits for it.
    pub(crate) fn pop(&self) -> Option<Box<dyn Parcel<A>>> {
        let parcel = {
            let mut waiting = self.waiting.lock();
            let parcel = waiting.parcels.pop_front()?;
            self.stats.mailbox_depth.set(waiting.parcels.len() as u64);
            parcel
        };
        self.room.add_permits(1);
        Some(parcel)
    }

    pub(crate) fn close(&self, exit: &Exit) {
        let parcels = {
            let mut waiting = self.waiting.lock();
            waiting.closed.get_or_insert_with(|| exit.clone());
            self.stats.mailbox_depth.set(0);
            std::mem::take(&mut waiting.parcels)
        };
        self.room.close();
        for parcel in parcels {
            self.give_back(parcel, exit);
        }
    }

    /// Every drop is counted, or told to who waits.
    fn give_back(&self, parcel: Box<dyn Parcel<A>>, exit: &Exit) {
        if !parcel.give_back(exit) {
            self.stats.dropped("stopped", 1);
        }
    }
}
