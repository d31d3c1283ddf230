//! Sessions of a socket: how one is opened, resumed and ended.

use std::sync::Arc;
use std::time::Instant;

use treewire_transports::{Content, Envelope, OpenChannel, RefusalCode};

use super::inquiry::{Course, Question};
use super::opening::{NoSession, Opening, instance, refusal, stale};
use super::{Core, FateNews, Inlet, Peer, Pipe, PipeId, Queued, Session, Step, Stickiness, Tally};
use crate::handle::{OfflineReason, PeerReplaced, Replacement, SessionEnd, SocketEvent};
use crate::pattern::Sender;
use crate::session::{Instance, SessionId};

impl Core {
    /// The connection of a dialer is about to ask for its channel. Whoever had the pipe
    /// before has it no more.
    pub(crate) fn begin_session(&mut self, id: PipeId, peer: &Peer) -> Result<Opening, NoSession> {
        let instance = instance(peer)?;
        if let Some(stale) = self.pipe(id).and_then(|pipe| pipe.inlet()) {
            self.detach(&stale, OfflineReason::Superseded);
        }
        let Some(session) = self.session(id) else {
            return Err(refusal(
                RefusalCode::Closing,
                "the socket let go of this dialer",
            ));
        };
        match session.peer {
            Some(known) if known != instance => match self.course(id, known, instance, peer) {
                Course::StayAway => self.end_session(id, SessionEnd::PeerReplaced),
                Course::FailOver => self.fail_over(id, instance),
                Course::Wait => return Err(NoSession::Undecided),
            },
            _ => self.forget_inquiry(id),
        }
        let Some(session) = self.session(id) else {
            let text = format!(
                "another node answers at {}: the session with the first is over",
                peer.address
            );
            return Err(refusal(RefusalCode::SessionLost, &text));
        };
        session.attempts.epoch += 1;
        Ok(session.opening(false))
    }

    /// What to do about a node that answers in the place of the one that is known.
    fn course(&mut self, id: PipeId, known: Instance, instance: Instance, peer: &Peer) -> Course {
        match self.config.stickiness {
            Stickiness::Stick => return Course::StayAway,
            Stickiness::Failover => return Course::FailOver,
            Stickiness::Ask(_) => {}
        }
        let Some(pipe) = self.pipe(id) else {
            return Course::Wait;
        };
        let replaced = PeerReplaced {
            endpoint: pipe.dialed.clone().unwrap_or_default(),
            peer: peer.address.clone(),
            known,
            instance,
            unacknowledged: pipe.unconfirmed(),
            waiting: pipe.queued(),
        };
        pipe.inquiry.get_or_insert_default().meet(replaced)
    }

    fn forget_inquiry(&mut self, id: PipeId) {
        if let Some(inquiry) = self.pipe(id).and_then(|pipe| pipe.inquiry.as_mut()) {
            inquiry.forget();
        }
    }

    /// What an actor is to be asked, by pipe.
    pub(crate) fn take_questions(&mut self) -> Vec<(PipeId, Question)> {
        let questions = self.pipes.iter_mut().filter_map(|(_, pipe)| {
            let question = pipe.inquiry.as_mut()?.take_question()?;
            Some((pipe.id(), question))
        });
        questions.collect()
    }

    /// What that actor decided, which the next attempt finds.
    pub(crate) fn decide(&mut self, id: PipeId, number: u64, decision: Replacement) {
        if let Some(inquiry) = self.pipe(id).and_then(|pipe| pipe.inquiry.as_mut()) {
            inquiry.decide(number, decision);
        }
    }

    /// Whether a peer that asks for a channel takes the place of its own connection.
    pub(crate) fn has_place(&self, open: &OpenChannel) -> bool {
        let known = self.sessions.get(&SessionId(open.session));
        let pipe = known.and_then(|id| self.pipes.get(id.key).filter(|pipe| pipe.is(*id)));
        pipe.is_some_and(Pipe::is_connected)
    }

    /// The peer took the channel that the attempt `epoch` asked for. Whether it has received
    /// more than it was known to is said as well.
    pub(crate) fn session_opened(
        &mut self,
        id: PipeId,
        epoch: u64,
        peer: &Peer,
        open: &OpenChannel,
    ) -> Result<(Arc<Inlet>, bool), NoSession> {
        let instance = instance(peer)?;
        let Some(session) = self.session(id) else {
            return Err(refusal(
                RefusalCode::Closing,
                "the socket let go of this dialer",
            ));
        };
        if session.attempts.epoch != epoch || session.id.0 != open.session {
            return Err(stale());
        }
        session.check_figures(open)?;
        let is_further = session.is_further(open.last_received);
        Ok((self.resume(id, instance, peer, open), is_further))
    }

    /// A peer asks for a channel that begins or resumes a session: what it is answered.
    pub(crate) fn answer_session(
        &mut self,
        open: &OpenChannel,
        peer: &Peer,
    ) -> Result<(Arc<Inlet>, Opening), NoSession> {
        let instance = instance(peer)?;
        let wanted = SessionId(open.session);
        let known = self.sessions.get(&wanted).copied();
        let id = match known.and_then(|id| self.session(id).map(|session| (id, session))) {
            Some((id, session)) => {
                if session.peer != Some(instance) {
                    let text = "the session belongs to another node";
                    return Err(refusal(RefusalCode::NotPermitted, text));
                }
                if open.epoch <= session.attempts.epoch {
                    return Err(stale());
                }
                session.check_figures(open)?;
                id
            }
            None if open.resumes => {
                let text =
                    "the session is not known here: its lease ran out, or this is another socket";
                return Err(refusal(RefusalCode::SessionLost, text));
            }
            None => self.begin_asked(open, peer, instance)?,
        };
        if let Some(stale) = self.pipe(id).and_then(|pipe| pipe.inlet()) {
            self.detach(&stale, OfflineReason::Superseded);
        }
        let Some(session) = self.session(id) else {
            return Err(stale());
        };
        session.attempts.epoch = open.epoch;
        let opening = session.opening(!open.resumes);
        if let Some(streams) = &mut self.streams {
            streams.attempted(opening.begins.stream, open.epoch);
        }
        Ok((self.resume(id, instance, peer, open), opening))
    }

    /// A connection of the session is up; its figures were checked.
    fn resume(
        &mut self,
        id: PipeId,
        instance: Instance,
        peer: &Peer,
        open: &OpenChannel,
    ) -> Arc<Inlet> {
        let home = self.home.clone();
        let pipe = &mut self.pipes[id.key];
        let session = pipe.session.as_mut().expect("its caller looked");
        session.peer = Some(instance);
        session.host = Some(peer.host.clone());
        let is_new = !session.attempts.has_opened;
        let (epoch, intake) = (session.attempts.epoch, session.intake.clone());
        let stream = session.begins.stream;
        let inlet = Inlet::new(home, id, peer.clone(), epoch, intake);
        let inlet = Arc::new(match pipe.dialed {
            None => inlet.of_stream(stream),
            // The peer numbers what it sends anew with each session.
            Some(_) => inlet,
        });
        let handled = open.credit.handled;
        let mut news = FateNews::default();
        let mut acknowledged = pipe.resume(inlet.clone(), open.last_received, handled, &mut news);
        acknowledged.append(&mut pipe.credit(open.credit, &mut news));
        self.tell_fates(news);
        self.is_done_with(acknowledged);
        self.connected += 1;
        self.step(id, Step::Attached);
        match is_new {
            true => self.greet_subscriber(id),
            false => self.follow_through(&inlet),
        }
        self.reroute_absent();
        inlet
    }

    /// The peer of a dialed pipe does not know the session that it was asked for, unless
    /// another took that one's place meanwhile.
    pub(crate) fn session_lost(&mut self, id: PipeId, asked: (SessionId, u64)) {
        let is_lost = |session: &mut Session| {
            // Of one that never was there is nothing to lose: it begins with another attempt.
            session.attempts.has_opened && (session.id, session.attempts.epoch) == asked
        };
        if self.session(id).is_some_and(is_lost) {
            self.end_session(id, SessionEnd::Lost);
        }
    }

    /// Ends the sessions whose peer has been away for the lease. When to look again, and
    /// whether any ended.
    pub(crate) fn expire_sessions(&mut self, now: Instant) -> (Option<Instant>, bool) {
        let lease = self.config.lease;
        let mut expired = Vec::new();
        let mut next: Option<Instant> = None;
        for (_, pipe) in &mut self.pipes {
            let (id, is_away) = (pipe.id(), !pipe.is_connected());
            let Some(session) = &mut pipe.session else {
                continue;
            };
            // One that took over from another keeps what that one had.
            if !is_away || !session.attempts.has_opened && session.kept() == 0 {
                continue;
            }
            let ends = *session.away_since.get_or_insert(now) + lease;
            if ends <= now {
                expired.push(id);
            } else {
                next = Some(next.map_or(ends, |next| next.min(ends)));
            }
        }
        let any_ended = !expired.is_empty();
        for id in expired {
            self.end_session(id, SessionEnd::Expired);
        }
        (next, any_ended)
    }

    /// The session of a pipe is over. What was not acknowledged goes to who comes next, if
    /// anybody will do, or else back to the owner of the socket.
    pub(crate) fn end_session(&mut self, id: PipeId, end: SessionEnd) {
        let bound = self.config.receive_bound();
        let is_sent_to_one = self.config.socket_type.sender == Sender::One;
        let fails_over = matches!(self.config.stickiness, Stickiness::Failover);
        let (asks, renews) = (
            self.config.socket_type.asks,
            self.config.socket_type.renews(),
        );
        self.forget_subscriber(id);
        self.stop_following(id);
        let Some(pipe) = self.pipe(id) else { return };
        let Some(mut session) = pipe.session.take() else {
            return;
        };
        let (session_id, stream, peer) = (session.id, session.begins.stream, session.peer);
        // Who comes next may have stored how far the one before came.
        let goes_on =
            pipe.dialed.is_some() && fails_over && end.leaves_others() && !asks && !renews;
        // What others may not have goes on behind what left before it.
        let mut unsent = match goes_on && !is_sent_to_one {
            true => pipe.take_answers().into(),
            false => pipe.take_queue(),
        };
        let mut news = FateNews::default();
        let mut kept = match goes_on {
            true => {
                session.leaves_its_peer(&mut news);
                session.take_answers()
            }
            false => session.take_kept(),
        };
        if pipe.dialed.is_some() && end == SessionEnd::PeerReplaced {
            pipe.is_over = true;
            self.step(id, Step::Ended(OfflineReason::PeerReplaced));
        } else if pipe.dialed.is_some() {
            let mut next = session.successor(bound);
            // Whoever sticks to a node sticks to it in the next session as well.
            next.peer = peer.filter(|_| !fails_over);
            pipe.session = Some(Box::new(next));
        }
        self.tell_fates(news);
        self.sessions.remove(&session_id);
        if let Some(streams) = &mut self.streams {
            streams.ended(stream);
        }
        if asks {
            // Whoever asks is told, or asks again.
            self.is_done_with(std::mem::take(&mut kept));
            self.fail_or_resend(id.key, std::mem::take(&mut unsent));
        } else if is_sent_to_one && end.leaves_others() {
            self.unrouted.append(&mut unsent);
        } else if self.is_over() {
            unsent.append(&mut self.unrouted);
        }
        kept.extend(unsent);
        // What only keeps a number is nobody's.
        kept.retain(|queued| match renews {
            true => queued.is_message(),
            false => queued.envelope != Envelope::nothing(),
        });
        self.give_up(end.cause(), kept.len() as u64);
        if self.listeners.any() {
            let contents = kept.iter().map(|queued| queued.envelope.content.clone());
            let undelivered: Arc<[Content]> = contents.collect();
            self.tell(SocketEvent::SessionEnded { end, undelivered });
        }
        for queued in kept {
            self.undelivered(end, queued);
        }
        let pipe = &self.pipes[id.key];
        if pipe.dialed.is_none() && !pipe.is_connected() {
            self.orphan(id.key);
        }
        self.route_unrouted();
    }

    /// A message is not delivered, since its session has ended.
    fn undelivered(&mut self, end: SessionEnd, mut queued: Queued) {
        if end == SessionEnd::Expired
            && let Some(tracker) = queued.tracker.take()
        {
            let mut news = FateNews::default();
            tracker.expired(&mut news);
            self.tell_fates(news);
        }
        self.bury_queued(end.cause(), queued);
    }

    /// Another node is to have everything that the first did not acknowledge.
    fn fail_over(&mut self, id: PipeId, other: Instance) {
        let (bound, asks) = (self.config.receive_bound(), self.config.socket_type.asks);
        let fails_over_once = matches!(self.config.stickiness, Stickiness::Ask(_));
        let renews = self.config.socket_type.renews();
        self.forget_subscriber(id);
        self.stop_following(id);
        let Some(pipe) = self.pipe(id) else { return };
        let Some(mut session) = pipe.session.take() else {
            return;
        };
        // Whoever asks is told, or asks again.
        let failed = asks.then(|| (session.take_kept(), pipe.take_queue()));
        let mut answers = Vec::new();
        if renews {
            // Whoever comes next is told anew what is wanted, and gets what comes from then on.
            answers = session.take_kept();
            answers.extend(pipe.take_queue());
        } else if !asks {
            answers = session.take_answers();
            answers.append(&mut pipe.take_answers());
        }
        let mut news = FateNews::default();
        session.leaves_its_peer(&mut news);
        let mut next = session.successor(bound);
        // Whoever decided did so about this node alone.
        next.peer = fails_over_once.then_some(other);
        pipe.session = Some(Box::new(next));
        self.tell_fates(news);
        self.give_up_queued(SessionEnd::PeerReplaced.cause(), answers);
        if let Some((kept, unsent)) = failed {
            self.is_done_with(kept);
            self.fail_or_resend(id.key, unsent);
        }
    }

    /// Whether every peer it could send to was replaced.
    pub(super) fn is_over(&self) -> bool {
        !self.pipes.is_empty() && self.pipes.iter().all(|(_, pipe)| pipe.is_over)
    }

    /// The peer closes its socket for good: when it goes, so does the session.
    pub(crate) fn peer_ends(&mut self, inlet: &Arc<Inlet>) {
        if let Some(pipe) = self.pipe_of(inlet)
            && let Some(session) = &mut pipe.session
        {
            session.peer_ends = true;
        }
    }

    /// Made with the first session: others need not see its figures.
    pub(super) fn tally(&mut self) -> Tally {
        let stats = &self.stats;
        self.tally.get_or_insert_with(|| Tally::new(stats)).clone()
    }

    fn session(&mut self, id: PipeId) -> Option<&mut Session> {
        self.pipe(id)?.session.as_deref_mut()
    }
}
