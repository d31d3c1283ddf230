use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use actix::{Actor, Handler, Message};
use tokio::sync::{SemaphorePermit, oneshot};

use super::{SendError, Waiting};
use crate::context::Context;
use crate::exit::Exit;
use crate::slot::{AskCell, AskParcel, Fate, Refused, Slot};

/// An ask under way; see [`Ref::send`](crate::Ref::send).
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
    pub(super) fn new(slot: Arc<Slot<A>>, message: M) -> Self {
        Ask {
            slot,
            stage: Stage::New(message),
            deadline: None,
        }
    }

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
                    Err(Refused::Closed) => {
                        return Poll::Ready(Err(SendError::Stopped(
                            message,
                            self.slot.refusal_exit(),
                        )));
                    }
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
                    Poll::Ready(false) => {
                        return Poll::Ready(Err(SendError::Stopped(
                            message,
                            self.slot.refusal_exit(),
                        )));
                    }
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
