//! Typed addresses that stay good over restarts, and asking through them.

mod ask;
mod error;

use std::fmt;
use std::sync::Arc;

use actix::{Actor, Addr, Handler, Message, Recipient};

use crate::clock::Clock;
use crate::context::Context;
use crate::exit::Exit;
use crate::observe::Stats;
use crate::slot::{Outcome, Port, Refused, Slot, TellParcel};

pub use ask::Ask;
pub use error::{SendError, Waiting};

/// A typed address that stays good over the restarts of the actor behind it.
///
/// The spec hands it out before the child is spawned. Messages go into a bounded
/// queue (1,024 by default) that the actor's generations share; they are handled
/// in the order in which they were taken in. Cloning is cheap.
pub struct Ref<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
}

impl<A: Actor<Context = Context<A>>> Clone for Ref<A> {
    fn clone(&self) -> Self {
        Ref {
            slot: self.slot.clone(),
        }
    }
}

impl<A: Actor<Context = Context<A>>> fmt::Debug for Ref<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref<{}>", std::any::type_name::<A>())
    }
}

impl<A: Actor<Context = Context<A>>> Ref<A> {
    pub(crate) fn new(slot: Arc<Slot<A>>) -> Self {
        Ref { slot }
    }

    /// Asks: resolves to the handler's answer. Waits while the queue is full or
    /// the actor is between two generations.
    ///
    /// # Errors
    /// See [`SendError`]; a message that was not handled comes back.
    ///
    /// # Cancel safety
    /// Dropping the future withdraws the message unless its handler has begun.
    pub fn send<M>(&self, message: M) -> Ask<A, M>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        Ask::new(self.slot.clone(), message)
    }

    /// Tells, or refuses at once.
    ///
    /// # Errors
    /// [`SendError::Full`] at the bound, [`SendError::Stopped`] after the end.
    pub fn try_send<M>(&self, message: M) -> Result<(), SendError<M>>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        match self.slot.queue.try_reserve() {
            Ok(()) => {
                self.slot.queue.push(Box::new(TellParcel(message)));
                Ok(())
            }
            Err(Refused::Full) => Err(SendError::Full(message)),
            Err(Refused::Closed) => Err(SendError::Stopped(message, self.slot.refusal_exit())),
        }
    }

    /// Tells without looking back: at the bound the message is dropped, and
    /// counted as `mailbox full` in the tree.
    pub fn do_send<M>(&self, message: M)
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        match self.try_send(message) {
            Ok(()) => {}
            Err(SendError::Full(_)) => self.slot.stats.dropped("mailbox full", 1),
            Err(_) => self.slot.stats.dropped("stopped", 1),
        }
    }

    /// A bounded batch queue into the actor, handled by its `Handler<M>`, with an
    /// outcome for each message. It stays good over restarts, as the `Ref` does.
    pub fn port<M, O>(&self, capacity: usize) -> Port<M, O>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
        O: Outcome<M>,
    {
        Port::open(&self.slot, capacity)
    }

    /// The raw actix address. It survives restarts, too, but its channel is
    /// actix's own: no exact bound, no true depth, and `MailboxError` for errors.
    pub fn address(&self) -> Addr<A> {
        self.slot.address()
    }

    /// The raw actix recipient, with the limits of [`address`](Self::address).
    pub fn recipient<M>(&self) -> Recipient<M>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.slot.address().recipient()
    }

    /// How many messages wait in the queue.
    pub fn depth(&self) -> usize {
        self.slot.stats.mailbox_depth.get() as usize
    }

    /// Why no message is taken any more, once that is so.
    pub fn closed(&self) -> Option<Exit> {
        self.slot.closed()
    }

    /// The clock of the node in which the actor was started; the machine's before.
    pub fn clock(&self) -> Clock {
        self.slot.clock()
    }

    /// Waits until the actor has left the tree for good, with its last exit.
    ///
    /// Cancel-safe.
    pub async fn gone(&self) -> Exit {
        let mut closed = self.slot.on_close();
        // The slot, which holds the sender, outlives this call.
        match closed.wait_for(Option::is_some).await {
            Ok(exit) => exit.clone().unwrap_or(Exit::Shutdown),
            Err(_) => Exit::Shutdown,
        }
    }

    /// The counters of the child, shared by all its generations.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.slot.stats
    }
}
