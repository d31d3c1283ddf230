use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context as Task, Poll, Waker};

use actix::Actor;
use actix::dev::OneshotSender;
use actix::fut::ActorFuture;

use crate::sync::{Arc, Mutex};

/// The half of a deferred [`Reply`](crate::Reply) with which the answer is given.
///
/// It may be kept and used anywhere, on other threads, too. If it is dropped unsent,
/// whoever asked is told that there is no answer
/// ([`SendError::Unanswered`](crate::SendError::Unanswered)).
#[must_use = "whoever asked is not answered if it is dropped"]
pub struct Answer<T>(Arc<Account<T>>);

/// What the actor's generation keeps of a deferred answer. Dropping it, as the
/// generation does at its end, closes the account.
pub(super) struct Debt<T>(Arc<Account<T>>);

/// What both sides of a deferred answer share. The answer goes straight to the
/// asker, so that one which was given in time arrives whatever the actor does next.
struct Account<T>(Mutex<State<T>>);

enum State<T> {
    /// The handler has not returned yet, so it is not known who asks.
    Open,
    /// The answer was given before that.
    Paid(T),
    Owed {
        asker: OneshotSender<T>,
        /// Wakes the debt, so that the generation lets go of it.
        debtor: Option<Waker>,
    },
    Closed,
}

pub(super) fn open<T>() -> (Answer<T>, Debt<T>) {
    let account = Arc::new(Account(Mutex::new(State::Open)));
    (Answer(account.clone()), Debt(account))
}

/// The value is dropped if nobody waits for it, or not any more.
pub(super) fn tell<T>(asker: Option<OneshotSender<T>>, value: T) {
    if let Some(asker) = asker {
        let _ = asker.send(value);
    }
}

impl<T> Answer<T> {
    /// Answers. If nobody waits for it any more ([`is_awaited`](Self::is_awaited)),
    /// the value is dropped.
    pub fn send(self, value: T) {
        let mut state = self.0.0.lock();
        if let State::Open = *state {
            *state = State::Paid(value);
            return;
        }
        let settled = mem::replace(&mut *state, State::Closed);
        drop(state);
        if let State::Owed { asker, debtor } = settled {
            tell(Some(asker), value);
            wake(debtor);
        }
    }

    /// Whether somebody waits for the answer: the message was not just told, the
    /// asker has not given up, and the generation that was asked has not ended.
    pub fn is_awaited(&self) -> bool {
        match &*self.0.0.lock() {
            State::Open => true,
            State::Owed { asker, .. } => !asker.is_closed(),
            State::Paid(_) | State::Closed => false,
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        // The handler is still to collect what was given before it returned.
        if let State::Paid(_) = *state {
            return;
        }
        let unsent = mem::replace(&mut *state, State::Closed);
        drop(state);
        if let State::Owed { asker, debtor } = unsent {
            drop(asker);
            wake(debtor);
        }
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer<{}>", std::any::type_name::<T>())
    }
}

impl<T> Debt<T> {
    /// The handler has returned; `asker` is who waits, if somebody does. Whether there
    /// is an answer to come.
    pub(super) fn owe(&self, asker: Option<OneshotSender<T>>) -> bool {
        let mut state = self.0.0.lock();
        match (mem::replace(&mut *state, State::Closed), asker) {
            (State::Open, Some(asker)) => {
                let debtor = None;
                *state = State::Owed { asker, debtor };
                true
            }
            (State::Paid(value), asker) => {
                drop(state);
                tell(asker, value);
                false
            }
            (_, unanswered) => {
                drop(state);
                drop(unanswered);
                false
            }
        }
    }
}

impl<A: Actor, T> ActorFuture<A> for Debt<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut A, _: &mut A::Context, task: &mut Task<'_>) -> Poll<()> {
        match &mut *self.0.0.lock() {
            State::Owed { debtor, .. } => {
                *debtor = Some(task.waker().clone());
                Poll::Pending
            }
            State::Open | State::Paid(_) | State::Closed => Poll::Ready(()),
        }
    }
}

impl<T> Drop for Debt<T> {
    fn drop(&mut self) {
        let unpaid = mem::replace(&mut *self.0.0.lock(), State::Closed);
        drop(unpaid);
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
