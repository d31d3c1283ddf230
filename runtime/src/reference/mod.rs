//! Typed addresses that stay good over restarts, and asking through them.

mod ask;
mod deadline;
mod error;
mod monitor;
mod scheduled;
mod tell;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message, Recipient};

use crate::clock::Clock;
use crate::execution::Execution;
use crate::exit::Exit;
use crate::observe::Stats;
use crate::slot::{Author, Outcome, Parcel, Port, Refused, Slot};

pub use ask::Ask;
pub use error::{SendError, Waiting};
pub(crate) use monitor::Watch;
pub use monitor::{Down, Monitor};
pub use scheduled::Scheduled;
pub use tell::Tell;

/// A typed address that stays good over the restarts of the actor behind it.
///
/// The spec hands it out before the child is spawned. Messages go into a bounded
/// queue (1,024 by default) that the actor's generations share; they are handled
/// in the order in which they were taken in. Cloning is cheap.
pub struct Ref<A: Actor<Context: Execution<A>>> {
    slot: Arc<Slot<A>>,
}

impl<A: Actor<Context: Execution<A>>> Clone for Ref<A> {
    fn clone(&self) -> Self {
        Ref {
            slot: self.slot.clone(),
        }
    }
}

impl<A: Actor<Context: Execution<A>>> fmt::Debug for Ref<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref<{}>", std::any::type_name::<A>())
    }
}

impl<A: Actor<Context: Execution<A>>> Ref<A> {
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
        push(&self.slot, message)
    }

    /// Tells: resolves when the message is queued. Waits while the queue is full;
    /// those who wait are served in the order in which they came.
    ///
    /// # Errors
    /// [`SendError::Stopped`], with the message, when the actor stops for good
    /// before there was room.
    ///
    /// # Cancel safety
    /// Dropped before it has resolved, the message was not sent.
    pub fn tell<M>(&self, message: M) -> Tell<A, M>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        Tell::new(self.slot.clone(), message)
    }

    /// Tells without looking back: what finds no room is dropped, or something
    /// older, as the child's [`Mailbox`](crate::Mailbox) says, and counted in the tree.
    pub fn do_send<M>(&self, message: M)
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        self.slot.tell(message);
    }

    /// Tells after `delay`. Until then the message lies with the actor's queues: it
    /// outlives restarts, comes as soon as the next generation is ready if its time
    /// has passed by then, and is dropped when the actor is gone for good: counted as
    /// `stopped`, and a dead letter. Before the child is spawned the delay counts from its first
    /// start. It takes no room in the mailbox, nor has it a place in its order.
    /// What an actor schedules to itself ends with its generation.
    pub fn send_after<M>(&self, delay: Duration, message: M) -> Scheduled
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        let serial = self.slot.schedule_once(delay, message);
        Scheduled::new(self.slot.clone(), serial)
    }

    /// Tells every `period`, 1 ms at least, what `make` makes, for the first time
    /// after one period, until it is cancelled or the actor is gone for good; else as
    /// [`send_after`](Self::send_after). What was missed, because the actor was busy
    /// or restarting, is skipped, and one message comes for all of it. `make` runs in
    /// the actor, whose panic a panic of it is; then nothing more comes.
    pub fn send_every<M>(
        &self,
        period: Duration,
        make: impl FnMut() -> M + Send + 'static,
    ) -> Scheduled
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        let serial = self.slot.schedule_every(period, make);
        Scheduled::new(self.slot.clone(), serial)
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
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.slot.address().recipient()
    }

    /// How many messages wait in the queue.
    pub fn depth(&self) -> usize {
        self.slot.queue.level().depth
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
        self.slot.until_closed().await
    }

    /// Watches the actor from anywhere, before it runs, too: tells each end of a
    /// generation from now on and, by itself, that it is gone for good. If it is
    /// gone already, the monitor says so at once.
    pub fn monitor(&self) -> Monitor {
        self.slot.monitor()
    }

    pub(crate) fn slot(&self) -> &Arc<Slot<A>> {
        &self.slot
    }

    /// The counters of the child, shared by all its generations.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.slot.stats
    }
}

/// Takes a message in that nobody waits for, now or not at all.
fn push<A, M>(slot: &Slot<A>, message: M) -> Result<(), SendError<M>>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
{
    let refused = match slot
        .queue
        .push(Parcel::told(message, Author::own_life(slot)))
    {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    Err(match refused {
        Refused::Full(parcel) => SendError::Full(parcel.into_told()),
        Refused::Closed(parcel, exit) => SendError::Stopped(parcel.into_told(), exit),
    })
}
