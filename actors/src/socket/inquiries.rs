//! Puts to an actor what it is to decide about nodes that answer in another's place.

use std::sync::Arc;

use actix::AsyncContext;
use actix::fut::{ActorFutureExt, WrapFuture};
use futures_util::future::BoxFuture;
use treewire_runtime::Context;

use super::SocketActor;
use crate::core::{PipeId, Shared, Stickiness};
use crate::handle::Replacement;

/// A question that the actor has. However the wait for its answer ends, it is answered.
struct Asked {
    shared: Arc<Shared>,
    pipe: PipeId,
    number: u64,
    decision: Replacement,
}

impl Asked {
    async fn hear(mut self, answer: BoxFuture<'static, Replacement>) {
        self.decision = answer.await;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let (pipe, number, decision) = (self.pipe, self.number, self.decision);
        self.shared.core(|core| core.decide(pipe, number, decision));
    }
}

impl SocketActor {
    /// Asks what there is to be asked, now and whenever there is more. A question about a
    /// pipe replaces the one before it.
    pub(super) fn put_questions(&mut self, context: &mut Context<Self>) {
        for (pipe, question) in self.shared.core(|core| core.take_questions()) {
            // Meanwhile nobody may be there to decide.
            let Stickiness::Ask(judge) = self.shared.options().stickiness else {
                continue;
            };
            let asked = Asked {
                shared: self.shared.clone(),
                pipe,
                number: question.number,
                decision: Replacement::TryLater,
            };
            let wait = asked.hear(judge.ask(question.replaced));
            let wait = context.spawn(wait.into_actor(self));
            if let Some(earlier) = self.inquiries.insert(pipe, wait) {
                context.cancel_future(earlier);
            }
        }
        let shared = self.shared.clone();
        let more = async move { shared.questioned.notified().await };
        let more = more.into_actor(self);
        context.spawn(more.map(|(), socket, context| socket.put_questions(context)));
    }
}
