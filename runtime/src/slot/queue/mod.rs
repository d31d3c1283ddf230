//! The bounded mailbox behind a `Ref`.
//!
//! Senders append to one deque under one lock. The generation in charge takes
//! that deque whole and works it off under a lock of its own, which nobody else
//! wants in the ordinary case: the two sides meet once a batch. Both deques lie
//! here and not in the generation, so that a panic, or a thread that is given up,
//! loses at most the message in hand.
//!
//! Whoever waits for room stands in line, with the message: it is admitted by
//! whoever makes room, first come, first served.

mod consumer;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::task_waker::TaskWaker;
use crate::exit::Exit;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex};

/// What lies in a queue.
pub(crate) trait Item {
    type Receipt: Receipt;

    /// `None` if nobody waits for what becomes of it.
    fn receipt(&self) -> Option<Self::Receipt>;

    /// It may be dropped to make room for another.
    fn is_expendable(&self) -> bool;
}

/// What remains of an item in the queue while it is handled, and tells its sender.
pub(crate) trait Receipt {
    /// It stood in line and is queued now. Called outside every lock.
    fn admitted(&self);
}

/// Lock order: `waiting`, then `taken`.
///
/// The order in memory matters, too. What senders write with each message comes first,
/// what the generation in charge writes last, and between them is a cache line's length
/// of what is seldom written: one side would slow the other down if they shared a line.
#[repr(C)]
pub(crate) struct Queue<T: Item> {
    /// How many wait; written under the lock, so that an idle poll need not take it.
    waiting_count: AtomicUsize,
    waiting: Mutex<Waiting<T>>,
    consumer: Arc<TaskWaker>,
    has_line: AtomicBool,
    /// How many were taken and not handled; written under the lock.
    taken_count: AtomicUsize,
    taken: Mutex<Taken<T>>,
}

/// The side of the senders.
#[repr(C)]
struct Waiting<T> {
    items: VecDeque<Entry<T>>,
    last_serial: u64,
    /// No more than so many are taken and not handled, so that a sender need not look.
    taken_at_most: usize,
    high_water: usize,
    /// Nothing waits that the consumer was woken for: it is to be woken for the next.
    armed: bool,
    // From here on seldom written.
    capacity: usize,
    line: VecDeque<Entry<T>>,
    /// Why nothing is taken in any more.
    closed: Option<Box<Exit>>,
    /// The life for which the queue was opened last.
    opened_for: u64,
}

/// The side of the generation in charge.
#[repr(C)]
struct Taken<T: Item> {
    items: VecDeque<Entry<T>>,
    in_hand: Option<T::Receipt>,
    // From here on seldom written.
    /// What earlier lives have in hand that were not ended yet.
    in_earlier_hands: Vec<(u64, T::Receipt)>,
    /// The life that may take items, zero if none may.
    life: u64,
    /// Lives up to this one are over.
    ended: u64,
}

struct Entry<T> {
    serial: u64,
    item: T,
}

/// An item that was not taken in.
#[derive(Debug, PartialEq)]
pub(crate) enum Refused<T> {
    Full(T),
    Closed(T, Exit),
}

/// How long a queue is, and was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) depth: usize,
    pub(crate) high_water: usize,
    pub(crate) capacity: usize,
}

impl<T: Item> Queue<T> {
    pub(crate) fn new(capacity: usize, consumer: Arc<TaskWaker>) -> Self {
        Queue {
            waiting_count: AtomicUsize::new(0),
            waiting: Mutex::new(Waiting {
                items: VecDeque::new(),
                taken_at_most: 0,
                line: VecDeque::new(),
                capacity: capacity.max(1),
                high_water: 0,
                last_serial: 0,
                armed: true,
                closed: None,
                opened_for: 0,
            }),
            consumer,
            has_line: AtomicBool::new(false),
            taken_count: AtomicUsize::new(0),
            taken: Mutex::new(Taken {
                items: VecDeque::new(),
                in_hand: None,
                in_earlier_hands: Vec::new(),
                life: 0,
                ended: 0,
            }),
        }
    }

    /// Who is woken for what waits.
    pub(crate) fn consumer(&self) -> &Arc<TaskWaker> {
        &self.consumer
    }

    /// How many items may wait from now on, at least one.
    pub(crate) fn set_capacity(&self, capacity: usize) {
        self.waiting.lock().capacity = capacity.max(1);
        self.admit();
    }

    pub(crate) fn level(&self) -> Level {
        let waiting = self.waiting.lock();
        Level {
            depth: waiting.items.len() + self.taken_count.load(Acquire),
            high_water: waiting.high_water,
            capacity: waiting.capacity,
        }
    }

    /// Why nothing is taken in any more, if that is so.
    pub(crate) fn closed(&self) -> Option<Exit> {
        self.waiting.lock().closed.as_deref().cloned()
    }

    /// Takes an item in, now or not at all.
    pub(crate) fn push(&self, item: T) -> Result<(), Refused<T>> {
        let mut waiting = self.waiting.lock();
        if let Some(exit) = waiting.closed.as_deref() {
            let exit = exit.clone();
            return Err(Refused::Closed(item, exit));
        }
        if !self.has_room(&mut waiting) {
            return Err(Refused::Full(item));
        }
        let wake = self.append(&mut waiting, item).1;
        drop(waiting);
        self.wake(wake);
        Ok(())
    }

    /// Takes an item in, or has it wait in line. `item` learns its serial number,
    /// by which it can be withdrawn, and whether it stands in line.
    pub(crate) fn push_or_wait(&self, item: T) -> Result<(u64, bool), (T, Exit)> {
        let mut waiting = self.waiting.lock();
        if let Some(exit) = waiting.closed.as_deref() {
            let exit = exit.clone();
            return Err((item, exit));
        }
        if self.has_room(&mut waiting) {
            let (serial, wake) = self.append(&mut waiting, item);
            drop(waiting);
            self.wake(wake);
            return Ok((serial, false));
        }
        waiting.last_serial += 1;
        let serial = waiting.last_serial;
        waiting.line.push_back(Entry { serial, item });
        self.has_line.store(true, Release);
        drop(waiting);
        // Room that was made before the line was seen is found here.
        self.admit();
        Ok((serial, true))
    }

    /// Takes an item in; at the bound the oldest expendable one makes room for it,
    /// and comes back.
    pub(crate) fn push_displacing(&self, item: T) -> Result<Option<T>, Refused<T>> {
        let mut waiting = self.waiting.lock();
        if let Some(exit) = waiting.closed.as_deref() {
            let exit = exit.clone();
            return Err(Refused::Closed(item, exit));
        }
        let mut displaced = None;
        if !self.has_room(&mut waiting) {
            displaced = self.take_out(&mut waiting, |entry| entry.item.is_expendable());
            if displaced.is_none() {
                return Err(Refused::Full(item));
            }
        }
        let wake = self.append(&mut waiting, item).1;
        drop(waiting);
        self.wake(wake);
        Ok(displaced)
    }

    /// Takes an item out that its sender does not want handled any more; its room,
    /// or its place in line, is given up.
    pub(crate) fn withdraw(&self, serial: u64) -> Option<T> {
        let is_it = |entry: &Entry<T>| entry.serial == serial;
        let mut waiting = self.waiting.lock();
        if let Some(at) = waiting.line.iter().position(is_it) {
            return waiting.line.remove(at).map(|entry| entry.item);
        }
        let item = self.take_out(&mut waiting, is_it);
        drop(waiting);
        self.admit_if_any();
        item
    }

    /// The queue takes items in for `life` to come; whether it was closed before.
    pub(crate) fn open(&self, life: u64) -> bool {
        let mut waiting = self.waiting.lock();
        waiting.opened_for = life;
        waiting.closed.take().is_some()
    }

    /// The life for which it was opened last.
    pub(crate) fn opened_for(&self) -> u64 {
        self.waiting.lock().opened_for
    }

    /// Takes nothing in any more, unless it was opened for a life after `life`.
    /// What waited comes back in order, what stood in line last.
    pub(crate) fn close(&self, life: u64, exit: &Exit) -> Option<Vec<T>> {
        let mut waiting = self.waiting.lock();
        if waiting.opened_for > life {
            return None;
        }
        waiting.closed.get_or_insert_with(|| Box::new(exit.clone()));
        let mut items = self.take_all(&mut waiting);
        let line = mem::take(&mut waiting.line);
        items.extend(line.into_iter().map(|entry| entry.item));
        self.has_line.store(false, Release);
        Some(items)
    }

    /// Everything that is queued, unless it was opened for a life after `life`: then
    /// it may be for that one. [`admit_if_any`](Self::admit_if_any) is to follow.
    pub(crate) fn discard(&self, life: u64) -> Option<Vec<T>> {
        let mut waiting = self.waiting.lock();
        if waiting.opened_for > life {
            return None;
        }
        Some(self.take_all(&mut waiting))
    }

    fn take_all(&self, waiting: &mut Waiting<T>) -> Vec<T> {
        let mut taken = self.taken.lock();
        let items = mem::take(&mut taken.items);
        let items = items.into_iter().chain(mem::take(&mut waiting.items));
        self.taken_count.store(0, Release);
        waiting.taken_at_most = 0;
        self.waiting_count.store(0, Relaxed);
        waiting.armed = true;
        items.map(|entry| entry.item).collect()
    }

    fn take_out(&self, waiting: &mut Waiting<T>, is_it: impl Fn(&Entry<T>) -> bool) -> Option<T> {
        let mut taken = self.taken.lock();
        let entry = if let Some(at) = taken.items.iter().position(&is_it) {
            let entry = taken.items.remove(at);
            self.taken_count.store(taken.items.len(), Release);
            entry
        } else {
            let at = waiting.items.iter().position(&is_it)?;
            let entry = waiting.items.remove(at);
            self.waiting_count.store(waiting.items.len(), Relaxed);
            waiting.armed |= waiting.items.is_empty();
            entry
        };
        entry.map(|entry| entry.item)
    }

    /// Nobody overtakes those who stand in line.
    fn has_room(&self, waiting: &mut Waiting<T>) -> bool {
        waiting.line.is_empty() && self.is_below_bound(waiting)
    }

    fn is_below_bound(&self, waiting: &mut Waiting<T>) -> bool {
        let waits = waiting.items.len();
        let is_below = |taken| waits + taken < waiting.capacity;
        if is_below(waiting.taken_at_most) {
            return true;
        }
        waiting.taken_at_most = self.taken_count.load(Acquire);
        is_below(waiting.taken_at_most) || is_below(self.taken.lock().items.len())
    }

    /// The item's serial number, and whether the consumer is to be woken.
    fn append(&self, waiting: &mut Waiting<T>, item: T) -> (u64, bool) {
        waiting.last_serial += 1;
        let serial = waiting.last_serial;
        (serial, self.append_entry(waiting, Entry { serial, item }))
    }

    fn append_entry(&self, waiting: &mut Waiting<T>, entry: Entry<T>) -> bool {
        waiting.items.push_back(entry);
        let waits = waiting.items.len();
        self.waiting_count.store(waits, Release);
        if waits + waiting.taken_at_most > waiting.high_water {
            waiting.taken_at_most = self.taken_count.load(Acquire);
            let depth = waits + waiting.taken_at_most;
            waiting.high_water = waiting.high_water.max(depth);
        }
        mem::take(&mut waiting.armed)
    }

    fn wake(&self, wake: bool) {
        if wake {
            self.consumer.wake();
        }
    }

    /// Lets those in line move up, as far as there is room.
    fn admit(&self) {
        let mut receipts = Vec::new();
        let mut wake = false;
        let mut waiting = self.waiting.lock();
        while self.is_below_bound(&mut waiting)
            && let Some(entry) = waiting.line.pop_front()
        {
            receipts.extend(entry.item.receipt());
            wake |= self.append_entry(&mut waiting, entry);
        }
        self.has_line.store(!waiting.line.is_empty(), Release);
        drop(waiting);
        self.wake(wake);
        for receipt in receipts {
            receipt.admitted();
        }
    }

    /// Those in line are told that they moved up, so this may run their wakers.
    pub(crate) fn admit_if_any(&self) {
        if self.has_line.load(Acquire) {
            self.admit();
        }
    }
}
