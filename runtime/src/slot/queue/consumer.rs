//! The side of the generation in charge.

use std::mem;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::{Item, Queue, Taken};
use crate::sync::MutexGuard;

impl<T: Item> Queue<T> {
    /// `life` may take items from now on, unless it is over.
    pub(crate) fn begin(&self, life: u64) {
        let mut taken = self.taken.lock();
        if life <= taken.ended {
            return;
        }
        // A life that is given up may be told so after its successor began.
        let before = mem::replace(&mut taken.life, life);
        if let Some(receipt) = taken.in_hand.take() {
            taken.in_earlier_hands.push((before, receipt));
        }
    }

    /// Whether some generation takes items.
    pub(crate) fn is_served(&self) -> bool {
        self.taken.lock().life != 0
    }

    /// `life` takes nothing any more; what it had in hand comes back.
    pub(crate) fn end(&self, life: u64) -> Option<T::Receipt> {
        let mut taken = self.taken.lock();
        taken.ended = taken.ended.max(life);
        if taken.life == life {
            taken.life = 0;
            return taken.in_hand.take();
        }
        let mut earlier = taken.in_earlier_hands.iter();
        let at = earlier.position(|&(of, _)| of == life)?;
        Some(taken.in_earlier_hands.swap_remove(at).1)
    }

    /// The oldest item, from now on in the hands of `life`, if that may take it.
    pub(crate) fn pop(&self, life: u64) -> Option<T> {
        let (item, _before) = loop {
            let mut taken = if self.taken_count.load(Relaxed) > 0 {
                self.taken.lock()
            } else {
                self.refill(life)?
            };
            if taken.life != life {
                return None;
            }
            // Senders may have taken out what was there.
            if let Some(entry) = taken.items.pop_front() {
                self.taken_count.store(taken.items.len(), Release);
                let receipt = entry.item.receipt();
                let before = receipt.and_then(|receipt| taken.in_hand.replace(receipt));
                break (entry.item, before);
            }
        };
        self.admit_if_any();
        Some(item)
    }

    /// Takes all that waits; `None` if nothing does, and then the next wakes.
    fn refill(&self, life: u64) -> Option<MutexGuard<'_, Taken<T>>> {
        if self.waiting_count.load(Acquire) == 0 {
            return None;
        }
        let mut waiting = self.waiting.lock();
        let mut taken = self.taken.lock();
        if taken.life == life && taken.items.is_empty() {
            mem::swap(&mut waiting.items, &mut taken.items);
            self.waiting_count.store(0, Relaxed);
            waiting.taken_at_most = taken.items.len();
            self.taken_count.store(taken.items.len(), Release);
            waiting.armed = true;
        }
        Some(taken)
    }
}
