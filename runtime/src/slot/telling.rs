use std::any::type_name;
use std::mem;
use std::task::{Poll, Waker};

use actix::dev::MessageResponse;
use actix::{Actor, Handler, Message};

use super::closing::Remains;
use super::parcel::{Awaited, GivenBack, Sender};
use crate::exit::Exit;
use crate::sync::{Arc, Mutex};

/// A message that stands in line for room, shared by its teller and the queue.
pub(crate) struct Telling<M>(Mutex<(State<M>, Option<Waker>)>);

enum State<M> {
    InLine(M),
    Queued(M),
    GivenBack(M, Exit),
    Gone,
}

impl<M> Telling<M> {
    pub(crate) fn new(message: M, teller: &Waker) -> Self {
        Telling(Mutex::new((State::InLine(message), Some(teller.clone()))))
    }

    /// Whether the message was queued, or why it was not.
    pub(crate) fn poll(&self, teller: &Waker) -> Poll<Result<(), (M, Exit)>> {
        let teller = teller.clone();
        let mut inner = self.0.lock();
        let (state, known) = &mut *inner;
        match mem::replace(state, State::Gone) {
            State::InLine(message) => {
                *state = State::InLine(message);
                let before = known.replace(teller);
                drop(inner);
                // A task may end with its last waker.
                drop(before);
                Poll::Pending
            }
            State::GivenBack(message, exit) => Poll::Ready(Err((message, exit))),
            queued => {
                *state = queued;
                Poll::Ready(Ok(()))
            }
        }
    }

    /// The message, if it is still in line: then it is not going to be queued.
    pub(crate) fn leave(&self) -> Option<M> {
        let state = &mut self.0.lock().0;
        match mem::replace(state, State::Gone) {
            State::InLine(message) | State::GivenBack(message, _) => Some(message),
            queued => {
                *state = queued;
                None
            }
        }
    }
}

impl<M> Telling<M> {
    /// The message is queued.
    pub(crate) fn admit(&self) {
        let mut inner = self.0.lock();
        let (state, teller) = &mut *inner;
        *state = match mem::replace(state, State::Gone) {
            State::InLine(message) => State::Queued(message),
            // It is told so by whoever made room, who may be late.
            later => later,
        };
        let teller = teller.take();
        drop(inner);
        if let Some(teller) = teller {
            teller.wake();
        }
    }
}

impl<M: Message + Send> Sender for Telling<M> {
    fn admitted(&self) {
        self.admit();
    }

    fn lost(&self, _: &Exit) -> Option<Remains> {
        None
    }

    fn orphaned(&self, _: &Exit) {}
}

impl<A, M> Awaited<A> for Telling<M>
where
    A: Actor + Handler<M>,
    M: Message + Send + 'static,
{
    fn deliver(self: Arc<Self>, _: u64, actor: &mut A, context: &mut A::Context) {
        let state = mem::replace(&mut self.0.lock().0, State::Gone);
        if let State::InLine(message) | State::Queued(message) = state {
            actor.handle(message, context).handle(context, None);
        }
    }

    fn give_back(&self, exit: &Exit) -> GivenBack {
        let mut inner = self.0.lock();
        let (state, teller) = &mut *inner;
        match mem::replace(state, State::Gone) {
            State::InLine(message) => *state = State::GivenBack(message, exit.clone()),
            queued @ State::Queued(_) => {
                *state = queued;
                return GivenBack::ToNobody(type_name::<M>());
            }
            other => {
                *state = other;
                return GivenBack::ToSender;
            }
        }
        let teller = teller.take();
        drop(inner);
        if let Some(teller) = teller {
            teller.wake();
        }
        GivenBack::ToSender
    }

    fn discard(&self) {
        let mut inner = self.0.lock();
        let dropped = match mem::replace(&mut inner.0, State::Gone) {
            queued @ State::Queued(_) => Some(queued),
            other => {
                inner.0 = other;
                None
            }
        };
        drop(inner);
        drop(dropped);
    }
}
