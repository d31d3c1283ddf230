//! The state of a socket that survives its actor: pipes, queues, turns.
//!
//! [`Core`] is plain state behind one lock in the socket's slot. Handles call it
//! from any thread, connections once per batch; nothing in it waits.

mod asking;
mod away;
mod blocked;
mod closing;
mod connected;
mod digest;
mod endpoints;
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
use treewire_transports::{Refusal, RefusalCode};

use crate::bound::Bound;
use crate::handle::{OfflineReason, SessionEnd, SocketDeadLetter, SocketEvent};
use crate::message::Message;
use crate::options::SocketOptions;
use crate::pattern::{Answer, FairTurns, LeastOutstanding, Load, Requests, Sender};
use crate::session::{Beginning, SessionId};

pub(crate) use blocked::{Blocked, Reason};
pub(crate) use endpoints::{Adding, EndpointId, Endpoints, Hold, Left, ToStart};
use following::{Follower, Following};
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
    chooser: LeastOutstanding,
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
            chooser: LeastOutstanding::default(),
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
                let expected = self.config.expect_peer;
                let session = beginning.map(|beginning| {
                    let mut session = Session::dialed(beginning, bound, self.tally());
                    session.peer = expected;
                    session
                });
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

    /// Whether a peer of that socket type may attach now. A closing socket, and one
    /// that is stopped, still takes the peers it dialed: what is queued for them is to be flushed.
    pub(crate) fn admit(&self, peer_type: &str, dialed: bool) -> Result<(), Refusal> {
        let own = &self.config.socket_type;
        let (code, text) = if peer_type != own.peer {
            let text = format!(
                "a {} socket talks to {}, not to {peer_type}: check both ends' socket types",
                own.name, own.peer
            );
            (RefusalCode::IncompatibleSocket, text)
        } else if self.standing != Standing::Open && !dialed {
            (RefusalCode::Closing, "the socket is closing".to_owned())
        } else if !self.config.peers_max.admits(self.connected) {
            let text = format!(
                "the socket has its limit of {} peers: try later",
                self.connected
            );
            (RefusalCode::ConnectionLimit, text)
        } else {
            return Ok(());
        };
        Err(Refusal { code, text })
    }

    /// A connection is up: `pipe` for a dialed one, a new pipe for an accepted one.
    /// `None` if the dialed pipe is gone.
    pub(crate) fn attach(&mut self, pipe: Option<PipeId>, peer: Peer) -> Option<Arc<Inlet>> {
        if let Some(id) = pipe
            && !self.is_expected(id, &peer)
        {
            return None;
        }
        let id = pipe.unwrap_or_else(|| self.add_pipe(None));
        let (bound, home) = (self.config.receive_bound(), self.home.clone());
        // Whoever held it before is captive on a blocked thread.
        if let Some(stale) = self.pipe(id)?.inlet() {
            self.detach(&stale, OfflineReason::Superseded);
        }
        let pipe = self.pipe(id)?;
        let intake = Arc::new(Intake::of_a_connection(bound));
        let inlet = Arc::new(Inlet::new(home, id, peer, 0, intake));
        pipe.attach(inlet.clone());
        self.connected += 1;
        self.step(id, Step::Attached);
        self.greet_subscriber(id);
        self.say_hello(id);
        self.reroute_absent();
        Some(inlet)
    }

    /// Whether who answers at a dialed pipe without a session may be there. Whoever may not is
    /// the end of the pipe.
    fn is_expected(&mut self, id: PipeId, peer: &Peer) -> bool {
        let expected = self.config.expect_peer;
        let is_expected = expected.is_none_or(|expected| peer.instance == Some(expected));
        let Some(pipe) = self.pipe(id) else {
            return false;
        };
        if is_expected || pipe.is_over {
            return is_expected && !pipe.is_over;
        }
        pipe.is_over = true;
        let queued = pipe.take_queue();
        self.step(id, Step::Ended(OfflineReason::PeerReplaced));
        self.give_up_queued(SessionEnd::PeerReplaced.cause(), queued);
        false
    }

    /// A connection is gone. What left unconfirmed is counted; what never left
    /// stays with a dialed pipe and is dropped with an accepted one, or where messages are
    /// for connected peers only, unless the socket was stopped and any peer will do.
    pub(crate) fn detach(&mut self, inlet: &Arc<Inlet>, reason: OfflineReason) {
        let id = inlet.pipe();
        if self.pipe_of(inlet).is_none() {
            return;
        }
        if self.pipe(id).is_some_and(|pipe| pipe.session.is_none()) {
            self.forget_subscriber(id);
            self.stop_following(id);
        }
        self.step(id, Step::Detached(reason));
        let pipe = &mut self.pipes[id.key];
        let mut news = FateNews::default();
        let Some(unconfirmed) = pipe.detach(&mut news) else {
            return;
        };
        let peer_ends = pipe.session.as_ref().map(|session| session.is_over());
        self.tell_fates(news);
        self.connected -= 1;
        if let Some(is_over) = peer_ends {
            if is_over {
                self.end_session(id, SessionEnd::PeerClosed);
            }
            self.reroute_absent();
            return;
        }
        let asks = self.config.socket_type.asks;
        if !asks {
            self.give_up("unconfirmed", unconfirmed);
        }
        let is_heard = self.hear_of_end(inlet);
        let present_only = self.present_only();
        let Some(pipe) = self.pipes.get_mut(id.key) else {
            return;
        };
        let accepted = pipe.dialed.is_none();
        // Subscribers, and those who subscribe, begin anew.
        let renews = self.config.socket_type.renews();
        let (queued, answers) = if asks || accepted || renews || present_only {
            (pipe.take_queue(), Vec::new())
        } else {
            (VecDeque::new(), pipe.take_answers())
        };
        if accepted {
            self.orphan(id.key);
        }
        let rests = matches!(self.standing, Standing::Resting { .. });
        if asks {
            self.fail_or_resend(id.key, queued);
        } else if rests && self.config.socket_type.sender == Sender::One {
            self.unrouted.extend(queued);
        } else {
            self.give_up_queued("peer gone", queued);
        }
        self.give_up_queued("peer gone", answers);
        if is_heard {
            self.pump();
        }
    }

    /// What an accepted peer sent before it went can still be taken, but peers that
    /// come, send and go must not fill our memory.
    fn orphan(&mut self, key: usize) {
        let inbound = &mut self.pipes[key].inbound;
        let keeps = Standing::Resting {
            keeps_orphans: true,
        };
        if self.standing != keeps && self.orphans.reached(self.config.receive_bound()) {
            let position = inbound.front().and_then(Message::position);
            let orphans = std::mem::take(inbound);
            if let (Some(streams), Some(position)) = (&mut self.streams, position) {
                streams.let_go(position.stream, self.config.receive_bound());
            }
            if let Some(position) = position {
                self.forget_from(position);
            }
            self.losses.count("orphaned", orphans.len() as u64);
            for message in orphans {
                self.bury("orphaned", message.into_content());
            }
        }
        let inbound = &self.pipes[key].inbound;
        if inbound.is_empty() {
            self.pipes.remove(key);
            self.turns.leave(key);
        } else {
            inbound.iter().for_each(|message| self.orphans.add(message));
        }
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
