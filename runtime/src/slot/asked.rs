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

struct Inner<M: Message> {
    state: State<M>,
    asker: Option<Waker>,
    /// Where the slot keeps it while its answer is owed.
    owed: Option<u64>,
    /// With what the generation ended that owes the answer.
    debtor_exit: Option<Box<Exit>>,
}

enum State<M: Message> {
    Waiting(M),
    Handling,
    /// The handler returned without an answer, which comes this way.
    Late(oneshot::Receiver<M::Result>),
    /// The asker waits for that.
    Owed,
    Done(Settled<M>),
    /// Nobody waits any more.
    Left,
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
            owed: None,
            debtor_exit: None,
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
            State::Done(settled) => Poll::Ready(Progress::Done(settled)),
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
        let state = mem::replace(&mut inner.state, State::Left);
        drop(inner);
        // An answer that is not taken is the user's, too.
        drop(asker);
        match state {
            State::Waiting(message) => Farewell::Unhandled(message),
            State::Done(answer) => Farewell::Done(answer),
            State::Handling | State::Late(_) | State::Owed | State::Left => Farewell::Handling,
        }
    }

    /// The answer that was owed will not come: why.
    pub(crate) fn unanswered(&self) -> Settled<M> {
        let mut inner = self.0.lock();
        match mem::replace(&mut inner.state, State::Left) {
            State::Done(answer) => answer,
            _ => match inner.debtor_exit.take() {
                Some(exit) => Settled::Lost(exit),
                None => Settled::Unanswered,
            },
        }
    }

    /// Where the slot keeps it, if it does.
    pub(crate) fn owed(&self) -> Option<u64> {
        self.0.lock().owed
    }

    /// Goes on from the handler, unless the wait has ended meanwhile. What is not
    /// needed comes back.
    fn settle(&self, state: State<M>) -> (State<M>, Option<Waker>) {
        let mut inner = self.0.lock();
        match inner.state {
            State::Handling | State::Late(_) | State::Owed => {
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
        inner.owed = owed;
        let has_left = matches!(inner.state, State::Left);
        drop(inner);
        // Who left before did not know of it.
        if let Some(serial) = owed.filter(|_| has_left) {
            slot.owed.remove(serial);
        }
    }
}

impl<M: Message> Inner<M> {
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
        let (unneeded, asker) = self.settle(State::Done(Settled::Lost(Box::new(exit.clone()))));
        if let Some(asker) = asker {
            survive("the waker of an asker", || asker.wake());
        }
        let has_receiver = matches!(unneeded, State::Late(_));
        has_receiver.then(|| Box::new(move || drop(unneeded)) as Remains)
    }

    fn orphaned(&self, exit: &Exit) {
        let mut inner = self.0.lock();
        match inner.state {
            State::Late(_) | State::Owed => inner.debtor_exit = Some(Box::new(exit.clone())),
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
            Ok(result) => State::Done(Settled::Answered(result)),
            Err(TryRecvError::Closed) => State::Done(Settled::Unanswered),
            Err(TryRecvError::Empty) => {
                self.owe(life, &context.slot());
                State::Late(receiver)
            }
        };
        let (_unneeded, asker) = self.settle(state);
        if let Some(asker) = asker {
            asker.wake();
        }
    }

    fn give_back(&self, exit: &Exit) -> GivenBack {
        let mut inner = self.0.lock();
        let asker = match mem::replace(&mut inner.state, State::Left) {
            State::Waiting(message) => {
                inner.state = State::Done(Settled::GivenBack(message, Box::new(exit.clone())));
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
