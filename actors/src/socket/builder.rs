//! How sockets are described before they are spawned.

mod reconnecting;
mod sending;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::{Actor, Handler};
use treewire_runtime::{Child, ChildSpec, Execution, IntoSpec, Placement, Ref};
use treewire_transports::Delivery;

use super::audience::{Audience, Listener};
use super::{SocketActor, SocketOptions};
use crate::bound::{Bound, Overflow};
use crate::core::{CoreConfig, Shared, Stickiness};
use crate::handle::{
    ComposedSocket, PubSocket, PullSocket, PushSocket, RepSocket, ReqSocket, RequestDefaults,
    SocketEvent, SocketHandle, SubSocket,
};
use crate::pattern::{Connector, Pattern, Receiver, Sender, SocketType};
use crate::position::StreamPosition;
use crate::typed::{Codec, Delivered, Routes, WireMessage};

/// What all sockets are made from.
pub(super) struct Blueprint {
    name: String,
    pub(super) options: SocketOptions,
    pub(super) defaults: RequestDefaults,
    placement: Placement,
    routes: Vec<AddRoute>,
    /// The codec of peers that name none.
    pub(super) foreign_codec: Codec,
    /// How far streams came, if it is to go on from there.
    pub(super) positions: Option<Vec<StreamPosition>>,
    /// What it subscribes to from the start.
    pub(super) patterns: Vec<Pattern>,
    /// How much of what it published is kept for those who missed it.
    pub(super) replay: Option<Bound>,
    /// Who is told what happens to it.
    listeners: Vec<Listener>,
}

type AddRoute = Box<dyn FnOnce(&mut Routes, &Arc<Shared>) + Send>;

impl Blueprint {
    fn new(name: String, socket_type: SocketType) -> Self {
        Blueprint {
            name,
            options: SocketOptions::new(socket_type),
            defaults: RequestDefaults::default(),
            placement: Placement::inherit(),
            routes: Vec::new(),
            foreign_codec: Codec::default(),
            positions: None,
            patterns: Vec::new(),
            replay: None,
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
            options,
            defaults,
            foreign_codec,
            placement,
            routes,
            positions,
            patterns,
            replay,
            listeners: audience,
        } = self;
        let config = CoreConfig {
            socket_type: options.socket_type,
            send_bound: options.send_bound,
            receive_bound: options.receive_bound,
            overflow: options.overflow,
            immediate: options.immediate,
            perseverance: options.perseverance,
            message_bytes_max: options.message_bytes_max,
            delivery: options.delivery,
            stickiness: options.stickiness.clone(),
            lease: options.lease,
            expected_peer: options.expected_peer,
        };
        let slot: Arc<OnceLock<(Arc<Shared>, Audience)>> = Arc::default();
        let (kind, shutdown) = (options.socket_type.name, options.linger + STOP_MARGIN);
        let (socket_type, listeners) = (options.socket_type, options.listen.len());
        let made = Made(slot.clone());
        let child = Child::try_with(name, move |_| {
            let (shared, audience) = made
                .0
                .get()
                .ok_or_else(|| treewire_runtime::Failure::new("the socket was not described"))?;
            Ok(SocketActor::new(
                shared.clone(),
                options.clone(),
                defaults,
                audience.clone(),
            ))
        });
        let child = child.kind(kind).shutdown(shutdown).placement(placement);
        let shared = Shared::new(config, child.stats(), listeners);
        let subscribes = socket_type.subscribes();
        shared.core(|core| {
            match positions {
                Some(positions) if subscribes => core.follow_from(positions),
                Some(positions) => core.resume_from(positions),
                None => {}
            }
            if let Some(bound) = replay {
                core.keep_for_replay(bound);
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

/// What a stopping socket has beyond its linger.
const STOP_MARGIN: Duration = Duration::from_secs(2);

/// The builder methods that every socket has.
macro_rules! common_options {
    () => {
        /// Binds to an endpoint (`tcp://0.0.0.0:5555`); may be called again. The
        /// socket's start fails when the endpoint cannot be used or is in use.
        pub fn listen(mut self, endpoint: impl Into<String>) -> Self {
            self.0.options.listen.push(endpoint.into());
            self
        }

        /// Connects to an endpoint, now and again; may be called again. A peer
        /// that is absent is waited for.
        pub fn dial(mut self, endpoint: impl Into<String>) -> Self {
            self.0.options.dial.push(endpoint.into());
            self
        }

        /// Whether what is dialed is dialed again when the connection ends or none could be
        /// made. Without, one attempt is made at each start of the socket and at each
        /// [`redial`](SocketHandle::redial). Default: it is.
        pub fn reconnect(mut self, again: bool) -> Self {
            self.0.options.reconnect = again;
            self
        }

        /// How much may wait for one peer on the way out. Default 1,000 messages
        /// and 16 MiB.
        pub fn send_bound(mut self, bound: Bound) -> Self {
            self.0.options.send_bound = bound.within_limits();
            self
        }

        /// How much of one peer may be received and not handled yet; the peer is
        /// told, and stops sending there. Default 1,000 messages and 16 MiB.
        pub fn receive_bound(mut self, bound: Bound) -> Self {
            self.0.options.receive_bound = bound.within_limits();
            self
        }

        /// What becomes of a message when the queues are at their bound. Default
        /// [`Overflow::Wait`], of [`Pub`] [`Overflow::DropNewest`].
        pub fn overflow(mut self, overflow: Overflow) -> Self {
            self.0.options.overflow = overflow;
            self
        }

        /// How long a socket that is stopped, with its node, with its group or by
        /// hand, waits for its peers to confirm what was sent. What could not be
        /// sent by then waits for its next start. Default 1 s.
        pub fn linger(mut self, linger: Duration) -> Self {
            self.0.options.linger = linger;
            self
        }

        /// How long connecting may take, and then the handshake. Default 5 s each.
        pub fn handshake_deadline(mut self, deadline: Duration) -> Self {
            self.0.options.handshake_deadline = deadline;
            self
        }

        /// After `interval` without a frame, or a KiB of a large one, a peer is asked
        /// for a sign of life; after `dead_after` it is given up. Default 5 s and 15 s.
        pub fn heartbeat(mut self, interval: Duration, dead_after: Duration) -> Self {
            self.0.options.heartbeat_interval = interval;
            self.0.options.dead_after = dead_after;
            self
        }

        /// The largest message it sends and takes, in bytes. Default 64 MiB.
        pub fn message_bytes_max(mut self, bytes: u64) -> Self {
            self.0.options.message_bytes_max = bytes;
            self
        }

        /// At most this many peers at a time; one more is told why it is refused.
        pub fn peers_max(mut self, count: usize) -> Self {
            self.0.options.socket_type.connector = Connector::AtMost(count);
            self
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

        /// Only the node of this [instance id](treewire_runtime::Identity::instance) may answer
        /// where the socket dials. When another does, that pipe is over:
        /// [`OfflineReason::PeerReplaced`](crate::OfflineReason::PeerReplaced), and what was queued
        /// there is given up, to be read as dead letters. A [stickiness](crate::Stickiness) of
        /// reliable sockets says what becomes of such a pipe instead. Default: any node.
        pub fn expect_peer(mut self, instance: [u8; 16]) -> Self {
            self.0.options.expected_peer = Some(instance);
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
        pub struct $name(pub(super) Blueprint);

        impl $name {
            /// A socket named `name`, which its siblings' names must not equal.
            pub fn new(name: impl Into<String>) -> Self {
                $name(Blueprint::new(name.into(), SocketType::$type))
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

/// What sockets with sessions have beside the others' options.
macro_rules! session_options {
    () => {
        /// What is promised about the messages; both ends say the same. With
        /// [`Delivery::Reliable`] none is lost and none handled twice while both processes
        /// live, whatever becomes of connections, endpoints and sockets: what a peer did not
        /// handle is kept, within [`send_bound`](Self::send_bound), and sent again.
        /// Default [`Delivery::BestEffort`].
        ///
        /// [`Delivery::Durable`] is not there yet: the socket does not start.
        pub fn delivery(mut self, delivery: Delivery) -> Self {
            self.0.options.delivery = delivery;
            self
        }

        /// What a reliable socket does when another node answers at an endpoint that it
        /// dials than the one its session is with. Default [`Stickiness::Stick`].
        pub fn stickiness(mut self, stickiness: Stickiness) -> Self {
            self.0.options.stickiness = stickiness;
            self
        }

        /// How long the session with a peer that is away is kept. Default 10 minutes.
        pub fn lease(mut self, lease: Duration) -> Self {
            self.0.options.lease = lease;
            self
        }
    };
}

impl Req {
    session_options!();
}

impl Rep {
    session_options!();
}

impl Push {
    session_options!();
}

impl Pull {
    session_options!();
}

impl Pub {
    session_options!();
}

impl Sub {
    session_options!();
}

impl Socket {
    session_options!();
}

impl Req {
    /// How long a request waits for its answer unless it says otherwise. Default:
    /// for ever.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.defaults.deadline = Some(deadline);
        self
    }

    /// How typed messages are encoded; those who serve understand all codecs, and answer
    /// in that of the request. Default [`Codec::Postcard`].
    pub fn codec(mut self, codec: Codec) -> Self {
        self.0.defaults.codec = codec;
        self
    }
}

/// What sockets that route typed messages have beside the others' options.
macro_rules! foreign_option {
    () => {
        /// The codec of peers that do not name theirs, as Treewire's own do: of programs
        /// in other languages that send a wire name and a payload, or where one type is
        /// served just a payload. Their messages have no fingerprint of the schema either:
        /// what fits the type is taken. They are answered in the same codec. Default
        /// [`Codec::Postcard`].
        pub fn foreign_codec(mut self, codec: Codec) -> Self {
            self.0.foreign_codec = codec;
            self
        }
    };
}

impl Rep {
    foreign_option!();
}

impl Pull {
    foreign_option!();
}

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
    /// - it listens, its senders dial it and [fail over](Stickiness::Failover) to it, and both
    ///   ends are [`Delivery::Reliable`];
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
        self.0.options.resumes = true;
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
pub struct Socket(Blueprint);

impl Socket {
    /// A socket named `name` of the type `type_name`; by default it takes any
    /// number of peers, sends to one of them and receives from all.
    pub fn new(name: impl Into<String>, type_name: &'static str) -> Self {
        let socket_type = SocketType::composed(type_name, Sender::One, Receiver::All);
        Socket(Blueprint::new(name.into(), socket_type))
    }

    /// How many peers it takes.
    pub fn connector(mut self, connector: Connector) -> Self {
        self.0.options.socket_type.connector = connector;
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
                let $defaults = self.0.defaults;
                let (spec, $inner) = self.0.into_spec();
                (spec, $make)
            }
        }
    };
}

into_spec!(Push, PushSocket, |socket, _defaults| PushSocket(socket));
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
