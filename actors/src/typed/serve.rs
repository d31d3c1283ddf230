//! The serving side: from wire names into the ports of actors.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};
use std::task::Waker;

use actix::{Actor, Handler};
use treewire_runtime::{Context, Loss, Outcome, Port, PortRefusal, Ref};
use treewire_transports::{Content, Failure};

use super::WireMessage;
use super::descriptor::{Descriptor, decode, encode};
use super::error::{HANDLER_FAILED, LOST_IN_CRASH, STOPPED, UNKNOWN_MESSAGE};
use crate::core::{Deliver, Shared, Taken};
use crate::handle::ReplyPath;
use crate::message::{Message, Receipt};

/// How many messages may wait in the port of an actor that is served.
const PORT_CAPACITY: usize = 1_024;

/// The ports of a socket by wire name.
#[derive(Default)]
pub(crate) struct Routes(BTreeMap<&'static str, Box<dyn Route>>);

/// One wire name's way into an actor.
pub(super) trait Route: Send {
    /// Whether a message would be taken now.
    fn has_room(&self) -> bool;

    /// Decodes and hands over.
    fn deliver(&self, descriptor: Option<Descriptor<'_>>, payload: &[u8], ticket: Ticket) -> Taken;

    fn on_room(&self, waker: &Waker);
}

/// Where a message goes, what its first part says, and the encoded value.
type Found<'r, 'c> = (&'r dyn Route, Option<Descriptor<'c>>, &'c [u8]);

/// What goes with a message: the way back, and its receipt.
pub(super) struct Ticket {
    correlation: u64,
    receipt: Receipt,
}

impl Routes {
    /// Messages named `M::NAME` are requests to `actor`.
    pub(crate) fn serve<M, A>(&mut self, actor: &Ref<A>, shared: &Arc<Shared>)
    where
        M: WireMessage,
        A: Actor<Context = Context<A>> + Handler<M>,
    {
        self.0
            .insert(M::NAME, Box::new(ServeRoute::<M>::new(actor, shared)));
    }

    /// Messages named `M::NAME` are for `actor`, which owes no answer.
    pub(crate) fn deliver<M, A>(&mut self, actor: &Ref<A>, shared: &Arc<Shared>)
    where
        M: WireMessage,
        A: Actor<Context = Context<A>> + Handler<M>,
    {
        self.0
            .insert(M::NAME, Box::new(DeliverRoute::<M>::new(actor, shared)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find<'a>(&self, content: &'a Content) -> Result<Found<'_, 'a>, Failure> {
        let mut parts = content.parts();
        let (first, second) = (parts.next(), parts.next());
        let (Some(first), Some(payload)) = (first, second) else {
            // A lone payload is meant for the one type that is served.
            return match self.0.values().next() {
                Some(only) if self.0.len() == 1 => Ok((&**only, None, content.first())),
                _ => Err(self.unknown("a message without a name")),
            };
        };
        let descriptor = Descriptor::parse(first)
            .ok_or_else(|| self.unknown("a message whose name cannot be read"))?;
        match self.0.get(descriptor.name()) {
            Some(route) => Ok((&**route, Some(descriptor), payload)),
            None => Err(self.unknown(&format!("{:?}", descriptor.name()))),
        }
    }

    fn unknown(&self, what: &str) -> Failure {
        let served: Vec<&str> = self.0.keys().copied().collect();
        let text = format!(
            "{what} is not served here: served are {}",
            served.join(", ")
        );
        Failure::new(UNKNOWN_MESSAGE, text)
    }
}

impl Deliver for Routes {
    fn offer(&mut self, correlation: u64, message: Message) -> Result<Taken, Message> {
        if let Ok((route, ..)) = self.find(&message)
            && !route.has_room()
        {
            return Err(message);
        }
        let (content, receipt) = message.into_split();
        let ticket = Ticket {
            correlation,
            receipt,
        };
        Ok(match self.find(&content) {
            Ok((route, descriptor, payload)) => route.deliver(descriptor, payload, ticket),
            Err(failure) => ticket.refuse(failure),
        })
    }

    fn on_room(&self, waker: &Waker) {
        self.0.values().for_each(|route| route.on_room(waker));
    }
}

impl Ticket {
    fn refuse(self, failure: Failure) -> Taken {
        if self.correlation == 0 {
            tracing::warn!(
                peer = self.receipt.inlet().peer(),
                "dropped a message: {}",
                failure.text
            );
            return Taken::Dropped("not deliverable");
        }
        Taken::Refused(failure, self.receipt)
    }
}

/// Requests into an actor, its answers back.
struct ServeRoute<M: WireMessage> {
    port: Port<M, Reply>,
    shared: Weak<Shared>,
}

impl<M: WireMessage> ServeRoute<M> {
    fn new<A>(actor: &Ref<A>, shared: &Arc<Shared>) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<M>,
    {
        ServeRoute {
            port: actor.port(PORT_CAPACITY),
            shared: Arc::downgrade(shared),
        }
    }
}

impl<M: WireMessage> Route for ServeRoute<M> {
    fn has_room(&self) -> bool {
        self.port.room() > 0
    }

    fn deliver(&self, descriptor: Option<Descriptor<'_>>, payload: &[u8], ticket: Ticket) -> Taken {
        let Ticket {
            correlation,
            receipt,
        } = ticket;
        let Some(shared) = self.shared.upgrade() else {
            return Taken::Dropped("closed");
        };
        let message = descriptor
            .map_or(Ok(()), |descriptor| descriptor.fits::<M>())
            .and_then(|()| decode::<M>(payload));
        let message = match message {
            Ok(message) => message,
            Err(failure) => {
                return Ticket {
                    correlation,
                    receipt,
                }
                .refuse(failure);
            }
        };
        let reply = Reply(ReplyPath::new(shared, correlation, receipt));
        let (failure, Reply(path)) = match self.port.push(message, reply) {
            Ok(()) => return Taken::Delivered,
            Err(PortRefusal::Stopped(_, reply, exit)) => {
                (Failure::new(STOPPED, exit.to_string()), reply)
            }
            Err(PortRefusal::Full(_, reply)) => (
                Failure::new(HANDLER_FAILED, "the actor's port is full"),
                reply,
            ),
        };
        match path.into_receipt() {
            Some(receipt) => Ticket {
                correlation,
                receipt,
            }
            .refuse(failure),
            None => Taken::Dropped("closed"),
        }
    }

    fn on_room(&self, waker: &Waker) {
        self.port.on_room(waker);
    }
}

/// Answers a request with what its handler came to.
struct Reply(ReplyPath);

impl<M: WireMessage> Outcome<M> for Reply {
    fn handled(self, result: M::Result) {
        self.0.answer(encode(&result).map(Content::new));
    }

    fn lost(self, loss: Loss) {
        self.0.answer(Err(match loss {
            Loss::Crashed(exit) => Failure::new(LOST_IN_CRASH, exit.to_string()),
            Loss::Stopped(exit) => Failure::new(STOPPED, exit.to_string()),
            Loss::Unanswered => Failure::new(HANDLER_FAILED, "the handler gave no answer"),
        }));
    }

    fn wanted(&self) -> bool {
        self.0.is_wanted()
    }
}

/// Messages into an actor, nothing back but that they were handled.
struct DeliverRoute<M: WireMessage> {
    port: Port<M, Handled>,
    shared: Weak<Shared>,
    message: PhantomData<fn(M)>,
}

impl<M: WireMessage> DeliverRoute<M> {
    fn new<A>(actor: &Ref<A>, shared: &Arc<Shared>) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<M>,
    {
        DeliverRoute {
            port: actor.port(PORT_CAPACITY),
            shared: Arc::downgrade(shared),
            message: PhantomData,
        }
    }
}

impl<M: WireMessage> Route for DeliverRoute<M> {
    fn has_room(&self) -> bool {
        self.port.room() > 0
    }

    fn deliver(&self, descriptor: Option<Descriptor<'_>>, payload: &[u8], ticket: Ticket) -> Taken {
        let message = descriptor
            .map_or(Ok(()), |descriptor| descriptor.fits::<M>())
            .and_then(|()| decode::<M>(payload));
        let message = match message {
            Ok(message) => message,
            Err(failure) => return ticket.refuse(failure),
        };
        let handled = Handled {
            _receipt: ticket.receipt,
            shared: self.shared.clone(),
        };
        match self.port.push(message, handled) {
            Ok(()) => Taken::Delivered,
            Err(PortRefusal::Stopped(..)) => Taken::Dropped("actor stopped"),
            Err(PortRefusal::Full(..)) => Taken::Dropped("port full"),
        }
    }

    fn on_room(&self, waker: &Waker) {
        self.port.on_room(waker);
    }
}

/// Counts a delivered message as handled, whatever its handler came to: best
/// effort has no second try.
struct Handled {
    _receipt: Receipt,
    shared: Weak<Shared>,
}

impl<M: WireMessage> Outcome<M> for Handled {
    fn handled(self, _: M::Result) {}

    fn lost(self, loss: Loss) {
        let cause = match loss {
            Loss::Crashed(_) => "lost in a crash",
            Loss::Stopped(_) => "actor stopped",
            Loss::Unanswered => return,
        };
        if let Some(shared) = self.shared.upgrade() {
            shared.stats.dropped(cause, 1);
        }
    }
}
