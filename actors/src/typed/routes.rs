//! The serving side: from wire names into the ports of actors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use actix::{Actor, Handler};
use treewire_runtime::{Execution, Ref};
use treewire_transports::{Content, Failure};

use super::codec::shortened;
use super::deliver::DeliverRoute;
use super::delivered::Delivered;
use super::descriptor::{Descriptor, Encoded};
use super::error::UNKNOWN_MESSAGE;
use super::offender;
use super::serve::ServeRoute;
use super::{Codec, WireMessage};
use crate::core::{Deliver, QUARANTINED, Shared, Taken, Ward};
use crate::message::{Message, Receipt};

/// How many messages may wait in the port of an actor that is served.
pub(super) const PORT_CAPACITY: usize = 1_024;

/// The ports of a socket by wire name.
pub(crate) struct Routes {
    table: BTreeMap<&'static str, Box<dyn Route>>,
    ward: Arc<Ward>,
    /// The codec of peers that name none.
    foreign: Codec,
    /// How many parts come before the message's own: what is published has its topic there.
    parts_before: usize,
}

/// One wire name's way into an actor.
pub(super) trait Route: Send {
    fn name(&self) -> &'static str;

    /// Whether a message would be taken now.
    fn has_room(&self) -> bool;

    /// Decodes and hands over.
    fn deliver(&self, encoded: Encoded<'_>, ticket: Ticket) -> Result<Taken, Unfit>;

    fn on_room(&self, waker: &Waker);
}

/// Why a message for which nobody waits is dropped.
pub(super) struct Unfit(pub(super) &'static str);

/// Where a message goes, and what is decoded there.
type Found<'r, 'c> = (&'r dyn Route, Encoded<'c>);

/// What goes with a message: the way back, and its receipt.
pub(super) struct Ticket {
    pub(super) correlation: u64,
    pub(super) receipt: Receipt,
    /// Its number in the stream of its publisher, or 0.
    pub(super) sequence: u64,
    /// The message as it came, if it may come again.
    pub(super) kept: Option<Content>,
}

impl Routes {
    pub(crate) fn new(ward: Arc<Ward>, foreign: Codec, has_topics: bool) -> Self {
        Routes {
            table: BTreeMap::new(),
            ward,
            foreign,
            parts_before: usize::from(has_topics),
        }
    }

    /// Messages named `M::NAME` are requests to `actor`.
    pub(crate) fn serve<M, A>(&mut self, actor: &Ref<A>, shared: &Arc<Shared>)
    where
        M: WireMessage,
        A: Actor<Context: Execution<A>> + Handler<M>,
    {
        let route = ServeRoute::<M>::new(actor, shared);
        self.table.insert(M::NAME, Box::new(route));
    }

    /// Messages named `M::NAME` are for `actor`, which owes no answer.
    pub(crate) fn deliver<M, A>(&mut self, actor: &Ref<A>, shared: &Arc<Shared>)
    where
        M: WireMessage,
        A: Actor<Context: Execution<A>> + Handler<M>,
    {
        let route = DeliverRoute::<M, M>::new(actor, shared);
        self.table.insert(M::NAME, Box::new(route));
    }

    /// The same for an actor that takes them with their positions.
    pub(crate) fn deliver_with_position<M, A>(&mut self, actor: &Ref<A>, shared: &Arc<Shared>)
    where
        M: WireMessage,
        A: Actor<Context: Execution<A>> + Handler<Delivered<M>>,
    {
        let route = DeliverRoute::<M, Delivered<M>>::new(actor, shared);
        self.table.insert(M::NAME, Box::new(route));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    fn find<'a>(&self, content: &'a Content) -> Result<Found<'_, 'a>, Failure> {
        let mut parts = content.parts().skip(self.parts_before);
        let (first, second) = (parts.next(), parts.next());
        let (Some(first), Some(payload)) = (first, second) else {
            // A lone payload is meant for the one type that is served.
            return match self.table.values().next() {
                Some(only) if self.table.len() == 1 => Ok((
                    &**only,
                    self.encoded(None, first.unwrap_or(content.first())),
                )),
                _ => Err(self.unknown("a message without a name")),
            };
        };
        let descriptor = Descriptor::parse(first)
            .ok_or_else(|| self.unknown("a message whose name cannot be read"))?;
        match self.table.get(descriptor.name()) {
            Some(route) => Ok((&**route, self.encoded(Some(descriptor), payload))),
            None => Err(self.unknown(&format!("{:?}", descriptor.name()))),
        }
    }

    fn encoded<'a>(&self, descriptor: Option<Descriptor<'a>>, payload: &'a [u8]) -> Encoded<'a> {
        Encoded {
            descriptor,
            payload,
            foreign: self.foreign,
        }
    }

    fn unknown(&self, what: &str) -> Failure {
        let served: Vec<&str> = self.table.keys().copied().collect();
        let text = format!(
            "{what} is not served here: served are {}",
            served.join(", ")
        );
        Failure::new(UNKNOWN_MESSAGE, shortened(text))
    }
}

impl Deliver for Routes {
    fn offer(&mut self, correlation: u64, message: Message) -> Result<Taken, Message> {
        let found = self.find(&message);
        let is_refused = found.as_ref().is_ok_and(|(route, ..)| {
            // Before it looks for room, which it is not to take from others.
            self.ward.refuses(message.inlet(), route.name())
        });
        // A quarantined peer of a session waits: what it sent is not to be lost.
        let waits = match is_refused {
            true => message.is_reliable(),
            false => found.is_ok_and(|(route, ..)| !route.has_room()),
        };
        if waits {
            return Err(message);
        }
        let sequence = message.sequence();
        let (content, receipt) = message.into_split();
        let ticket = Ticket {
            correlation,
            sequence,
            kept: receipt.is_reliable().then(|| content.clone()),
            receipt,
        };
        if is_refused {
            return Ok(match ticket.correlation {
                0 => Taken::Dropped(QUARANTINED, content),
                _ => Taken::Refused(offender::refusal(), ticket.receipt),
            });
        }
        let taken = match self.find(&content) {
            Ok((route, encoded)) => route.deliver(encoded, ticket),
            Err(failure) => ticket.refuse(failure),
        };
        Ok(taken.unwrap_or_else(|Unfit(cause)| Taken::Dropped(cause, content)))
    }

    fn on_room(&self, waker: &Waker) {
        self.table.values().for_each(|route| route.on_room(waker));
    }
}

impl Ticket {
    pub(super) fn refuse(self, failure: Failure) -> Result<Taken, Unfit> {
        if self.correlation == 0 {
            tracing::warn!(
                peer = self.receipt.inlet().peer(),
                "dropped a message: {}",
                failure.text
            );
            return Err(Unfit("not deliverable"));
        }
        Ok(Taken::Refused(failure, self.receipt))
    }
}
