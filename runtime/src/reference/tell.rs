use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use actix::{Actor, Handler, Message};

use super::deadline::Deadline;
use super::{SendError, Waiting, push};
use crate::execution::Execution;
use crate::slot::{Author, Parcel, Slot, Telling};

/// A tell that waits for room; see [`Ref::tell`](crate::Ref::tell).
#[must_use = "a tell does nothing unless it is awaited"]
pub struct Tell<A: Actor<Context: Execution<A>>, M> {
    slot: Arc<Slot<A>>,
    stage: Stage<M>,
    deadline: Deadline,
}

enum Stage<M> {
    New(M),
    /// In line, or queued since, under this serial number.
    InLine(Arc<Telling<M>>, u64),
    Done,
}

impl<A: Actor<Context: Execution<A>>, M> Tell<A, M> {
    pub(super) fn new(slot: Arc<Slot<A>>, message: M) -> Self {
        Tell {
            slot,
            stage: Stage::New(message),
            deadline: Deadline::Never,
        }
    }

    /// Gives up after `timeout`, counted from the first poll. Without it a tell waits as
    /// long as the actor is to live.
    ///
    /// The node of the child keeps the time; before the child is spawned, the tokio
    /// runtime in which this is polled first. Where there is neither, it gives up at
    /// that poll unless it is done.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Deadline::After(timeout);
        self
    }

    /// The message, unless it was queued.
    fn leave(&mut self) -> Option<M> {
        match mem::replace(&mut self.stage, Stage::Done) {
            Stage::New(message) => Some(message),
            Stage::InLine(telling, serial) => {
                let message = telling.leave()?;
                self.slot.queue.withdraw(serial);
                Some(message)
            }
            Stage::Done => None,
        }
    }
}

// Nothing in it is ever pinned in place.
impl<A: Actor<Context: Execution<A>>, M> Unpin for Tell<A, M> {}

impl<A, M> Future for Tell<A, M>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
{
    type Output = Result<(), SendError<M>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(told) = self.advance(task) {
            self.stage = Stage::Done;
            return Poll::Ready(told);
        }
        let tell = &mut *self;
        ready!(tell.deadline.poll(|| tell.slot.clock(), task));
        Poll::Ready(match tell.leave() {
            None => Ok(()),
            message => Err(SendError::Timeout {
                waiting: Waiting::in_queue(&tell.slot),
                message,
            }),
        })
    }
}

impl<A, M> Tell<A, M>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
{
    fn advance(&mut self, task: &mut Task<'_>) -> Poll<Result<(), SendError<M>>> {
        if matches!(self.stage, Stage::New(_))
            && let Stage::New(message) = mem::replace(&mut self.stage, Stage::Done)
        {
            match push(&self.slot, message) {
                Err(SendError::Full(message)) => self.stand_in_line(message, task),
                told => return Poll::Ready(told),
            }
        }
        match &self.stage {
            Stage::InLine(telling, _) => {
                let told = ready!(telling.poll(task.waker()));
                Poll::Ready(told.map_err(|(message, exit)| SendError::Stopped(message, exit)))
            }
            Stage::New(_) | Stage::Done => panic!("a tell was polled after it was done"),
        }
    }

    fn stand_in_line(&mut self, message: M, task: &Task<'_>) {
        let telling = Arc::new(Telling::new(message, task.waker()));
        let parcel = Parcel::awaited(telling.clone(), Author::own_life(&*self.slot));
        let serial = match self.slot.queue.push_or_wait(parcel) {
            Ok((serial, true)) => serial,
            Ok((serial, false)) => {
                // There was room after all.
                telling.admit();
                serial
            }
            Err((parcel, exit)) => {
                parcel.give_back(&exit);
                0
            }
        };
        self.stage = Stage::InLine(telling, serial);
    }
}

impl<A: Actor<Context: Execution<A>>, M> Drop for Tell<A, M> {
    fn drop(&mut self) {
        self.leave();
    }
}
