use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use actix::dev::{MessageResponse, OneshotSender};
use actix::fut::ActorFuture;
use actix::{Actor, AsyncContext, Message};

use super::Context;
use super::answer::{self, Answer, Debt, tell};

/// A handler's result that may come later: `type Result = Reply<T>`.
///
/// What is to come lives and dies with the generation of the actor that owes it: at
/// its end the asker learns with which exit
/// ([`SendError::LostInCrash`](crate::SendError::LostInCrash)), and nothing of it
/// runs on. So does actix's `ResponseActFuture`, which may use the actor. actix's
/// `ResponseFuture` does not: it runs outside the actor, outlives it, and its panic is
/// nobody's.
///
/// ```
/// use std::time::Duration;
/// use actix::prelude::*;
/// use treewire_runtime::{Answer, Child, Context, Node, Reply};
///
/// #[derive(Default)]
/// struct Oven { waiting: Vec<Answer<&'static str>> }
/// impl Actor for Oven { type Context = Context<Self>; }
///
/// struct Bread;
/// impl Message for Bread { type Result = &'static str; }
/// impl Handler<Bread> for Oven {
///     type Result = Reply<&'static str>;
///     fn handle(&mut self, _: Bread, _: &mut Context<Self>) -> Self::Result {
///         let (reply, answer) = Reply::deferred();
///         self.waiting.push(answer);
///         reply
///     }
/// }
///
/// struct Bake;
/// impl Message for Bake { type Result = (); }
/// impl Handler<Bake> for Oven {
///     type Result = Reply<()>;
///     fn handle(&mut self, _: Bake, context: &mut Context<Self>) -> Self::Result {
///         for answer in self.waiting.drain(..) {
///             answer.send("bread");
///         }
///         let clock = context.clock().clone();
///         Reply::later(async move { clock.sleep(Duration::from_millis(1)).await })
///     }
/// }
///
/// treewire_runtime::run(async {
///     let node = Node::builder("bakery").start().await.unwrap();
///     let oven = node.spawn(Child::new("oven", Oven::default)).await.unwrap();
///     let (bread, baked) = tokio::join!(oven.send(Bread), oven.send(Bake));
///     assert_eq!(bread.unwrap(), "bread");
///     baked.unwrap();
///     node.stop().await.unwrap();
/// });
/// ```
#[must_use = "whoever asked is not answered unless the handler returns it"]
pub struct Reply<T>(Kind<T>);

enum Kind<T> {
    Now(T),
    Later(Pin<Box<dyn Future<Output = T>>>),
    Deferred(Debt<T>),
}

impl<T: 'static> Reply<T> {
    /// The answer is `value`.
    pub fn now(value: T) -> Self {
        Reply(Kind::Now(value))
    }

    /// The answer is what `future` resolves to. The actor handles other messages
    /// meanwhile. It runs to its end also when nobody waits for it (any more); a
    /// panic in it is the actor's.
    pub fn later(future: impl Future<Output = T> + 'static) -> Self {
        Reply(Kind::Later(Box::pin(future)))
    }

    /// The answer is given through the other half, from anywhere.
    pub fn deferred() -> (Self, Answer<T>) {
        let (answer, debt) = answer::open();
        (Reply(Kind::Deferred(debt)), answer)
    }
}

impl<A, M> MessageResponse<A, M> for Reply<M::Result>
where
    A: Actor<Context = Context<A>>,
    M: Message,
{
    fn handle(self, context: &mut Context<A>, asker: Option<OneshotSender<M::Result>>) {
        match self.0 {
            Kind::Now(value) => tell(asker, value),
            Kind::Later(future) => {
                context.spawn(Later { future, asker });
            }
            Kind::Deferred(debt) => {
                if debt.owe(asker) {
                    context.spawn(debt);
                }
            }
        }
    }
}

struct Later<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    asker: Option<OneshotSender<T>>,
}

impl<T> Unpin for Later<T> {}

impl<A: Actor, T> ActorFuture<A> for Later<T> {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        _: &mut A,
        _: &mut A::Context,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        let value = ready!(self.future.as_mut().poll(task));
        tell(self.asker.take(), value);
        Poll::Ready(())
    }
}
