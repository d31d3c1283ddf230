//! How a message lies in the queue, typed inside and erased outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, Handler, Message};
use parking_lot::Mutex;

use crate::exit::Exit;

/// A queued message for an actor of type `A`.
pub(crate) trait Parcel<A: Actor>: Send {
    /// Hands the message to the generation `life`.
    fn deliver(self: Box<Self>, life: u64, actor: &mut A, context: &mut A::Context);

    /// The message will never be handled. `false` if its sender cannot be told.
    fn give_back(self: Box<Self>, exit: &Exit) -> bool;
}

/// A message nobody waits for.
pub(crate) struct TellParcel<M>(pub(crate) M);

impl<A, M> Parcel<A> for TellParcel<M>
where
    A: Actor + Handler<M>,
    M: Message + Send,
{
    fn deliver(self: Box<Self>, _: u64, actor: &mut A, context: &mut A::Context) {
        actor.handle(self.0, context).handle(context, None);
    }

    fn give_back(self: Box<Self>, _: &Exit) -> bool {
        false
    }
}

/// What an asker shares with its queued message.
pub(crate) struct AskCell<M> {
    /// Present until it is handed to the handler.
    message: Mutex<Option<M>>,
    /// The life that took it, zero before.
    life: AtomicU64,
    /// The handler returned; an answer that vanishes now did so without a panic of the handler.
    returned: AtomicBool,
    /// Why it was given back.
    given_back: Mutex<Option<Exit>>,
}

/// Where an unanswered message got to.
pub(crate) enum Fate<M> {
    /// Never handled.
    Kept(M, Option<Exit>),
    /// Handed to the handler of this life; `returned` says whether the handler came back.
    Handled { life: u64, returned: bool },
}

impl<M> AskCell<M> {
    pub(crate) fn new(message: M) -> Arc<Self> {
        Arc::new(AskCell {
            message: Mutex::new(Some(message)),
            life: AtomicU64::new(0),
            returned: AtomicBool::new(false),
            given_back: Mutex::new(None),
        })
    }

    /// Withdraws the message if it was not handed over yet.
    pub(crate) fn fate(&self) -> Fate<M> {
        match self.message.lock().take() {
            Some(message) => Fate::Kept(message, self.given_back.lock().take()),
            None => Fate::Handled {
                life: self.life.load(SeqCst),
                returned: self.returned.load(SeqCst),
            },
        }
    }
}

/// A message whose sender waits for the answer.
pub(crate) struct AskParcel<M: Message> {
    pub(crate) cell: Arc<AskCell<M>>,
    pub(crate) answer: OneshotSender<M::Result>,
}

impl<A, M> Parcel<A> for AskParcel<M>
where
    A: Actor + Handler<M>,
    M: Message + Send,
    M::Result: Send,
{
    fn deliver(self: Box<Self>, life: u64, actor: &mut A, context: &mut A::Context) {
        // A request that was given up is never executed.
        if self.answer.is_closed() {
            return;
        }
        let Some(message) = self.cell.message.lock().take() else {
            return;
        };
        self.cell.life.store(life, SeqCst);
        let AskParcel { cell, answer } = *self;
        actor.handle(message, context).handle(context, Some(answer));
        cell.returned.store(true, SeqCst);
    }

    fn give_back(self: Box<Self>, exit: &Exit) -> bool {
        *self.cell.given_back.lock() = Some(exit.clone());
        true
    }
}
