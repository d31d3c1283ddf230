use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Waker;

use treewire_transports::Credit;

use super::quarantine::Sender;
use super::{Arrivals, Intake, PipeId, Shared};
use crate::bound::Bound;
use crate::position::StreamId;
use crate::session::Position;

/// The receiving half of one connection of a pipe, shared with every message that
/// came through it. While the pipe has it, the connection is the one that is up.
pub(crate) struct Inlet {
    home: Weak<Shared>,
    pipe: PipeId,
    peer: Peer,
    /// Which connection of its intake it is: a later one has a higher number.
    connection: u64,
    intake: Arc<Intake>,
    /// What the messages that come through it belong to, if it is one that the peer dialed.
    stream: Option<StreamId>,
    /// The stream that the peer publishes through it, once it said so.
    published: OnceLock<StreamId>,
    /// Its pipe has let go of it, maybe for a newer one.
    is_detached: AtomicBool,
    /// None follows it: what it says at its end is for good.
    is_last: AtomicBool,
    is_settled: AtomicBool,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its address, for people.
    pub(crate) address: Arc<str>,
    /// From where it comes, as the transport knows.
    pub(crate) host: Arc<str>,
    /// The instance id of its node, if it said one; nobody vouches for it.
    pub(crate) instance: Option<[u8; 16]>,
}

impl Inlet {
    pub(crate) fn new(
        home: Weak<Shared>,
        pipe: PipeId,
        peer: Peer,
        connection: u64,
        intake: Arc<Intake>,
    ) -> Self {
        Inlet {
            home,
            pipe,
            peer,
            connection,
            intake,
            stream: None,
            published: OnceLock::new(),
            is_detached: AtomicBool::new(false),
            is_last: AtomicBool::new(false),
            is_settled: AtomicBool::new(false),
        }
    }

    pub(crate) fn of_stream(self, stream: StreamId) -> Self {
        Inlet {
            stream: Some(stream),
            ..self
        }
    }

    pub(crate) fn stream(&self) -> Option<StreamId> {
        self.stream
    }

    /// What comes through it is published as that stream.
    pub(crate) fn is_published_as(&self, stream: StreamId) {
        let _ = self.published.set(stream);
    }

    pub(crate) fn published(&self) -> Option<StreamId> {
        self.published.get().copied()
    }

    /// Its pipe lets go of it: the connection is to end, unless it has.
    pub(crate) fn detach(&self) {
        self.is_detached.store(true, SeqCst);
        self.intake.wake();
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.is_detached.load(SeqCst)
    }

    /// Its pipe takes no other connection after it, which is to come to an end.
    pub(crate) fn make_last(&self) {
        self.is_last.store(true, SeqCst);
        self.intake.wake();
    }

    /// Nothing is left to be said or heard; `false` if that was known.
    pub(crate) fn settle(&self) -> bool {
        !self.is_settled.swap(true, SeqCst)
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.is_settled.load(SeqCst)
    }

    /// Whether nothing comes after it.
    pub(crate) fn ends_its_pipe(&self) -> bool {
        self.is_last.load(SeqCst)
    }

    /// Whether both are connections of one session.
    pub(crate) fn is_of_the_session_of(&self, other: &Inlet) -> bool {
        Arc::ptr_eq(&self.intake, &other.intake)
    }

    pub(crate) fn counts_at(&self, intake: &Arc<Intake>) -> bool {
        Arc::ptr_eq(&self.intake, intake)
    }

    pub(crate) fn pipe(&self) -> PipeId {
        self.pipe
    }

    pub(super) fn who(&self) -> Peer {
        self.peer.clone()
    }

    pub(crate) fn peer(&self) -> &str {
        &self.peer.address
    }

    pub(crate) fn address(&self) -> Arc<str> {
        self.peer.address.clone()
    }

    /// Who is charged with what came through it.
    pub(crate) fn sender(&self) -> Sender {
        match self.peer.instance {
            Some(instance) => Sender::Instance(self.peer.host.clone(), instance),
            None => Sender::Pipe(self.pipe),
        }
    }

    pub(crate) fn wake(&self) {
        self.intake.wake();
    }

    pub(crate) fn register(&self, waker: &Waker) {
        self.intake.register(self.connection, waker);
    }

    /// Messages are about to arrive.
    #[inline]
    pub(crate) fn arrivals(&self) -> Arrivals<'_> {
        self.intake.arrivals()
    }

    /// The socket.
    pub(crate) fn home(&self) -> &Weak<Shared> {
        &self.home
    }

    /// How far the peer's messages of the session were received.
    pub(crate) fn received(&self) -> Position {
        self.intake.received()
    }

    /// The message that arrived with that number was handled.
    #[inline]
    pub(crate) fn handled(&self, number: u64) {
        self.intake.handled(number);
    }

    /// Whether anything was handled that the peer was not told of.
    pub(crate) fn owes_credit(&self) -> bool {
        self.intake.owes_credit()
    }

    /// Whether the peer is to be told at once: a quarter of what it may send is used up, or
    /// it may send more.
    pub(crate) fn is_urgent(&self) -> bool {
        self.intake.is_raised() || self.intake.is_urgent()
    }

    /// Whether it may send more than it was told.
    pub(crate) fn is_raised(&self) -> bool {
        self.intake.is_raised()
    }

    pub(super) fn set_bound(&self, bound: Bound) {
        self.intake.set_bound(bound);
    }

    /// The credit to tell the peer now. Only the connection calls it.
    pub(crate) fn credit(&self) -> Credit {
        self.intake.credit(self.connection)
    }

    /// The peer does not wait for the answer to its request any more.
    pub(crate) fn cancel(&self, correlation: u64) {
        self.intake.cancel(correlation);
    }

    pub(crate) fn is_cancelled(&self, correlation: u64) -> bool {
        self.intake.is_cancelled(correlation)
    }

    /// The request is done with.
    pub(crate) fn forget(&self, correlation: u64) {
        self.intake.forget(correlation);
    }
}
