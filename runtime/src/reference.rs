use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use actix::{Actor, Addr, Handler, Message, Recipient};
use tokio::sync::{SemaphorePermit, oneshot};

use crate::clock::Clock;
use crate::context::Context;
use crate::exit::Exit;
use crate::observe::Stats;
use crate::slot::{AskCell, AskParcel, Fate, Outcome, Port, Refused, Slot, TellParcel};

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
        Ask {
            slot: self.slot.clone(),
            stage: Stage::New(message),
            deadline: None,
        }
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
            Err(Refused::Closed) => Err(SendError::Stopped(message, self.closed_exit())),
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

    fn closed_exit(&self) -> Exit {
        self.closed().unwrap_or(Exit::Shutdown)
    }
}

/// An ask under way; see [`Ref::send`].
#[must_use = "an ask does nothing unless it is awaited"]
pub struct Ask<A: Actor<Context = Context<A>>, M: Message> {
    slot: Arc<Slot<A>>,
    stage: Stage<M>,
    deadline: Option<Boxed<()>>,
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum Stage<M: Message> {
    New(M),
    /// Waiting for room in the queue: `true` once there is some, which then is ours.
    Room(M, Boxed<bool>),
    Answer(oneshot::Receiver<M::Result>, Arc<AskCell<M>>),
    /// The handler panicked: waiting for its generation's exit to be recorded.
    Exit(Boxed<Exit>),
    Done,
}

impl<A: Actor<Context = Context<A>>, M: Message> Ask<A, M> {
    /// Gives up after `timeout`, counted from now. Without it an ask waits as
    /// long as the actor is to live.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Some(Box::pin(self.slot.clock().sleep(timeout)));
        self
    }
}

// Nothing in it is ever pinned in place.
impl<A: Actor<Context = Context<A>>, M: Message> Unpin for Ask<A, M> {}

impl<A, M> Future for Ask<A, M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    type Output = Result<M::Result, SendError<M>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(result) = self.advance(task) {
            self.stage = Stage::Done;
            return Poll::Ready(result);
        }
        if let Some(deadline) = &mut self.deadline {
            ready!(deadline.as_mut().poll(task));
            return Poll::Ready(Err(self.give_up()));
        }
        Poll::Pending
    }
}

impl<A, M> Ask<A, M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn advance(&mut self, task: &mut Task<'_>) -> Poll<Result<M::Result, SendError<M>>> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::New(message) => match self.slot.queue.try_reserve() {
                    Ok(()) => self.enqueue(message),
                    Err(Refused::Closed) => return Poll::Ready(Err(self.stopped(message))),
                    Err(Refused::Full) => {
                        let semaphore = self.slot.queue.room();
                        let room = async move {
                            let room = semaphore.acquire().await;
                            room.map(SemaphorePermit::forget).is_ok()
                        };
                        self.stage = Stage::Room(message, Box::pin(room));
                    }
                },
                Stage::Room(message, mut room) => match room.as_mut().poll(task) {
                    Poll::Ready(true) => self.enqueue(message),
                    Poll::Ready(false) => return Poll::Ready(Err(self.stopped(message))),
                    Poll::Pending => {
                        self.stage = Stage::Room(message, room);
                        return Poll::Pending;
                    }
                },
                Stage::Answer(mut receiver, cell) => match Pin::new(&mut receiver).poll(task) {
                    Poll::Ready(Ok(answer)) => return Poll::Ready(Ok(answer)),
                    Poll::Ready(Err(_)) => match cell.fate() {
                        Fate::Kept(message, exit) => {
                            let exit = exit.unwrap_or(Exit::Shutdown);
                            return Poll::Ready(Err(SendError::Stopped(message, exit)));
                        }
                        Fate::Handled { life, returned } => {
                            let mut exits = self.slot.last_exit();
                            if returned && exits.borrow().0 < life {
                                return Poll::Ready(Err(SendError::Unanswered));
                            }
                            self.stage = Stage::Exit(Box::pin(async move {
                                match exits.wait_for(|(last, _)| *last >= life).await {
                                    Ok(exit) => exit.1.clone(),
                                    Err(_) => Exit::Shutdown,
                                }
                            }));
                        }
                    },
                    Poll::Pending => {
                        self.stage = Stage::Answer(receiver, cell);
                        return Poll::Pending;
                    }
                },
                Stage::Exit(mut exit) => match exit.as_mut().poll(task) {
                    Poll::Ready(exit) => return Poll::Ready(Err(SendError::LostInCrash(exit))),
                    Poll::Pending => {
                        self.stage = Stage::Exit(exit);
                        return Poll::Pending;
                    }
                },
                Stage::Done => panic!("an ask was polled after it was done"),
            }
        }
    }

    fn enqueue(&mut self, message: M) {
        let (answer, receiver) = oneshot::channel();
        let cell = AskCell::new(message);
        self.slot.queue.push(Box::new(AskParcel {
            cell: cell.clone(),
            answer,
        }));
        self.stage = Stage::Answer(receiver, cell);
    }

    fn stopped(&self, message: M) -> SendError<M> {
        let exit = self.slot.closed().unwrap_or(Exit::Shutdown);
        SendError::Stopped(message, exit)
    }

    fn give_up(&mut self) -> SendError<M> {
        let (waiting, message) = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::New(message) | Stage::Room(message, _) => (Waiting::Queued, Some(message)),
            Stage::Answer(_, cell) => match cell.fate() {
                Fate::Kept(message, _) => (Waiting::Queued, Some(message)),
                Fate::Handled { .. } => (Waiting::Handling, None),
            },
            Stage::Exit(_) | Stage::Done => (Waiting::Handling, None),
        };
        let waiting = match waiting {
            Waiting::Queued if !self.slot.orders.in_charge() => Waiting::Restarting,
            other => other,
        };
        SendError::Timeout { waiting, message }
    }
}

/// Why a message was not answered. What was not handled comes back.
#[derive(Clone, PartialEq, Eq)]
pub enum SendError<M> {
    /// The queue is at its bound.
    Full(M),
    /// The actor has stopped for good.
    Stopped(M, Exit),
    /// The actor's generation ended while it was handling the message.
    LostInCrash(Exit),
    /// The time was up.
    Timeout {
        /// What the message was waiting for.
        waiting: Waiting,
        /// The message, unless its handler had begun.
        message: Option<M>,
    },
    /// The handler let go of the message without an answer; the actor lives.
    Unanswered,
}

/// What a message was waiting for when its time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Its turn in the queue.
    Queued,
    /// The next generation of the actor.
    Restarting,
    /// The end of its handler.
    Handling,
}

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Full(_) => {
                f.write_str("the actor's mailbox is full: send slower, or raise its capacity")
            }
            SendError::Stopped(_, exit) => write!(f, "the actor has stopped ({exit})"),
            SendError::LostInCrash(exit) => {
                write!(
                    f,
                    "the actor ended while it was handling the message ({exit})"
                )
            }
            SendError::Timeout { waiting, .. } => match waiting {
                Waiting::Queued => f.write_str("timed out while queued"),
                Waiting::Restarting => f.write_str("timed out while the actor was restarting"),
                Waiting::Handling => f.write_str("timed out while being handled"),
            },
            SendError::Unanswered => {
                f.write_str("the handler let go of the message without an answer")
            }
        }
    }
}

impl<M> std::error::Error for SendError<M> {}
