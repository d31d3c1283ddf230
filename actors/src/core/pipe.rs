mod leaving;
mod queue;

use std::collections::VecDeque;
use std::sync::Arc;

use treewire_transports::{Credit, Envelope, Kind};

use super::connected::Connected;
use super::inquiry::Inquiry;
use super::presence::Presence;
use super::{FateNews, Following, Inlet, Session, Subscriber, Tracker};
use crate::bound::Bound;
use crate::message::{Message, Receipt};
use crate::options::SocketOptions;
use crate::pattern::Load;
use crate::position::StreamId;
use crate::session::{Instance, Position};

/// A pipe of a socket; a key used again has another serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PipeId {
    pub(crate) key: usize,
    pub(crate) serial: u64,
}

/// A message on its way out; by default an empty one.
// Laid out for the same reason as an [`Envelope`].
#[derive(Default)]
#[repr(C)]
pub(crate) struct Queued {
    pub(crate) envelope: Envelope,
    pub(crate) bytes: u64,
    /// The request that a reply answers: it counts as handled when the reply
    /// leaves, so that a peer that does not read its replies runs out of credit.
    pub(crate) _receipt: Option<Receipt>,
    /// Where its sender is told what becomes of it.
    pub(crate) tracker: Option<Tracker>,
}

impl Queued {
    pub(crate) fn new(envelope: Envelope) -> Self {
        let bytes = envelope.content.byte_len() as u64;
        Queued {
            envelope,
            bytes,
            _receipt: None,
            tracker: None,
        }
    }

    /// Whether it is a message, and not something that is told of one.
    #[inline]
    pub(crate) fn is_message(&self) -> bool {
        self.envelope.is_data()
    }

    /// Whether to send it is all there is to be done with it, and to drop it as well.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.is_message() && self.tracker.is_none() && self.is_light()
    }

    /// Whether to drop it runs nobody's code, so that it may be done under a lock.
    #[inline]
    pub(crate) fn is_light(&self) -> bool {
        self.envelope.content.is_inline() && self._receipt.is_none()
    }

    /// What is sent of it while it is kept, with its tracker. What a reply answers is handled
    /// when it leaves.
    #[inline]
    pub(super) fn leaving(&mut self) -> Self {
        Queued {
            envelope: self.envelope.clone(),
            bytes: self.bytes,
            // What a note answers is handled when the note was.
            _receipt: match self.envelope.kind {
                Kind::Note => None,
                _ => self._receipt.take(),
            },
            tracker: None,
        }
    }
}

/// A socket's view of one peer.
pub(crate) struct Pipe {
    id: PipeId,
    /// What is dialed: a dialer reconnects the pipe, so it outlives its connection.
    pub(crate) dialed: Option<Arc<str>>,
    /// Received and not yet taken.
    pub(crate) inbound: VecDeque<Message>,
    outbound: VecDeque<Queued>,
    outbound_bytes: u64,
    connection: Option<Connected>,
    /// Its dialer, which does not dial by itself, was told to make an attempt.
    pub(super) may_dial: bool,
    /// The lower, the sooner it is its turn to be sent to.
    pub(super) priority: u8,
    /// It is dialed again by itself when its connection ends.
    pub(super) redials: bool,
    /// The node that alone may answer where it is dialed.
    expected: Option<Instance>,
    /// It is dialed no more: it takes no messages, and goes once what it has is flushed.
    pub(super) parts: bool,
    /// Another node answered where the peer of its session was.
    pub(super) inquiry: Option<Box<Inquiry>>,
    /// What is told of it.
    pub(super) presence: Presence,
    /// What survives the connection, where nothing is to be lost with it.
    pub(crate) session: Option<Box<Session>>,
    /// What its peer subscribed to, and is to get.
    pub(super) subscriber: Option<Box<Subscriber>>,
    /// How far it has what its peer publishes.
    pub(super) following: Option<Box<Following>>,
    /// What its peer publishes comes through another pipe.
    pub(super) idle_of: Option<StreamId>,
    /// Nothing goes through it any more: the peer of its session was replaced.
    pub(crate) is_over: bool,
}

impl Pipe {
    pub(crate) fn new(id: PipeId, dialed: Option<Arc<str>>) -> Self {
        Pipe {
            id,
            dialed,
            inbound: VecDeque::new(),
            outbound: VecDeque::new(),
            outbound_bytes: 0,
            connection: None,
            may_dial: false,
            priority: 0,
            redials: true,
            expected: None,
            parts: false,
            inquiry: None,
            presence: Presence::default(),
            session: None,
            subscriber: None,
            following: None,
            idle_of: None,
            is_over: false,
        }
    }

    pub(crate) fn with_session(self, session: Session) -> Self {
        Pipe {
            session: Some(Box::new(session)),
            ..self
        }
    }

    pub(crate) fn id(&self) -> PipeId {
        self.id
    }

    pub(crate) fn is(&self, id: PipeId) -> bool {
        self.id == id
    }

    pub(crate) fn attach(&mut self, inlet: Arc<Inlet>) {
        self.attach_at(inlet, Position::default());
    }

    /// Goes on with a session of which the peer has so much. What need not be kept any more
    /// comes back.
    pub(crate) fn resume(
        &mut self,
        inlet: Arc<Inlet>,
        received: u64,
        handled: u64,
        news: &mut FateNews,
    ) -> Vec<Queued> {
        let mut sent = Position::default();
        let mut acknowledged = Vec::new();
        if let Some(session) = &mut self.session {
            acknowledged = session.resume(received, handled, news);
            sent = session.position();
        }
        self.attach_at(inlet, sent);
        acknowledged
    }

    fn attach_at(&mut self, inlet: Arc<Inlet>, sent: Position) {
        if self.parts {
            inlet.make_last();
        }
        self.connection = Some(Connected {
            inlet,
            sent: sent.sequence,
            sent_bytes: sent.bytes,
            credit: Credit::default(),
            first: None,
            tracked: VecDeque::new(),
            notes: VecDeque::new(),
            in_session: self.session.is_some(),
            leaves: false,
            asleep: true,
        });
    }

    /// How many messages are lost with the connection, since they had left and were not
    /// confirmed; `None` without a connection.
    pub(crate) fn detach(&mut self, news: &mut FateNews) -> Option<u64> {
        let connection = self.connection.take()?;
        connection.inlet.detach();
        let unconfirmed = connection.unconfirmed();
        for (_, tracker) in connection.tracked {
            tracker.given_up("unconfirmed", news);
        }
        Some(unconfirmed)
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    pub(crate) fn inlet(&self) -> Option<Arc<Inlet>> {
        let connection = self.connection.as_ref()?;
        Some(connection.inlet.clone())
    }

    /// How much its peer may have under way from now on.
    pub(crate) fn set_receive_bound(&self, bound: Bound) {
        if let Some(session) = &self.session {
            session.intake.set_bound(bound);
        } else if let Some(connection) = &self.connection {
            connection.inlet.set_bound(bound);
        }
    }

    /// Whether the connection is still the one that `inlet` belongs to.
    pub(crate) fn is_connected_by(&self, inlet: &Arc<Inlet>) -> bool {
        let connection = self.connection.as_ref();
        connection.is_some_and(|connection| Arc::ptr_eq(&connection.inlet, inlet))
    }

    /// Whether who asked through `inlet` is there, or comes back with its session.
    pub(crate) fn has_asker(&self, inlet: &Arc<Inlet>) -> bool {
        match &self.session {
            Some(session) => inlet.counts_at(&session.intake),
            None => self.is_connected_by(inlet),
        }
    }

    /// Whether a message may be queued here at all: a peer is there, or will be.
    pub(crate) fn takes_messages(&self) -> bool {
        !self.is_over && !self.parts && !self.is_orphan()
    }

    /// Whether it is only kept for what was received: who sent that is gone for good.
    pub(crate) fn is_orphan(&self) -> bool {
        self.dialed.is_none() && self.session.is_none() && self.connection.is_none()
    }

    /// Whether a message that is queued here has a chance to leave: a dialed peer
    /// that leaves comes back, and so does one with a session that does not end. None does
    /// that was given up.
    pub(crate) fn wants_messages(&self) -> bool {
        if self.is_over || self.parts || self.presence.has_given_up() {
            return false;
        }
        let connection = self.connection.as_ref();
        let session = self.session.as_ref();
        self.dialed.is_some()
            || session.is_some_and(|session| !session.peer_ends)
            || connection.is_some_and(|connection| !connection.leaves)
    }

    pub(crate) fn peer_leaves(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.leaves = true;
        }
    }

    pub(crate) fn has_room(&self, bound: Bound) -> bool {
        let (kept, kept_bytes) = self.kept();
        !bound.reached(self.outbound.len() + kept, self.outbound_bytes + kept_bytes)
    }

    /// Messages that left and are kept until they are acknowledged, and their bytes.
    pub(crate) fn kept(&self) -> (usize, u64) {
        let session = self.session.as_ref();
        session.map_or((0, 0), |session| (session.kept(), session.kept_bytes()))
    }

    /// The bytes of all that is kept of both directions.
    pub(crate) fn held_bytes(&self) -> u64 {
        let session = self.session.as_ref();
        let open = session.map_or(0, |session| session.intake.open_bytes());
        self.outbound_bytes + self.kept().1 + open
    }

    pub(crate) fn load(&self) -> Load {
        Load {
            connected: self.is_connected(),
            priority: self.priority,
            outstanding: self.queued() + self.unconfirmed(),
        }
    }

    /// Messages that are to leave, those that left on an earlier connection among them.
    pub(crate) fn queued(&self) -> u64 {
        let session = self.session.as_ref();
        let again = session.map_or(0, |session| session.again());
        let behind = self.subscriber.as_ref().map_or(0, |one| one.behind());
        let connection = self.connection.as_ref();
        let first = connection.is_some_and(|connection| connection.first.is_some());
        (self.outbound.len() + again) as u64 + behind + u64::from(first)
    }

    /// Messages that left and were not confirmed, unless they are to leave again.
    pub(crate) fn unconfirmed(&self) -> u64 {
        match &self.session {
            Some(session) => (session.kept() - session.again()) as u64,
            None => self.connection.as_ref().map_or(0, Connected::unconfirmed),
        }
    }

    /// How many messages this connection has sent, or the session in all up to it.
    pub(crate) fn sent(&self) -> u64 {
        self.connection
            .as_ref()
            .map_or(0, |connection| connection.sent)
    }

    /// It is being dialed, with these options.
    pub(crate) fn is_dialed_with(&mut self, options: &SocketOptions) {
        self.redials = options.reconnect;
        self.priority = options.priority();
    }

    /// Only that node may answer where it is dialed. Which one it is never changes.
    pub(crate) fn expects(&mut self, expected: Option<Instance>) {
        if self.expected == expected {
            return;
        }
        self.expected = expected;
        if let Some(session) = &mut self.session {
            session.peer = expected;
        }
    }

    /// Whether who answers where it is dialed may be there.
    pub(super) fn is_expected(&self, instance: Option<Instance>) -> bool {
        self.expected.is_none() || self.expected == instance
    }

    /// Gives back the room of what it does not hold any more.
    pub(super) fn shrink(&mut self) {
        shrink_empty(&mut self.inbound);
        shrink_empty(&mut self.outbound);
        if let Some(connection) = &mut self.connection {
            connection.shrink();
        }
    }

    /// The connection is to look at its pipe: something to send, or the close.
    #[inline]
    pub(crate) fn wake(&mut self) {
        if let Some(connection) = &mut self.connection
            && connection.asleep
        {
            connection.asleep = false;
            connection.inlet.wake();
        }
    }
}

/// Of what holds something the room is in use.
pub(super) fn shrink_empty<T>(queue: &mut VecDeque<T>) {
    if queue.is_empty() {
        *queue = VecDeque::new();
    }
}
