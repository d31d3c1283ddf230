//! How far the streams of peers came: for a socket that goes on where its user stored, after
//! the death of its process as well.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use treewire_transports::{OpenChannel, RefusalCode};

use super::opening::{check_beginning, refusal, stale};
use super::{Core, Intake, NoSession, Peer, Pipe, PipeId, Session};
use crate::bound::Bound;
use crate::handle::{OfflineReason, SocketEvent};
use crate::message::Message;
use crate::position::{StreamId, StreamPosition};
use crate::session::{Instance, SessionId};

/// How many streams are remembered whose sessions are over.
const ENDED_MAX: usize = 1_024;

/// What a socket knows of the streams that it receives.
#[derive(Default)]
pub(crate) struct Streams {
    /// How far they came, as their user stored it.
    stored: HashMap<StreamId, u64>,
    /// Those that were received here.
    known: HashMap<StreamId, Known>,
    /// The ones among them whose sessions are over, the oldest first.
    ended: VecDeque<StreamId>,
}

/// A stream that was received here.
struct Known {
    /// Who sends it.
    owner: Instance,
    /// Its latest session.
    session: SessionId,
    /// Its latest attempt.
    epoch: u64,
    /// What was received and handled of it, in whatever session.
    intake: Arc<Intake>,
    /// Where what was received waits, if that is still there.
    pipe: PipeId,
}

impl Streams {
    pub(crate) fn new(positions: impl IntoIterator<Item = StreamPosition>) -> Self {
        let mut streams = Streams::default();
        for position in positions {
            let stored = streams.stored.entry(position.stream).or_default();
            *stored = position.sequence.max(*stored);
        }
        streams
    }

    /// Whether that node may begin that session of the stream with that attempt. A stream
    /// and a node can be known to others, what follows a session only to its dialer.
    fn admits(
        &self,
        stream: StreamId,
        owner: Instance,
        session: SessionId,
        epoch: u64,
    ) -> Result<(), NoSession> {
        match self.known.get(&stream) {
            Some(known) if known.owner != owner => Err(refusal(
                RefusalCode::NotPermitted,
                "the stream belongs to another node",
            )),
            Some(known) if !session.follows(known.session) => Err(refusal(
                RefusalCode::NotPermitted,
                "the session does not follow the one that the stream had",
            )),
            Some(known) if epoch <= known.epoch => Err(stale()),
            _ => Ok(()),
        }
    }

    /// Up to which message the stream was received.
    fn received(&self, stream: StreamId) -> u64 {
        match self.known.get(&stream) {
            Some(known) => known.intake.received().sequence,
            None => self.stored.get(&stream).copied().unwrap_or(0),
        }
    }

    /// A session of the stream begins.
    fn begins(&mut self, stream: StreamId, known: Known) {
        self.known.insert(stream, known);
        self.ended.retain(|&ended| ended != stream);
    }

    /// An attempt at a session of the stream succeeds.
    pub(super) fn attempted(&mut self, stream: StreamId, epoch: u64) {
        if let Some(known) = self.known.get_mut(&stream) {
            known.epoch = epoch;
        }
    }

    /// A session of the stream is over.
    pub(super) fn ended(&mut self, stream: StreamId) {
        if !self.known.contains_key(&stream) || self.ended.contains(&stream) {
            return;
        }
        self.ended.push_back(stream);
        if self.ended.len() > ENDED_MAX
            && let Some(oldest) = self.ended.front().copied()
        {
            self.forget(oldest);
        }
    }

    /// What waits of the stream is let go of: it has to come again.
    pub(super) fn let_go(&mut self, stream: StreamId, bound: Bound) {
        if let Some(known) = self.known.get_mut(&stream) {
            let handled = known.intake.handled_up_to();
            known.intake = Arc::new(Intake::of_a_session(bound, handled));
        }
    }

    fn forget(&mut self, stream: StreamId) {
        self.ended.retain(|&ended| ended != stream);
        if let Some(known) = self.known.remove(&stream)
            && let Some(stored) = self.stored.get_mut(&stream)
        {
            *stored = known.intake.handled_up_to().max(*stored);
        }
    }
}

impl Core {
    /// Goes on after those positions, and remembers how far it comes.
    pub(crate) fn resume_from(&mut self, positions: impl IntoIterator<Item = StreamPosition>) {
        self.streams = Some(Streams::new(positions));
    }

    /// A peer begins a session: the pipe that has it.
    pub(super) fn begin_asked(
        &mut self,
        open: &OpenChannel,
        peer: &Peer,
        owner: Instance,
    ) -> Result<PipeId, NoSession> {
        check_beginning(open)?;
        let stream = StreamId(open.stream);
        let (after, bound) = (open.begins_after, self.config.receive_bound());
        let mut came = after;
        let mut known = None;
        if let Some(streams) = &self.streams {
            streams.admits(stream, owner, SessionId(open.session), open.epoch)?;
            came = streams.received(stream);
            let found = streams.known.get(&stream);
            known = found.map(|known| (known.intake.clone(), known.pipe));
        }
        let (intake, pipe) = known.map_or_else(
            || (Arc::new(Intake::of_a_session(bound, after.max(came))), None),
            |(intake, pipe)| (intake, Some(pipe)),
        );
        let session = Session::asked(open, intake.clone(), self.tally());
        session.check_figures(open)?;
        let pipe = pipe.and_then(|pipe| self.vacate(pipe));
        if pipe.is_none() {
            self.admits_session(&peer.host)
                .map_err(NoSession::Refused)?;
        }
        intake.skip_to(after);
        let id = match pipe {
            Some(id) => {
                self.pipes[id.key].session = Some(Box::new(session));
                id
            }
            None => self.add_pipe_with(|id| Pipe::new(id, None).with_session(session)),
        };
        self.sessions.insert(SessionId(open.session), id);
        if let Some(streams) = &mut self.streams {
            let known = Known {
                owner,
                session: SessionId(open.session),
                epoch: open.epoch,
                intake,
                pipe: id,
            };
            streams.begins(stream, known);
        }
        if came < after {
            self.tell_gap(peer, stream, came + 1, after);
        }
        Ok(id)
    }

    /// Takes a pipe from the session that had it. What was received through it stays, to be
    /// handled before what comes now.
    fn vacate(&mut self, id: PipeId) -> Option<PipeId> {
        if let Some(stale) = self.pipe(id)?.inlet() {
            self.detach(&stale, OfflineReason::Superseded);
        }
        match self.pipe(id)?.session.take() {
            Some(session) => drop(self.sessions.remove(&session.id)),
            None => {
                for message in &self.pipes[id.key].inbound {
                    self.orphans.remove(message);
                }
            }
        }
        Some(id)
    }

    /// Where a message waits that comes again and whose pipe is gone: before what follows it
    /// in its stream.
    pub(super) fn shelter(&mut self, message: &Message) -> PipeId {
        let stream = message.position().map(|position| position.stream);
        let known = self.streams.as_ref().zip(stream);
        let known = known.and_then(|(streams, stream)| streams.known.get(&stream));
        let pipe = known.map(|known| known.pipe);
        if let Some(id) = pipe.filter(|&id| self.pipe(id).is_some()) {
            return id;
        }
        let id = self.add_pipe(None);
        let known = self.streams.as_mut().zip(stream);
        if let Some(known) = known.and_then(|(streams, stream)| streams.known.get_mut(&stream)) {
            known.pipe = id;
        }
        id
    }

    fn tell_gap(&mut self, peer: &Peer, stream: StreamId, from: u64, to: u64) {
        tracing::warn!(
            peer = %peer.address,
            "messages {from} to {to} of stream {stream} do not come: they were acknowledged before their position was stored, or given up"
        );
        self.tell(SocketEvent::Missed { stream, from, to });
    }
}
