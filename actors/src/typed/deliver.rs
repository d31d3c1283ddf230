use std::marker::PhantomData;
use std::sync::{Arc, Weak};
use std::task::Waker;

use actix::{Actor, Handler};
use treewire_runtime::{Execution, Loss, Origin, Outcome, Port, PortRefusal, Ref};
use treewire_transports::Content;

use super::again::again;
use super::delivered::Form;
use super::descriptor::{Encoded, discard};
use super::offender::Offender;
use super::routes::{PORT_CAPACITY, Route, Ticket, Unfit};
use super::{Codec, WireMessage};
use crate::core::{QUARANTINED, Shared, Taken, Ward};
use crate::message::{PANICKED, Receipt};

/// Messages into an actor, nothing back but that they were handled.
pub(super) struct DeliverRoute<M: WireMessage, F: Form<M>> {
    port: Port<F, Handled<M>>,
    shared: Weak<Shared>,
    ward: Arc<Ward>,
}

impl<M: WireMessage, F: Form<M>> DeliverRoute<M, F> {
    pub(super) fn new<A>(actor: &Ref<A>, shared: &Arc<Shared>) -> Self
    where
        A: Actor<Context: Execution<A>> + Handler<F>,
    {
        DeliverRoute {
            port: actor.port(PORT_CAPACITY),
            shared: Arc::downgrade(shared),
            ward: shared.ward.clone(),
        }
    }
}

impl<M: WireMessage, F: Form<M>> Route for DeliverRoute<M, F> {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn has_room(&self) -> bool {
        self.port.room() > 0
    }

    fn deliver(&self, encoded: Encoded<'_>, ticket: Ticket) -> Result<Taken, Unfit> {
        let (message, codec) = match encoded.decode::<M>() {
            Ok(decoded) => decoded,
            Err(failure) => return ticket.refuse(failure),
        };
        let message = F::new(message, &ticket.receipt, ticket.sequence);
        let handled = Handled {
            receipt: ticket.receipt,
            sequence: ticket.sequence,
            kept: ticket.kept,
            codec,
            shared: self.shared.clone(),
            ward: self.ward.clone(),
            message: PhantomData,
        };
        match self.port.push(message, handled) {
            Ok(()) => Ok(Taken::Delivered),
            Err(PortRefusal::Stopped(message, ..)) => {
                discard(message);
                Err(Unfit("actor stopped"))
            }
            Err(PortRefusal::Full(message, _)) => {
                discard(message);
                Err(Unfit("port full"))
            }
        }
    }

    fn on_room(&self, waker: &Waker) {
        self.port.on_room(waker);
    }
}

/// Counts a delivered message as handled, whatever its handler came to: best
/// effort has no second try. One of a session comes again.
struct Handled<M> {
    receipt: Receipt,
    /// Its number in the stream of its publisher, or 0.
    sequence: u64,
    kept: Option<Content>,
    codec: Codec,
    shared: Weak<Shared>,
    ward: Arc<Ward>,
    message: PhantomData<fn(M)>,
}

impl<M: WireMessage, F: Form<M>> Outcome<F> for Handled<M> {
    fn handled(self, result: M::Result) {
        discard(result);
    }

    fn again(&mut self, loss: &Loss) -> Option<F> {
        let receipt = &mut self.receipt;
        let has_topic = self.sequence != 0;
        let message = again(self.kept.as_ref(), self.codec, has_topic, loss, || {
            receipt.panicked()
        })?;
        Some(F::new(message, &self.receipt, self.sequence))
    }

    fn lost(self, loss: Loss) {
        let cause = match loss {
            Loss::Panicked(_) if self.kept.is_some() => PANICKED,
            Loss::Panicked(_) | Loss::Crashed(_) => "lost in a crash",
            Loss::Stopped(_) => "actor stopped",
            Loss::Unwanted => QUARANTINED,
            Loss::Unanswered => return,
        };
        match (self.kept, self.shared.upgrade()) {
            (Some(content), Some(shared)) => shared.dead_letter(cause, content),
            _ => self.ward.dropped(cause),
        }
    }

    /// Not once its peer was quarantined since it came.
    fn wanted(&self) -> bool {
        self.receipt.is_reliable() || !self.ward.refuses(self.receipt.inlet(), M::NAME)
    }

    fn origin(&self) -> Option<Arc<dyn Origin>> {
        let offender = Offender::of_attempt(&self.ward, &self.receipt, M::NAME);
        Some(Arc::new(offender))
    }
}
