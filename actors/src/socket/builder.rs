//! How sockets are described before they are spawned.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::{Actor, Handler};
use treewire_runtime::{Child, ChildSpec, Execution, IntoSpec, Placement, Ref};

use super::audience::{Audience, Listener};
use super::{Plan, SocketActor};
use crate::bound::Bound;
use crate::core::{Endpoints, Shared};
use crate::handle::{
    ComposedSocket, PubSocket, PullSocket, PushSocket, RepSocket, ReqSocket, RequestDefaults,
    SocketEvent, SocketHandle, SubSocket,
};
use crate::options::{OptionError, SocketOptions};
use crate::pattern::{Connector, Pattern, Receiver, Sender, SocketType};
use crate::position::StreamPosition;
use crate::typed::{Delivered, Routes, WireMessage};

/// What all sockets are made from.
pub(crate) struct Blueprint {
    name: String,
    pub(super) plan: Plan,
    pub(crate) options: SocketOptions,
    placement: Placement,
    routes: Vec<AddRoute>,
    /// How far streams came, if it is to go on from there.
    pub(super) positions: Option<Vec<StreamPosition>>,
    /// What it subscribes to from the start.
    pub(super) patterns: Vec<Pattern>,
    /// Who is told what happens to it.
    listeners: Vec<Listener>,
}

type AddRoute = Box<dyn FnOnce(&mut Routes, &Arc<Shared>) + Send>;

impl Blueprint {
    /// `socket` is the name of its builder.
    fn new(name: String, socket: &'static str, socket_type: SocketType) -> Self {
        let mut options = SocketOptions::new(socket, socket_type);
        options.peers_max = socket_type.connector;
        Blueprint {
            name,
            plan: Plan::default(),
            options,
            placement: Placement::inherit(),
            routes: Vec::new(),
            positions: None,
            patterns: Vec::new(),
            listeners: Vec::new(),
        }
    }

    /// Runs beside `actor`, to which `add` makes a route.
    pub(super) fn beside<A: Actor<Context: Execution<A>>>(
        mut self,
        actor: &Ref<A>,
        add: fn(&mut Routes, &Ref<A>, &Arc<Shared>),
    ) -> Self {
        self.placement = Placement::beside(actor);
        let actor = actor.clone();
        self.routes
            .push(Box::new(move |routes, shared| add(routes, &actor, shared)));
        self
    }

    fn into_spec(self) -> (ChildSpec, SocketHandle) {
        let Blueprint {
            name,
            plan,
            options,
            placement,
            routes,
            positions,
            patterns,
            listeners: audience,
        } = self;
        let slot: Arc<OnceLock<(Arc<Shared>, Audience)>> = Arc::default();
        let kind = options.socket_type.name;
        let endpoints = Endpoints::new(&plan.listen, &plan.dial);
        let foreign_codec = options.foreign_codec;
        let subscribes = options.socket_type.subscribes();
        let made = Made(slot.clone());
        let child = Child::try_with(name, move |_| {
            let (shared, audience) = made
                .0
                .get()
                .ok_or_else(|| treewire_runtime::Failure::new("the socket was not described"))?;
            let audience = audience.clone();
            Ok(SocketActor::new(shared.clone(), plan.clone(), audience))
        });
        let shared = Shared::new(options, child.stats(), endpoints);
        let child = child.patience(&shared.patience);
        let child = child.kind(kind).placement(placement);
        shared.core(|core| {
            match positions {
                Some(positions) if subscribes => core.follow_from(positions),
                Some(positions) => core.resume_from(positions),
                None => {}
            }
            core.subscribe_from_the_start(patterns);
        });
        let mut table = Routes::new(shared.ward.clone(), foreign_codec, subscribes);
        for add in routes {
            add(&mut table, &shared);
        }
        if !table.is_empty() {
            shared.core(|core| core.deliver_to(Box::new(table)));
        }
        slot.get_or_init(|| (shared.clone(), Audience::of(audience, &shared)));
        let (spec, actor) = child.into_spec();
        (spec, SocketHandle { shared, actor })
    }
}

/// The socket that a spec makes actors for: with the spec, the last that might follow is gone.
struct Made(Arc<OnceLock<(Arc<Shared>, Audience)>>);

impl Drop for Made {
    fn drop(&mut self) {
        if let Some((shared, _)) = self.0.get() {
            shared.leave();
        }
    }
}

/// The builder methods that every socket has.
macro_rules! common_options {
    () => {
        /// Binds to an endpoint (`tcp://0.0.0.0:5555`); may be called again. The
        /// socket's start fails when the endpoint cannot be used or is in use.
        pub fn listen(mut self, endpoint: impl Into<String>) -> Self {
            self.0.plan.listen.push(endpoint.into());
            self
        }

        /// Connects to an endpoint, now and again; may be called again. A peer
        /// that is absent is waited for.
        pub fn dial(mut self, endpoint: impl Into<String>) -> Self {
            self.0.plan.dial.push(endpoint.into());
            self
        }

        /// How much of one peer may be received and not handled yet; the peer is
        /// told, and stops sending there. Default 1,000 messages and 16 MiB.
        pub fn receive_bound(self, bound: Bound) -> Self {
            let Bound { messages, bytes } = bound.within_limits();
            self.receive_messages_max(messages).receive_bytes_max(bytes)
        }

        /// After `interval` without a frame, or a KiB of a large one, a peer is asked
        /// for a sign of life; after `dead_after` it is given up. Default 5 s and 15 s.
        pub fn heartbeat(self, interval: Duration, dead_after: Duration) -> Self {
            self.heartbeat_interval(interval).dead_after(dead_after)
        }

        /// Sets an option as it is written in a configuration or on a command line;
        /// [`options`](crate::options) has all of them.
        ///
        /// # Errors
        /// The socket has no such option, or the value does not fit it.
        pub fn set(mut self, name: &str, value: &str) -> Result<Self, OptionError> {
            self.0.options.set(name, value)?;
            Ok(self)
        }

        /// Tells the actor's `Handler<SocketEvent>` what happens to the socket, in order: what
        /// [`SocketHandle::events`] tells, with the same bounds. May be called again for other
        /// actors. What happens while the socket is stopped is told when it starts again.
        pub fn events<A>(mut self, actor: &Ref<A>) -> Self
        where
            A: Actor<Context: Execution<A>> + Handler<SocketEvent>,
        {
            self.0.listeners.push(Listener::new(actor));
            self
        }

        /// On which arbiter it runs. Default: its parent's, or that of the actor
        /// it serves.
        pub fn placement(mut self, placement: Placement) -> Self {
            self.0.placement = placement;
            self
        }
    };
}

macro_rules! socket {
    ($(#[$doc:meta])* $name:ident, $type:ident) => {
        $(#[$doc])*
        ///
        /// A supervisor that lists it may stop it and start it again: it listens
        /// where it did and dials again, and its handle goes on. To have the handle
        /// of a listed socket, take it from [`into_spec`](IntoSpec::into_spec) first.
        #[must_use = "a socket does nothing before it is spawned"]
        pub struct $name(pub(crate) Blueprint);

        impl $name {
            /// A socket named `name`, which its siblings' names must not equal.
            pub fn new(name: impl Into<String>) -> Self {
                let socket = stringify!($name);
                $name(Blueprint::new(name.into(), socket, SocketType::$type))
            }

            common_options!();
        }
    };
}

socket! {
    /// Sends each message to one of its peers, [`Pull`] sockets.
    Push, PUSH
}

socket! {
    /// Receives from all its peers, [`Push`] sockets, in turn.
    Pull, PULL
}

socket! {
    /// Asks its peers, [`Rep`] sockets; any number of requests at a time.
    Req, REQ
}

socket! {
    /// Answers the requests of its peers, [`Req`] sockets.
    Rep, REP
}

socket! {
    /// Sends each message to those of its peers, [`Sub`] sockets, that subscribed to its topic,
    /// its first part.
    Pub, PUB
}

socket! {
    /// Receives from all its peers, [`Pub`] sockets, what it subscribed to.
    Sub, SUB
}

/// What those have besides that send of their own accord. Answers are as many as the requests
/// that may be received.
macro_rules! send_bound {
    ($($name:ident)+) => {
        $(impl $name {
            /// How much may wait for one peer on the way out. Default 1,000 messages
            /// and 16 MiB.
            pub fn send_bound(self, bound: Bound) -> Self {
                let Bound { messages, bytes } = bound.within_limits();
                self.send_messages_max(messages).send_bytes_max(bytes)
            }
        })+
    };
}

send_bound!(Push Req Pub Socket);

impl Rep {
    /// Answers messages of type `M` with the actor's `Handler<M>`; may be called
    /// again for other types. The socket runs beside the actor.
    pub fn serve<M: WireMessage>(self, actor: &Ref<impl Serves<M>>) -> Self {
        Rep(self.0.beside(actor, Routes::serve::<M, _>))
    }
}

impl Pull {
    /// Goes on after the messages at those positions, which were stored together with the
    /// effects of the messages: what lies before them does not come. So a receiver handles each
    /// message exactly once, also if its process was killed, provided that
    ///
    /// - it listens, its senders dial it and [fail over](crate::Stickiness::Failover) to it, and both
    ///   ends are [`Delivery::Reliable`](treewire_transports::Delivery::Reliable);
    /// - it stores the [position](crate::Message::position) of a message and its effect in one
    ///   transaction, in the order of the stream, before it drops the message;
    /// - it gives what it stored last of every stream here, also if that is nothing yet, and
    ///   reads that when nobody else writes it any more.
    ///
    /// The socket itself remembers how far each stream came while it lives, also when a
    /// session's lease runs out: that of 1,024 streams whose senders are away. Messages that
    /// were acknowledged and are not stored are told as
    /// [`SocketEvent::Missed`](crate::SocketEvent::Missed). A position beyond what its sender ever
    /// sent keeps the two apart, and both say so in their logs.
    ///
    /// May be called again. A socket that dials, or is not reliable, does not start with it.
    pub fn resume_from(mut self, positions: impl IntoIterator<Item = StreamPosition>) -> Self {
        let stored = self.0.positions.get_or_insert_default();
        stored.extend(positions);
        self.0.plan.resumes = true;
        self
    }

    /// Hands messages of type `M` to the actor's `Handler<M>`; may be called again
    /// for other types. The socket runs beside the actor.
    pub fn deliver<M: WireMessage>(self, actor: &Ref<impl Serves<M>>) -> Self {
        Pull(self.0.beside(actor, Routes::deliver::<M, _>))
    }

    /// The same to the actor's `Handler<Delivered<M>>`, which learns the position of each
    /// message as well, to be stored together with what it does.
    pub fn deliver_with_position<M: WireMessage>(
        self,
        actor: &Ref<impl ServesPositions<M>>,
    ) -> Self {
        Pull(self.0.beside(actor, Routes::deliver_with_position::<M, _>))
    }
}

/// An actor in our context that handles `M`. Implemented for all of them; it
/// exists so that `serve::<M>(…)` names one type only.
pub trait Serves<M: WireMessage>: Actor<Context: Execution<Self>> + Handler<M> {}

impl<A, M> Serves<M> for A
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: WireMessage,
{
}

/// An actor in our context that handles `M` with its position. Implemented for all of them, as
/// [`Serves`] is.
pub trait ServesPositions<M: WireMessage>:
    Actor<Context: Execution<Self>> + Handler<Delivered<M>>
{
}

impl<A, M> ServesPositions<M> for A
where
    A: Actor<Context: Execution<A>> + Handler<Delivered<M>>,
    M: WireMessage,
{
}

/// A socket composed of parts of one's own: a connector, a sender, a receiver.
/// It talks to sockets that were composed under the same type name.
#[must_use = "a socket does nothing before it is spawned"]
pub struct Socket(pub(crate) Blueprint);

impl Socket {
    /// A socket named `name` of the type `type_name`; by default it takes any
    /// number of peers, sends to one of them and receives from all.
    pub fn new(name: impl Into<String>, type_name: &'static str) -> Self {
        let socket_type = SocketType::composed(type_name, Sender::One, Receiver::All);
        Socket(Blueprint::new(name.into(), "Socket", socket_type))
    }

    /// How many peers it takes.
    pub fn connector(mut self, connector: Connector) -> Self {
        self.0.options.peers_max = connector;
        self
    }

    /// To whom it sends.
    pub fn sender(mut self, sender: Sender) -> Self {
        self.0.options.socket_type.sender = sender;
        self
    }

    /// From whom it receives.
    pub fn receiver(mut self, receiver: Receiver) -> Self {
        self.0.options.socket_type.receiver = receiver;
        self
    }

    common_options!();
}

macro_rules! into_spec {
    ($socket:ident, $handle:ty, |$inner:ident, $defaults:ident| $make:expr) => {
        impl IntoSpec for $socket {
            type Handle = $handle;

            fn into_spec(self) -> (ChildSpec, $handle) {
                let $defaults = RequestDefaults::new(self.0.options.codec);
                let (spec, $inner) = self.0.into_spec();
                (spec, $make)
            }
        }
    };
}

into_spec!(Push, PushSocket, |socket, defaults| PushSocket {
    socket,
    codec: defaults.codec
});
into_spec!(Pull, PullSocket, |socket, _defaults| PullSocket(socket));
into_spec!(Pub, PubSocket, |socket, defaults| PubSocket {
    socket,
    codec: defaults.codec
});
into_spec!(Sub, SubSocket, |socket, _defaults| SubSocket(socket));
into_spec!(Rep, RepSocket, |socket, _defaults| RepSocket(socket));
into_spec!(Req, ReqSocket, |socket, defaults| ReqSocket {
    socket,
    defaults
});
into_spec!(Socket, ComposedSocket, |socket, _defaults| ComposedSocket(
    socket
));
