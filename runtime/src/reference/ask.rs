use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use actix::{Actor, Handler, Message};
use tokio::sync::oneshot;

use super::deadline::Deadline;
use super::{SendError, Waiting};
use crate::execution::Execution;
use crate::slot::{Asked, Asking, Author, Farewell, Parcel, Progress, Settled, Slot};

/// An ask under way; see [`Ref::send`](crate::Ref::send).
#[must_use = "an ask does nothing unless it is awaited"]
pub struct Ask<A: Actor<Context: Execution<A>>, M: Message> {
    slot: Arc<Slot<A>>,
    stage: Stage<M>,
    deadline: Deadline,
    asking: Asking,
}

enum Stage<M: Message> {
    New(M),
    /// In the queue, or in line for it, under this serial number; or handled.
    Sent(Arc<Asked<M>>, u64),
    /// The handler returned, and the answer is to come.
    Late(Arc<Asked<M>>, oneshot::Receiver<M::Result>),
    Done,
}

impl<A: Actor<Context: Execution<A>>, M: Message> Ask<A, M> {
    pub(super) fn new(slot: Arc<Slot<A>>, message: M) -> Self {
        Ask {
            slot,
            stage: Stage::New(message),
            deadline: Deadline::Never,
            asking: Asking::default(),
        }
    }

    /// Gives up after `timeout`, counted from the first poll. Without it an ask waits as
    /// long as the actor is to live.
    ///
    /// The node of the child keeps the time; before the child is spawned, the tokio
    /// runtime in which this is polled first. Where there is neither, it gives up at
    /// that poll unless it is done.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Deadline::After(timeout);
        self
    }

    /// Leaves whatever it waits for; the message comes back unless it was handed over.
    fn leave(&mut self) -> Farewell<M> {
        match mem::replace(&mut self.stage, Stage::Done) {
            Stage::New(message) => Farewell::Unhandled(message),
            Stage::Sent(asked, serial) => {
                let farewell = asked.leave();
                if matches!(farewell, Farewell::Unhandled(_)) {
                    self.slot.queue.withdraw(serial);
                }
                self.forget(&asked);
                farewell
            }
            Stage::Late(asked, _) => {
                self.forget(&asked);
                asked.leave()
            }
            Stage::Done => Farewell::Handling,
        }
    }

    fn forget(&self, asked: &Asked<M>) {
        if let Some(serial) = asked.owed() {
            self.slot.owed.remove(serial);
        }
    }
}

// Nothing in it is ever pinned in place.
impl<A: Actor<Context: Execution<A>>, M: Message> Unpin for Ask<A, M> {}

impl<A, M> Future for Ask<A, M>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    type Output = Result<M::Result, SendError<M>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let ask = &mut *self;
        let is_new = matches!(ask.stage, Stage::New(_));
        // The actor may answer before this goes on.
        let mut stays_awake = is_new && ask.slot.vigil.begin_asking(&mut ask.asking);
        if let Poll::Ready(answer) = ask.advance(task) {
            ask.slot.vigil.end_asking(&mut ask.asking);
            return Poll::Ready(result(answer));
        }
        stays_awake |= !is_new && ask.slot.vigil.go_on_asking(&mut ask.asking);
        if stays_awake {
            task.waker().wake_by_ref();
        }
        ready!(ask.deadline.poll(|| ask.slot.clock(), task));
        Poll::Ready(ask.give_up())
    }
}

impl<A, M> Ask<A, M>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn advance(&mut self, task: &mut Task<'_>) -> Poll<Settled<M>> {
        if matches!(self.stage, Stage::New(_))
            && let Stage::New(message) = mem::replace(&mut self.stage, Stage::Done)
        {
            return self.enqueue(message, task);
        }
        loop {
            match &mut self.stage {
                Stage::Sent(asked, _) => match ready!(asked.poll(task.waker())) {
                    Progress::Done(answer) => {
                        self.stage = Stage::Done;
                        return Poll::Ready(answer);
                    }
                    Progress::Late(answer) => {
                        let asked = asked.clone();
                        self.stage = Stage::Late(asked, answer);
                    }
                },
                Stage::Late(asked, receiver) => {
                    let answer = match Pin::new(receiver).poll(task) {
                        Poll::Ready(Ok(answer)) => Settled::Answered(answer),
                        Poll::Ready(Err(_)) => asked.unanswered(),
                        // Lost with a thread that is given up, it is told there.
                        Poll::Pending => match ready!(asked.poll(task.waker())) {
                            Progress::Done(answer) => answer,
                            Progress::Late(_) => unreachable!("it is the one polled here"),
                        },
                    };
                    self.leave();
                    return Poll::Ready(answer);
                }
                Stage::New(_) | Stage::Done => panic!("an ask was polled after it was done"),
            }
        }
    }

    fn enqueue(&mut self, message: M, task: &Task<'_>) -> Poll<Settled<M>> {
        let asked = Arc::new(Asked::new(message, task.waker()));
        let parcel = Parcel::awaited(asked.clone(), Author::own_life(&*self.slot));
        match self.slot.queue.push_or_wait(parcel) {
            Ok((serial, _)) => {
                // Whatever becomes of it wakes this task.
                self.stage = Stage::Sent(asked, serial);
                Poll::Pending
            }
            Err((_, exit)) => match asked.leave() {
                Farewell::Unhandled(message) => {
                    Poll::Ready(Settled::GivenBack(message, Box::new(exit)))
                }
                _ => unreachable!("it was not queued"),
            },
        }
    }

    fn give_up(&mut self) -> Result<M::Result, SendError<M>> {
        let message = match self.leave() {
            Farewell::Done(answer) => return result(answer),
            Farewell::Unhandled(message) => Some(message),
            Farewell::Handling => None,
        };
        let waiting = match message {
            Some(_) => Waiting::in_queue(&self.slot),
            None => Waiting::Handling,
        };
        Err(SendError::Timeout { waiting, message })
    }
}

fn result<M: Message>(answer: Settled<M>) -> Result<M::Result, SendError<M>> {
    match answer {
        Settled::Answered(answer) => Ok(answer),
        Settled::Unanswered => Err(SendError::Unanswered),
        Settled::GivenBack(message, exit) => Err(SendError::Stopped(message, *exit)),
        Settled::Lost(exit) => Err(SendError::LostInCrash(*exit)),
    }
}

impl<A: Actor<Context: Execution<A>>, M: Message> Drop for Ask<A, M> {
    fn drop(&mut self) {
        if !matches!(self.stage, Stage::Done) {
            self.leave();
        }
    }
}
