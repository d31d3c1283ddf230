use std::sync::{Arc, Weak};
use std::task::Waker;

use actix::{Actor, Handler};
use treewire_runtime::{Execution, Exit, Loss, Origin, Outcome, Port, PortRefusal, Ref};
use treewire_transports::{Content, Failure};

use super::again::again;
use super::descriptor::{Encoded, discard};
use super::error::{HANDLER_FAILED, LOST_IN_CRASH, STOPPED};
use super::offender::{self, Offender};
use super::routes::{PORT_CAPACITY, Route, Ticket, Unfit};
use super::{Codec, WireMessage};
use crate::core::{QUARANTINED, Shared, Taken};
use crate::handle::ReplyPath;

/// Requests into an actor, its answers back.
pub(super) struct ServeRoute<M: WireMessage> {
    port: Port<M, Reply>,
    shared: Weak<Shared>,
}

impl<M: WireMessage> ServeRoute<M> {
    pub(super) fn new<A>(actor: &Ref<A>, shared: &Arc<Shared>) -> Self
    where
        A: Actor<Context: Execution<A>> + Handler<M>,
    {
        ServeRoute {
            port: actor.port(PORT_CAPACITY),
            shared: Arc::downgrade(shared),
        }
    }
}

impl<M: WireMessage> Route for ServeRoute<M> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn has_room(&self) -> bool {
        self.port.room() > 0
    }

    fn deliver(&self, encoded: Encoded<'_>, ticket: Ticket) -> Result<Taken, Unfit> {
        let Some(shared) = self.shared.upgrade() else {
            return Err(Unfit("closed"));
        };
        let (message, codec) = match encoded.decode::<M>() {
            Ok(decoded) => decoded,
            Err(failure) => return ticket.refuse(failure),
        };
        let Ticket {
            correlation,
            receipt,
            kept,
            ..
        } = ticket;
        let path = ReplyPath::new(shared, correlation, receipt);
        let reply = Reply { path, kept, codec };
        let (failure, Reply { path, kept, .. }) = match self.port.push(message, reply) {
            Ok(()) => return Ok(Taken::Delivered),
            Err(PortRefusal::Stopped(message, reply, exit)) => {
                discard(message);
                (Failure::new(STOPPED, exit.to_string()), reply)
            }
            Err(PortRefusal::Full(message, reply)) => {
                discard(message);
                let text = "the actor's port is full";
                (Failure::new(HANDLER_FAILED, text), reply)
            }
        };
        match path.into_receipt() {
            Some(receipt) => Ticket {
                correlation,
                receipt,
                sequence: 0,
                kept,
            }
            .refuse(failure),
            None => Err(Unfit("closed")),
        }
    }

    fn on_room(&self, waker: &Waker) {
        self.port.on_room(waker);
    }
}

/// Answers a request with what its handler came to.
struct Reply {
    path: ReplyPath,
    /// The request as it came, if it may come again.
    kept: Option<Content>,
    /// In which it came, and is answered.
    codec: Codec,
}

impl<M: WireMessage> Outcome<M> for Reply {
    fn handled(self, result: M::Result) {
        let answer = self.codec.encode(&result);
        self.path.answer(answer.map(Content::new));
        discard(result);
    }

    fn again(&mut self, loss: &Loss) -> Option<M> {
        let path = &mut self.path;
        again(self.kept.as_ref(), self.codec, false, loss, || {
            path.panicked()
        })
    }

    fn lost(self, loss: Loss) {
        let Reply { path, .. } = self;
        let failure = match loss {
            Loss::Panicked(panic) => Failure::new(LOST_IN_CRASH, Exit::Panicked(panic).to_string()),
            Loss::Crashed(exit) => Failure::new(LOST_IN_CRASH, exit.to_string()),
            Loss::Stopped(exit) => Failure::new(STOPPED, exit.to_string()),
            Loss::Unanswered => Failure::new(HANDLER_FAILED, "the handler gave no answer"),
            Loss::Unwanted if path.is_wanted() => {
                path.shared().ward.dropped(QUARANTINED);
                offender::refusal()
            }
            // Nobody waits for an answer.
            Loss::Unwanted => return,
        };
        path.answer(Err(failure));
    }

    /// Neither cancelled nor, since it came, from a peer that was quarantined.
    fn wanted(&self) -> bool {
        let ward = &self.path.shared().ward;
        let is_refused = || {
            let receipt = self.path.receipt();
            let receipt = receipt.filter(|receipt| !receipt.is_reliable());
            receipt.is_some_and(|receipt| ward.refuses(receipt.inlet(), M::NAME))
        };
        self.path.is_wanted() && !is_refused()
    }

    fn origin(&self) -> Option<Arc<dyn Origin>> {
        let ward = &self.path.shared().ward;
        let receipt = self.path.receipt()?;
        Some(Arc::new(Offender::of_attempt(ward, receipt, M::NAME)))
    }
}
