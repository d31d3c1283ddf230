//! What a mailbox does with messages that cannot be handled.

use std::any::type_name;
use std::mem;
use std::sync::atomic::Ordering::Relaxed;

use actix::{Actor, Handler, Message};

use super::Slot;
use super::conflation::{Conflations, Offer};
use super::parcel::{GivenBack, Parcel};
use super::polled::Author;
use super::queue::Refused;
use crate::child::Mailbox;
use crate::execution::Execution;
use crate::exit::Exit;
use crate::observe::DropCause;
use crate::panics::survive;
use crate::sync::{AtomicBool, Mutex};

/// The settings of a mailbox, as far as the queue does not know them.
#[derive(Default)]
pub(super) struct Policy {
    drops_oldest: AtomicBool,
    discards: AtomicBool,
    /// What waits at the raw address is still to be discarded.
    is_address_stale: AtomicBool,
    /// So that a mailbox that conflates nothing need not lock.
    conflates: AtomicBool,
    conflations: Mutex<Option<Box<Conflations>>>,
}

impl<A: Actor<Context: Execution<A>>> Slot<A> {
    pub(crate) fn set_mailbox(&self, mailbox: Mailbox) {
        let policy = &self.policy;
        self.queue.set_capacity(mailbox.capacity);
        policy.drops_oldest.store(mailbox.drops_oldest, Relaxed);
        policy.discards.store(mailbox.discards, Relaxed);
        let conflations = Conflations::new(&mailbox.conflatings);
        policy.conflates.store(conflations.is_some(), Relaxed);
        let before = mem::replace(&mut *policy.conflations.lock(), conflations);
        survive("the drop of a key", || drop(before));
    }

    /// Tells without looking back.
    pub(crate) fn tell<M>(&self, message: M)
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        let own_life = Author::own_life(self);
        let conflates = match self.policy.conflates.load(Relaxed) {
            true => {
                let conflations = self.policy.conflations.lock();
                conflations.as_ref().and_then(|all| all.of::<M>())
            }
            false => None,
        };
        let Some(conflation) = conflates else {
            return self.append(Parcel::expendable(message, own_life));
        };
        match conflation.offer(message, own_life) {
            Offer::New(conflated) => self.append(Parcel::expendable(conflated, 0)),
            Offer::Keyless(message) => self.append(Parcel::expendable(message, own_life)),
            Offer::Instead(before) => {
                self.count_drop(DropCause::Conflated, type_name::<M>());
                survive("the drop of a message", || drop(before));
            }
        }
    }

    fn append(&self, parcel: Parcel<A>) {
        let pushed = if self.policy.drops_oldest.load(Relaxed) {
            self.queue.push_displacing(parcel)
        } else {
            self.queue.push(parcel).map(|()| None)
        };
        match pushed {
            Ok(None) => {}
            Ok(Some(oldest)) => self.lose(oldest, DropCause::Displaced),
            Err(Refused::Full(newest)) => self.lose(newest, DropCause::MailboxFull),
            Err(Refused::Closed(late, _)) => self.lose(late, DropCause::Stopped),
        }
    }

    /// The generation `life` ended with `exit`: what waits goes back, if that is the
    /// policy.
    pub(super) fn discard_if_set(&self, life: u64, exit: &Exit) {
        let Some(parcels) = self.take_discarded(life) else {
            return;
        };
        self.queue.admit_if_any();
        for parcel in parcels {
            self.give_back(parcel, exit, DropCause::Discarded);
        }
        self.discard_at_address();
    }

    fn discard_at_address(&self) {
        for door in self.doors() {
            for _ in 0..door.discard() {
                self.count_drop(DropCause::Discarded, "a message by a raw address");
            }
        }
    }

    /// The generation that discards was given up. Taking from a raw address wakes
    /// senders: that is left to the next generation, before it makes its actor.
    pub(super) fn leave_address_stale(&self) {
        let discards = self.policy.discards.load(Relaxed);
        self.policy.is_address_stale.store(discards, Relaxed);
    }

    /// Nothing waits there any more.
    pub(super) fn address_is_fresh(&self) {
        self.policy.is_address_stale.store(false, Relaxed);
    }

    /// Discards what a generation that was given up left at the raw address.
    pub(crate) fn freshen_address(&self) {
        if self.policy.is_address_stale.swap(false, Relaxed) {
            self.discard_at_address();
        }
    }

    /// What waits, if it is not to outlive the generation `life`. What came for a later
    /// life is not taken.
    pub(super) fn take_discarded(&self, life: u64) -> Option<Vec<Parcel<A>>> {
        let discards = self.policy.discards.load(Relaxed);
        discards.then(|| self.queue.discard(life)).flatten()
    }

    /// A message that was told is not going to be handled.
    pub(crate) fn lose(&self, parcel: Parcel<A>, cause: DropCause) {
        // Nobody is told of it, so the reason does not matter.
        self.give_back(parcel, &Exit::Normal, cause);
    }

    /// A message is not going to be handled: its sender is told, or nobody waits
    /// for it, and it is dropped because of `cause`.
    pub(super) fn give_back(&self, parcel: Parcel<A>, exit: &Exit, cause: DropCause) {
        self.tell_of_return(std::slice::from_ref(&parcel), exit, cause);
        survive("the drop of a message", || parcel.discard());
    }

    /// The senders of these are told, or they count as dropped because of `cause`;
    /// they are to be discarded then.
    pub(super) fn tell_of_return(&self, parcels: &[Parcel<A>], exit: &Exit, cause: DropCause) {
        for parcel in parcels {
            let told = survive("the waker of a sender", || parcel.give_back(exit));
            if let Some(GivenBack::ToNobody(message)) = told {
                self.count_drop(cause, message);
            }
        }
    }

    /// A message of the type of this name was dropped.
    pub(crate) fn count_drop(&self, cause: DropCause, message: &'static str) {
        self.stats.dropped(cause.as_str(), 1);
        if let Some(seat) = self.seat.get() {
            seat.drop_letter(message, cause);
        }
    }
}
