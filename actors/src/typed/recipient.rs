//! The door for code that wants an actix `Recipient<M>` of a remote mailbox.

use std::future::IntoFuture;

use actix::dev::{MessageResponse, OneshotSender};
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
                defaults: self.defaults(),
            },
            message,
        ))
    }
}

/// An answer that comes over the wire; a failure closes actix's channel, which
/// has no other way to say it.
pub(crate) struct Forwarded<M: WireMessage>(AskingTyped<M>);

impl<M: WireMessage> MessageResponse<SocketActor, M> for Forwarded<M> {
    fn handle(
        self,
        context: &mut Context<SocketActor>,
        mut answer: Option<OneshotSender<M::Result>>,
    ) {
        let forward = async move {
            let asking = self.0.into_future();
            let result = match &mut answer {
                None => asking.await,
                Some(answer) => tokio::select! {
                    biased;
                    result = asking => result,
                    // Whoever asked gave up: so does the request.
                    () = answer.closed() => return,
                },
            };
            match (result, answer) {
                // Whoever asked may have gone this moment.
                (Ok(reply), Some(answer)) => drop(answer.send(reply)),
                (Ok(_), None) => {}
                (Err(error), _) => tracing::warn!(message = M::NAME, "not answered: {error}"),
            }
        };
        context.spawn(actix::fut::wrap_future(forward));
    }
}
