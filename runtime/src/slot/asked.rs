use std::mem;
use std::task::{Poll, Waker};

use actix::dev::MessageResponse;
use actix::{Actor, Handler, Message};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::Slot;
use super::closing::Remains;
use super::parcel::{Awaited, GivenBack, Sender};
use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::exit::Exit;
use crate::panics::survive;
use crate::sync::{Arc, Mutex};

/// A message and the way of its answer, shared by the asker and the queue.
pub(crate) struct Asked<M: Message>(Mutex<Inner<M>>);

/// A cache line in all, with the counts of references, when message and answer are no
/// larger than a word: two threads hand it to and fro.
struct Inner<M: Message> {
    state: State<M>,
    asker: Option<Waker>,
    /// Made when there is something to write in it.
    apart: Option<Box<Apart>>,
}

/// What few asks need.
#[derive(Default)]
struct Apart {
    /// Where the slot keeps it while its answer is owed.
    owed: Option<u64>,
    /// With what the generation ended that owes the answer, or the slot.
    exit: Option<Box<Exit>>,
}

enum State<M: Message> {
    Waiting(M),
    Handling,
    /// The handler returned without an answer, which comes this way.
    Late(oneshot::Receiver<M::Result>),
    /// The asker waits for that.
    Owed,
    Done(Done<M>),
    /// Nobody waits any more.
    Left,
}

/// [`Settled`], whose exit lies apart.
enum Done<M: Message> {
    Answered(M::Result),
    Unanswered,
    GivenBack(M),
    Lost,
}

/// How an ask ended.
pub(crate) enum Settled<M: Message> {
    Answered(M::Result),
    Unanswered,
    GivenBack(M, Box<Exit>),
    Lost(Box<Exit>),
}

/// What the asker finds.
pub(crate) enum Progress<M: Message> {
    Done(Settled<M>),
    /// The answer is to come this way, unless something else is found here before.
    Late(oneshot::Receiver<M::Result>),
}

/// How far a message had got when its asker left.
pub(crate) enum Farewell<M: Message> {
    /// It was not handed over, and will not be.
    Unhandled(M),
    Handling,
    Done(Settled<M>),
}

impl<M: Message> Asked<M> {
    pub(crate) fn new(message: M, asker: &Waker) -> Self {
        Asked(Mutex::new(Inner {
            state: State::Waiting(message),
            asker: Some(asker.clone()),
            apart: None,
        }))
    }

    pub(crate) fn poll(&self, asker: &Waker) -> Poll<Progress<M>> {
        let mut inner = self.0.lock();
        let next = match inner.state {
            State::Done(_) => State::Left,
            State::Late(_) => State::Owed,
            State::Waiting(_) | State::Handling | State::Owed | State::Left => {
                let before = inner.remember(asker);
                drop(inner);
                // A task may end with its last waker.
                drop(before);
                return Poll::Pending;
            }
        };
        match mem::replace(&mut inner.state, next) {
            State::Done(done) => Poll::Ready(Progress::Done(inner.settled(done))),
            State::Late(answer) => {
                let before = inner.remember(asker);
                drop(inner);
                drop(before);
                Poll::Ready(Progress::Late(answer))
            }
            _ => unreachable!("nothing else is taken"),
        }
    }

    /// The asker does not wait any more.
    pub(crate) fn leave(&self) -> Farewell<M> {
        let mut inner = self.0.lock();
        let asker = inner.asker.take();
        let (farewell, unneeded) = match mem::replace(&mut inner.state, State::Left) {
            State::Waiting(message) => (Farewell::Unhandled(message), None),
            State::Done(done) => (Farewell::Done(inner.settled(done)), None),
            other @ (State::Handling | State::Late(_) | State::Owed | State::Left) => {
                (Farewell::Handling, Some(other))
            }
        };
        drop(inner);
        // An answer that is not taken is the user's, too.
        drop((asker, unneeded));
        farewell
    }

    /// The answer that was owed will not come: why.
    pub(crate) fn unanswered(&self) -> Settled<M> {
        let mut inner = self.0.lock();
        match mem::replace(&mut inner.state, State::Left) {
            State::Done(done) => inner.settled(done),
            _ => match inner.take_exit() {
                Some(exit) => Settled::Lost(exit),
                None => Settled::Unanswered,
            },
        }
    }

    /// Where the slot keeps it, if it does.
    pub(crate) fn owed(&self) -> Option<u64> {
        self.0.lock().apart.as_ref()?.owed
    }

    /// Goes on from the handler, unless the wait has ended meanwhile. What is not
    /// needed comes back.
    fn settle(&self, state: State<M>, mut exit: Option<Box<Exit>>) -> (State<M>, Option<Waker>) {
        let mut inner = self.0.lock();
        match inner.state {
            State::Handling | State::Late(_) | State::Owed => {
                if exit.is_some() {
                    // The one before is dropped outside the lock.
                    mem::swap(&mut inner.apart().exit, &mut exit);
                }
                (mem::replace(&mut inner.state, state), inner.asker.take())
            }
            State::Waiting(_) | State::Done(_) | State::Left => (state, None),
        }
    }

    fn take_message(&self) -> Option<M> {
        let mut inner = self.0.lock();
        if !matches!(inner.state, State::Waiting(_)) {
            return None;
        }
        match mem::replace(&mut inner.state, State::Handling) {
            State::Waiting(message) => Some(message),
            _ => None,
        }
    }
}

impl<M> Asked<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// The slot keeps it until it is answered, or its asker leaves.
    fn owe<A: Actor<Context: Execution<A>>>(self: &Arc<Self>, life: u64, slot: &Slot<A>) {
        let owed = slot.owed.insert(life, self.clone(), &slot.orders);
        let mut inner = self.0.lock();
        if owed.is_some() {
            inner.apart().owed = owed;
        }
        let has_left = matches!(inner.state, State::Left);
        drop(inner);
        // Who left before did not know of it.
        if let Some(serial) = owed.filter(|_| has_left) {
            slot.owed.remove(serial);
        }
    }
}

impl<M: Message> Inner<M> {
    fn apart(&mut self) -> &mut Apart {
        self.apart.get_or_insert_default()
    }

    fn take_exit(&mut self) -> Option<Box<Exit>> {
        self.apart.as_mut()?.exit.take()
    }

    fn settled(&mut self, done: Done<M>) -> Settled<M> {
        let mut exit = || self.take_exit().expect("laid down with the end itself");
        match done {
            Done::Answered(answer) => Settled::Answered(answer),
            Done::Unanswered => Settled::Unanswered,
            Done::GivenBack(message) => Settled::GivenBack(message, exit()),
            Done::Lost => Settled::Lost(exit()),
        }
    }

    /// The one that was known before, to be dropped outside the lock.
    fn remember(&mut self, asker: &Waker) -> Option<Waker> {
        match &self.asker {
            Some(known) if known.will_wake(asker) => None,
            _ => self.asker.replace(asker.clone()),
        }
    }
}

impl<M> Sender for Asked<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn admitted(&self) {}

    fn lost(&self, exit: &Exit) -> Option<Remains> {
        let (unneeded, asker) = self.settle(State::Done(Done::Lost), Some(Box::new(exit.clone())));
        if let Some(asker) = asker {
            survive("the waker of an asker", || asker.wake());
        }
        let has_receiver = matches!(unneeded, State::Late(_));
        has_receiver.then(|| Box::new(move || drop(unneeded)) as Remains)
    }

    fn orphaned(&self, exit: &Exit) {
        let mut inner = self.0.lock();
        match inner.state {
            State::Late(_) | State::Owed => {
                inner.apart().exit = Some(Box::new(exit.clone()));
            }
            State::Handling => {
                drop(inner);
                if let Some(remains) = self.lost(exit) {
                    survive("the drop of an answer", remains);
                }
            }
            State::Waiting(_) | State::Done(_) | State::Left => {}
        }
    }
}

impl<A, M> Awaited<A> for Asked<M>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn deliver(self: Arc<Self>, life: u64, actor: &mut A, context: &mut A::Context) {
        // A request that was given up is never executed.
        let Some(message) = self.take_message() else {
            return;
        };
        let (sender, mut receiver) = oneshot::channel();
        actor.handle(message, context).handle(context, Some(sender));
        let state = match receiver.try_recv() {
            Ok(result) => State::Done(Done::Answered(result)),
            Err(TryRecvError::Closed) => State::Done(Done::Unanswered),
            Err(TryRecvError::Empty) => {
                self.owe(life, &context.slot());
                State::Late(receiver)
            }
        };
        let (_unneeded, asker) = self.settle(state, None);
        if let Some(asker) = asker {
            asker.wake();
        }
    }

    fn give_back(&self, exit: &Exit) -> GivenBack {
        let mut inner = self.0.lock();
        let asker = match mem::replace(&mut inner.state, State::Left) {
            State::Waiting(message) => {
                inner.state = State::Done(Done::GivenBack(message));
                inner.apart().exit = Some(Box::new(exit.clone()));
                inner.asker.take()
            }
            other => {
                inner.state = other;
                None
            }
        };
        drop(inner);
        if let Some(asker) = asker {
            asker.wake();
        }
        GivenBack::ToSender
    }

    fn discard(&self) {}
}

#[cfg(all(test, not(treewire_loom)))]
mod tests {
    use super::*;

    struct Word;

    impl Message for Word {
        type Result = usize;
    }

    #[test]
    fn a_question_whose_answer_is_a_word_fits_a_cache_line() {
        let counts = 2 * size_of::<usize>();
        assert!(size_of::<Asked<Word>>() + counts <= 64);
    }
}
