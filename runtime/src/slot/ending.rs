//! How a generation ends, and the slot with the last of them. What they leave is taken
//! at once, by whoever says so; who is told of it, and what is dropped, may come later.

use actix::Actor;

use super::Slot;
use super::closing::{Closing, Remains, drop_each};
use super::parcel::{Parcel, Sender};
use crate::execution::Execution;
use crate::exit::Exit;
use crate::observe::DropCause;
use crate::panics::survive;
use crate::sync::Arc;

impl<A: Actor<Context: Execution<A>>> Slot<A> {
    /// The generation `life` ended with `exit`, and is about to be dropped.
    pub(crate) fn crashed(&self, life: u64, exit: &Exit) {
        for asker in self.take_in_hand(life) {
            survive("the waker of an asker", || asker.orphaned(exit));
        }
        for door in self.doors() {
            door.crashed(life, exit)()();
        }
        self.discard_if_set(life, exit);
    }

    /// The generation `life` is given up with its thread; what follows it is still to
    /// begin. Runs no user code: what is returned does.
    pub(crate) fn abandon(self: &Arc<Self>, life: u64, exit: &Exit) -> Closing {
        self.orders.end(life);
        let askers = self.take_in_hand(life);
        let hooks = self.rescue.take(life);
        let doors = self.doors();
        let closings: Vec<_> = doors.iter().map(|door| door.crashed(life, exit)).collect();
        let discarded = self.take_discarded(life).unwrap_or_default();
        self.leave_address_stale();
        let (slot, exit) = (self.clone(), exit.clone());
        Box::new(move || {
            let lost = |asker: &Arc<dyn Sender>| {
                let unneeded = survive("the waker of an asker", || asker.lost(&exit));
                unneeded.flatten()
            };
            let unneeded: Vec<Remains> = askers.iter().filter_map(lost).collect();
            survive("the waker of a teller", || slot.queue.admit_if_any());
            slot.tell_of_return(&discarded, &exit, DropCause::Discarded);
            for hook in hooks {
                survive("what follows an abandonment", hook);
            }
            let closed: Vec<Remains> = closings.into_iter().map(|closing| closing()).collect();
            // The lost generation may have been about to look at the doors.
            slot.waker().wake();
            Box::new(move || {
                for remains in unneeded.into_iter().chain(closed) {
                    survive("the drop of a message", remains);
                }
                discard_each(discarded);
                drop_each(askers);
                drop_each(doors);
                drop(slot);
            })
        })
    }

    /// No generation follows `life`: everything that waits goes back to its sender.
    /// `None` if a later one was prepared meanwhile. Nothing is taken in any more when
    /// this returns. Runs no user code: what is returned does.
    pub(crate) fn close(self: &Arc<Self>, life: u64, exit: &Exit) -> Option<Closing> {
        let mut doors = self.doors.lock();
        let parcels = self.queue.close(life, exit)?;
        let address = doors.as_mut().and_then(|doors| doors.address.take());
        self.address_is_fresh();
        let all = doors.iter().flat_map(|doors| &doors.all);
        let closings: Vec<_> = all.map(|door| door.close(exit)).collect();
        let last_end = self.watchers.close(|| self.down(exit, true));
        drop(doors);
        let (slot, exit) = (self.clone(), exit.clone());
        Some(Box::new(move || {
            let tell = || last_end.map(|last_end| last_end.tell(&*slot));
            let links = survive("the waker of a watcher", tell).flatten();
            if let Some(closing) = slot.closing.get() {
                survive("the waker of a watcher", || closing.notify_waiters());
            }
            slot.tell_of_return(&parcels, &exit, DropCause::Stopped);
            let closed: Vec<Remains> = closings.into_iter().map(|closing| closing()).collect();
            Box::new(move || {
                discard_each(parcels);
                for remains in closed {
                    survive("the drop of a message", remains);
                }
                survive("the drop of a link", || drop(links));
                drop(address);
                drop(slot);
            })
        }))
    }

    /// `hook` runs if the generation `life` is given up, and is dropped otherwise.
    pub(crate) fn on_abandoned(&self, life: u64, hook: impl FnOnce() + Send + 'static) {
        for late in self.rescue.add(life, Box::new(hook), &self.orders) {
            late();
        }
    }

    /// The generation `life` ends by itself: nobody need do it.
    pub(crate) fn forget_hooks(&self, life: u64) {
        for hook in self.rescue.take(life) {
            survive("the drop of a hook", || drop(hook));
        }
    }

    /// Whoever asked for what `life` has in hand, or owes an answer for.
    fn take_in_hand(&self, life: u64) -> Vec<Arc<dyn Sender>> {
        let in_hand = self.queue.end(life);
        in_hand.into_iter().chain(self.owed.end(life)).collect()
    }
}

fn discard_each<A: Actor>(parcels: Vec<Parcel<A>>) {
    for parcel in parcels {
        survive("the drop of a message", || parcel.discard());
    }
}
