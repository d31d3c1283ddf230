//! The state of a socket that survives its actor: pipes, queues, turns.
//!
//! [`Core`] is plain state behind one lock in the socket's slot. Handles call it
//! from any thread, connections once per batch; nothing in it waits.

mod asking;
mod attaching;
mod away;
mod blocked;
mod closing;
mod connected;
mod digest;
mod endpoints;
mod follower;
mod following;
mod giving_up;
mod inbound;
mod inlet;
mod inquiry;
mod intake;
mod leftovers;
mod listeners;
mod losses;
mod notices;
mod opening;
mod outbound;
mod owed;
mod parting;
mod pipe;
mod presence;
mod publisher;
mod publishing;
mod quarantine;
mod session;
mod sessions;
mod shared;
mod stickiness;
mod streams;
mod telling;
#[cfg(test)]
mod tests;
mod tracker;
mod ward;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use slab::Slab;
use tokio::sync::oneshot;
use treewire_runtime::Stats;

use crate::bound::Bound;
use crate::handle::{SocketDeadLetter, SocketEvent};
use crate::message::Message;
use crate::options::SocketOptions;
use crate::pattern::{Answer, FairTurns, LeastOutstanding, Load, Requests, RoundRobin};
use crate::session::{Beginning, Instance, SessionId};

pub(crate) use blocked::{Blocked, Reason};
pub(crate) use endpoints::{Adding, EndpointId, Endpoints, Hold, Left, ToStart};
use follower::{Follower, Following};
pub use giving_up::ReconnectStop;
pub(crate) use giving_up::{Failed, Perseverance, Stage, Stops, is_of_a_session, passes};
pub(crate) use inbound::{Deliver, Taken};
pub(crate) use inlet::{Inlet, Peer};
pub(crate) use intake::{Arrivals, Intake};
use leftovers::Leftovers;
pub(crate) use listeners::{Fetched, Inbox, Tidings};
use listeners::{Listeners, Told};
pub(crate) use losses::Losses;
pub(crate) use notices::is_said;
pub(crate) use opening::{NoSession, Opening};
pub(crate) use owed::Owed;
pub(crate) use pipe::{Pipe, PipeId, Queued};
use presence::Step;
pub(crate) use publisher::SubscriptionRefused;
use publisher::{Publisher, Subscriber};
use session::{Session, Tally};
pub(crate) use shared::Shared;
pub use stickiness::{Judge, Stickiness};
use streams::Streams;
pub(crate) use tracker::FateCell;
use tracker::{FateNews, Tracker};
pub(crate) use ward::{QUARANTINED, Ward};

/// How much was received from peers that are gone.
#[derive(Default)]
struct Orphans {
    messages: usize,
    bytes: u64,
}

impl Orphans {
    fn add(&mut self, message: &Message) {
        self.messages += 1;
        self.bytes += message.byte_len() as u64;
    }

    fn reached(&self, bound: Bound) -> bool {
        bound.reached(self.messages, self.bytes)
    }

    fn remove(&mut self, message: &Message) {
        self.messages -= 1;
        self.bytes -= message.byte_len() as u64;
    }
}

/// Whether a socket takes messages, and whether it will again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    /// Its actor stops in order, or has stopped; the next one opens it again.
    Resting {
        /// What was received from peers that leave meanwhile is kept: no others
        /// come, and there was room when the rest began.
        keeps_orphans: bool,
    },
    /// Its user closed it, for good.
    Closed,
}

pub(crate) struct Core {
    config: SocketOptions,
    /// Where it is the core.
    home: Weak<Shared>,
    stats: Arc<Stats>,
    losses: Arc<Losses>,
    pipes: Slab<Pipe>,
    last_serial: u64,
    connected: usize,
    least_outstanding: LeastOutstanding,
    round_robin: RoundRobin,
    turns: FairTurns,
    requests: Requests<oneshot::Sender<Answer>>,
    /// Requests, and what a stopped socket had for its peers, while no other could
    /// take them.
    unrouted: VecDeque<Queued>,
    delivery: Option<Box<dyn Deliver>>,
    standing: Standing,
    /// `lost` when it last stopped being open.
    lost_before: u64,
    /// What the end of the socket came to.
    given_up: Option<u64>,
    /// Received from peers that are gone, and not taken yet.
    orphans: Orphans,
    /// Messages that were given up: dropped, or never confirmed.
    lost: u64,
    /// The pipes of the sessions that peers opened.
    sessions: HashMap<SessionId, PipeId>,
    /// How far streams came, if the socket is to go on where they were stored.
    streams: Option<Streams>,
    /// What it publishes, if its peers subscribe to that.
    publisher: Option<Box<Publisher>>,
    /// What it subscribed to, if it receives nothing else.
    follower: Option<Box<Follower>>,
    /// A publisher or subscriber said something that others may wait for.
    noted: bool,
    tally: Option<Tally>,
    /// Who listens to events.
    listeners: Listeners<SocketEvent>,
    /// Who reads dead letters.
    readers: Listeners<SocketDeadLetter>,
    /// What is to happen once the lock is free.
    leftovers: Leftovers,
}

impl Core {
    pub(crate) fn new(config: SocketOptions, stats: Arc<Stats>, home: Weak<Shared>) -> Self {
        let socket_type = config.socket_type;
        Core {
            config,
            home,
            losses: Losses::new(stats.clone()),
            stats,
            pipes: Slab::new(),
            last_serial: 0,
            connected: 0,
            least_outstanding: LeastOutstanding::default(),
            round_robin: RoundRobin::default(),
            turns: FairTurns::default(),
            requests: Requests::default(),
            unrouted: VecDeque::new(),
            delivery: None,
            standing: Standing::Open,
            lost_before: 0,
            given_up: None,
            orphans: Orphans::default(),
            lost: 0,
            sessions: HashMap::new(),
            streams: None,
            publisher: socket_type.publishes().then(|| Box::new(Publisher::new())),
            follower: socket_type.subscribes().then(Box::default),
            noted: false,
            tally: None,
            listeners: Listeners::default(),
            readers: Listeners::default(),
            leftovers: Leftovers::default(),
        }
    }

    pub(crate) fn config(&self) -> &SocketOptions {
        &self.config
    }

    /// The options before and after the change.
    pub(crate) fn change_options<E>(
        &mut self,
        change: impl FnOnce(&mut SocketOptions) -> Result<(), E>,
    ) -> Result<(SocketOptions, SocketOptions), E> {
        let mut options = self.config.clone();
        change(&mut options)?;
        let before = std::mem::replace(&mut self.config, options.clone());
        let bound = options.receive_bound();
        if bound != before.receive_bound() {
            self.pipes
                .iter()
                .for_each(|(_, pipe)| pipe.set_receive_bound(bound));
        }
        self.route_unrouted();
        Ok((before, options))
    }

    pub(crate) fn losses(&self) -> &Arc<Losses> {
        &self.losses
    }

    /// How many peers are connected.
    pub(crate) fn connected(&self) -> usize {
        self.connected
    }

    /// Messages that were dropped or not confirmed, in all.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// The pipe of a dialer, the same over all its lives: it keeps its queue while
    /// its peer is away. It may make an attempt now.
    pub(crate) fn dialed(&mut self, endpoint: &str, beginning: Option<Beginning>) -> PipeId {
        let known = self
            .pipes
            .iter()
            .find(|(_, pipe)| pipe.dialed.as_deref() == Some(endpoint) && !pipe.parts);
        let id = match known {
            Some((_, pipe)) => pipe.id(),
            None => {
                let bound = self.config.receive_bound();
                let session =
                    beginning.map(|beginning| Session::dialed(beginning, bound, self.tally()));
                self.add_pipe_with(|id| {
                    let pipe = Pipe::new(id, Some(endpoint.into()));
                    match session {
                        Some(session) => pipe.with_session(session),
                        None => pipe,
                    }
                })
            }
        };
        self.pipes[id.key].may_dial = true;
        id
    }

    /// Only that node may answer where the pipe is dialed.
    pub(crate) fn expects(&mut self, id: PipeId, expected: Option<Instance>) {
        if let Some(pipe) = self.pipe(id) {
            pipe.expects(expected);
        }
    }

    fn add_pipe(&mut self, dialed: Option<Arc<str>>) -> PipeId {
        self.add_pipe_with(|id| Pipe::new(id, dialed))
    }

    fn add_pipe_with(&mut self, make: impl FnOnce(PipeId) -> Pipe) -> PipeId {
        self.last_serial += 1;
        let entry = self.pipes.vacant_entry();
        let id = PipeId {
            key: entry.key(),
            serial: self.last_serial,
        };
        let mut pipe = make(id);
        pipe.priority = self.config.priority();
        entry.insert(pipe);
        id
    }

    pub(crate) fn pipe(&mut self, id: PipeId) -> Option<&mut Pipe> {
        self.pipes.get_mut(id.key).filter(|pipe| pipe.is(id))
    }

    /// The pipe of a connection, as long as it is that connection's.
    pub(crate) fn pipe_of(&mut self, inlet: &Arc<Inlet>) -> Option<&mut Pipe> {
        self.pipe(inlet.pipe())
            .filter(|pipe| pipe.is_connected_by(inlet))
    }

    /// Whether a publisher or subscriber said something since this was asked last.
    pub(crate) fn take_noted(&mut self) -> bool {
        std::mem::take(&mut self.noted)
    }

    /// Hands received messages to `delivery` instead of to receivers.
    pub(crate) fn deliver_to(&mut self, delivery: Box<dyn Deliver>) {
        self.delivery = Some(delivery);
    }

    fn give_up(&mut self, cause: &'static str, count: u64) {
        self.lost += count;
        self.losses.count(cause, count);
    }

    fn loads(pipes: &Slab<Pipe>, bound: Bound) -> impl Iterator<Item = (usize, Load)> + '_ {
        pipes
            .iter()
            .filter(move |(_, pipe)| pipe.wants_messages() && pipe.has_room(bound))
            .map(|(key, pipe)| (key, pipe.load()))
    }
}
