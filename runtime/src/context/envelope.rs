//! How actix's raw `Addr` and `Recipient` reach an actor in our context.

use std::any::type_name;

use actix::dev::{Envelope, EnvelopeProxy, MessageResponse, OneshotSender, ToEnvelope};
use actix::{Actor, Handler, Message};

use super::Context;
use crate::observe::DropCause;
use crate::panics::survive;
use crate::slot::Author;

impl<A, M> ToEnvelope<A, M> for Context<A>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn pack(message: M, answer: Option<OneshotSender<M::Result>>) -> Envelope<A> {
        Envelope::with_proxy(Box::new(Enveloped {
            message: Some(message),
            answer,
            author: Author::current(),
        }))
    }
}

struct Enveloped<M: Message> {
    message: Option<M>,
    answer: Option<OneshotSender<M::Result>>,
    author: Author,
}

impl<A, M> EnvelopeProxy<A> for Enveloped<M>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn handle(&mut self, actor: &mut A, context: &mut Context<A>) {
        let answer = self.answer.take();
        // A request that was given up is never executed.
        if answer.as_ref().is_some_and(|answer| answer.is_closed()) {
            context.passed_over = true;
            return;
        }
        if self
            .author
            .is_predecessor_of(Author::new(&*context.slot, context.home.life))
        {
            let cause = DropCause::OwnEarlierGeneration;
            context.slot.count_drop(cause, type_name::<M>());
            survive("the drop of a message", || self.message.take());
            context.passed_over = true;
            return;
        }
        if let Some(message) = self.message.take() {
            actor.handle(message, context).handle(context, answer);
        }
    }
}
