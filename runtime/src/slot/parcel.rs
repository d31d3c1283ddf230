//! How a message lies in the queue, typed inside and erased outside.

use std::any::{Any, type_name};

use actix::dev::MessageResponse;
use actix::{Actor, Handler, Message};

use super::closing::Remains;
use super::queue::{Item, Receipt};
use crate::exit::Exit;
use crate::sync::Arc;

/// A queued message for an actor of type `A`.
pub(crate) struct Parcel<A: Actor> {
    content: Content<A>,
    /// The life that sent it to its own actor; zero if somebody else did.
    own_life: u64,
}

enum Content<A: Actor> {
    /// Nobody waits for it.
    Told(Box<dyn Told<A>>),
    /// Nobody waits for it, and the policy of the mailbox may drop it.
    Expendable(Box<dyn Told<A>>),
    Awaited(Arc<dyn Awaited<A>>),
}

/// What became of a parcel that is not handled.
pub(crate) enum GivenBack {
    /// Its sender knows.
    ToSender,
    /// Nobody waits for it: it is to be dropped. The name of its type.
    ToNobody(&'static str),
}

/// A message that nobody waits for.
pub(crate) trait Told<A: Actor>: Send {
    fn deliver(self: Box<Self>, actor: &mut A, context: &mut A::Context);

    fn type_name(&self) -> &'static str;

    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

/// A message shared with its sender, who waits: for an answer, or for room.
pub(crate) trait Awaited<A: Actor>: Sender {
    /// Hands the message to the generation `life`, unless its sender has left.
    fn deliver(self: Arc<Self>, life: u64, actor: &mut A, context: &mut A::Context);

    /// The message will never be handled. One that nobody waits for stays here.
    fn give_back(&self, exit: &Exit) -> GivenBack;

    /// Drops the message that was given back to nobody.
    fn discard(&self);
}

/// Whoever waits for what becomes of a message. Called outside every lock.
pub(crate) trait Sender: Send + Sync {
    /// The message stood in line and is queued now.
    fn admitted(&self);

    /// The generation that handles it is given up, with its thread: no answer
    /// can come any more. One that came and was not taken is left over.
    fn lost(&self, exit: &Exit) -> Option<Remains>;

    /// The generation that handled it ended with `exit`, and owes the answer. It
    /// may still come, from a future that runs outside the actor.
    fn orphaned(&self, exit: &Exit);
}

impl<A: Actor> Parcel<A> {
    pub(crate) fn told<M>(message: M, own_life: u64) -> Self
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        let content = Content::Told(Box::new(message));
        Parcel { content, own_life }
    }

    pub(crate) fn expendable(told: impl Told<A> + 'static, own_life: u64) -> Self {
        let content = Content::Expendable(Box::new(told));
        Parcel { content, own_life }
    }

    pub(crate) fn awaited(content: Arc<dyn Awaited<A>>, own_life: u64) -> Self {
        let content = Content::Awaited(content);
        Parcel { content, own_life }
    }

    /// An earlier generation of its own actor sent it, in a poll of its own.
    pub(crate) fn is_from_before(&self, life: u64) -> bool {
        self.own_life != 0 && self.own_life != life
    }

    pub(crate) fn deliver(self, life: u64, actor: &mut A, context: &mut A::Context) {
        match self.content {
            Content::Told(told) | Content::Expendable(told) => told.deliver(actor, context),
            Content::Awaited(awaited) => awaited.deliver(life, actor, context),
        }
    }

    /// Tells its sender that it is not going to be handled; it is to be discarded then.
    pub(crate) fn give_back(&self, exit: &Exit) -> GivenBack {
        match &self.content {
            Content::Told(told) | Content::Expendable(told) => {
                GivenBack::ToNobody((**told).type_name())
            }
            Content::Awaited(awaited) => awaited.give_back(exit),
        }
    }

    /// Drops what was given back to nobody.
    pub(crate) fn discard(self) {
        match self.content {
            Content::Told(told) | Content::Expendable(told) => drop(told),
            Content::Awaited(awaited) => awaited.discard(),
        }
    }

    /// The message of a parcel that was told, and is of this type.
    pub(crate) fn into_told<M: 'static>(self) -> M {
        let told = match self.content {
            Content::Told(told) | Content::Expendable(told) => told,
            Content::Awaited(_) => unreachable!("its sender has the message"),
        };
        match told.into_any().downcast() {
            Ok(message) => *message,
            Err(_) => unreachable!("a parcel comes back to whoever made it"),
        }
    }
}

impl<A: Actor> Item for Parcel<A> {
    type Receipt = Arc<dyn Sender>;

    fn receipt(&self) -> Option<Self::Receipt> {
        match &self.content {
            Content::Told(_) | Content::Expendable(_) => None,
            Content::Awaited(awaited) => Some(awaited.clone()),
        }
    }

    fn is_expendable(&self) -> bool {
        matches!(self.content, Content::Expendable(_))
    }
}

impl Receipt for Arc<dyn Sender> {
    fn admitted(&self) {
        (**self).admitted();
    }
}

impl<A, M> Told<A> for M
where
    A: Actor + Handler<M>,
    M: Message + Send + 'static,
{
    fn deliver(self: Box<Self>, actor: &mut A, context: &mut A::Context) {
        actor.handle(*self, context).handle(context, None);
    }

    fn type_name(&self) -> &'static str {
        type_name::<M>()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
