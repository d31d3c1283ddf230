//! The door for code that wants an actix `Recipient<M>` of a remote mailbox.

use actix::dev::{MessageResponse, OneshotSender};
use actix::fut::ActorFutureExt;
use actix::{AsyncContext, Handler};
use treewire_runtime::Context;

use super::{AskingTyped, WireMessage};
use crate::handle::{ReqSocket, SocketHandle};
use crate::socket::SocketActor;

impl<M: WireMessage> Handler<M> for SocketActor {
    type Result = Forwarded<M>;

    fn handle(&mut self, message: M, context: &mut Context<Self>) -> Forwarded<M> {
        let socket = SocketHandle {
            shared: self.shared(),
            actor: context.reference(),
        };
        Forwarded(AskingTyped::new(
            ReqSocket {
                socket,
                deadline: self.deadline(),
            },
            message,
        ))
    }
}

/// An answer that comes over the wire; a failure closes actix's channel, which
/// has no other way to say it.
pub(crate) struct Forwarded<M: WireMessage>(AskingTyped<M>);

impl<M: WireMessage> MessageResponse<SocketActor, M> for Forwarded<M> {
    fn handle(self, context: &mut Context<SocketActor>, answer: Option<OneshotSender<M::Result>>) {
        let ask = async move { self.0.await };
        context.spawn(
            actix::fut::wrap_future(ask).map(move |result, _: &mut SocketActor, _| {
                match (result, answer) {
                    // Whoever asked may have gone.
                    (Ok(reply), Some(answer)) => drop(answer.send(reply)),
                    (Ok(_), None) => {}
                    (Err(error), _) => tracing::warn!(message = M::NAME, "not answered: {error}"),
                }
            }),
        );
    }
}
