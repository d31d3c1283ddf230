//! What a socket subscribed to, and how far it has the streams of its publishers.

use std::collections::HashSet;
use std::sync::Arc;

use treewire_transports::{Envelope, Kind};

use super::follower::{Following, Wanted};
use super::publisher::{SUBSCRIPTION_BYTES_MAX, SUBSCRIPTIONS_MAX, SubscriptionRefused};
use super::{Core, Inlet, PipeId, Queued};
use crate::handle::{OfflineReason, SessionEnd, SocketEvent};
use crate::message::{Message, Receipt};
use crate::pattern::{Note, Pattern};
use crate::position::{SEQUENCE_MAX, StreamId, StreamPosition};

impl Core {
    /// Where streams were when the socket is to go on with them.
    pub(crate) fn follow_from(&mut self, positions: impl IntoIterator<Item = StreamPosition>) {
        if let Some(follower) = &mut self.follower {
            for position in positions {
                follower.away.remember(position);
            }
        }
    }

    /// How far it has each stream: what is before that does not come any more.
    pub(crate) fn positions(&self) -> Vec<StreamPosition> {
        let away = self.follower.iter().flat_map(|follower| &follower.away.0);
        let following = self.pipes.iter();
        let following = following.filter_map(|(_, pipe)| pipe.following.as_ref());
        let following = following.filter(|one| one.has_begun || one.goes_on);
        let following = following.map(|one| one.position());
        away.copied().chain(following).collect()
    }

    /// Subscribes before the socket starts, which it does not if that fails.
    pub(crate) fn subscribe_from_the_start(&mut self, patterns: Vec<Pattern>) {
        for pattern in patterns {
            let refused = self.subscribe(pattern).err();
            if let (Some(refused), Some(follower)) = (refused, &mut self.follower) {
                follower.refused = Some(refused);
            }
        }
    }

    /// Whether all subscriptions from the start were taken.
    pub(crate) fn check_subscriptions(&self) -> Result<(), String> {
        let refused = self.follower.as_ref();
        match refused.and_then(|follower| follower.refused.as_ref()) {
            Some(refused) => Err(refused.to_string()),
            None => Ok(()),
        }
    }

    /// Subscribes once more to a pattern; every publisher is told if that is new.
    pub(crate) fn subscribe(&mut self, pattern: Pattern) -> Result<(), SubscriptionRefused> {
        let Some(follower) = &mut self.follower else {
            return Ok(());
        };
        if let Some(wanted) = follower.wanted.get_mut(&pattern) {
            wanted.times += 1;
            return Ok(());
        }
        if follower.wanted.len() >= SUBSCRIPTIONS_MAX {
            return Err(SubscriptionRefused::TooMany);
        }
        if follower.pattern_bytes + pattern.bytes().len() > SUBSCRIPTION_BYTES_MAX {
            return Err(SubscriptionRefused::TooLarge);
        }
        follower.pattern_bytes += pattern.bytes().len();
        follower.last_id += 1;
        let id = follower.last_id;
        for (_, pipe) in &mut self.pipes {
            if let Some(following) = &mut pipe.following {
                following.unanswered.insert(id);
                pipe.push(wish(id, &pattern));
            }
        }
        follower.wanted.insert(pattern, Wanted { id, times: 1 });
        Ok(())
    }

    /// Takes a subscription back once; whether there was one.
    pub(crate) fn unsubscribe(&mut self, pattern: &Pattern) -> bool {
        let Some(follower) = &mut self.follower else {
            return false;
        };
        let Some(wanted) = follower.wanted.get_mut(pattern) else {
            return false;
        };
        wanted.times -= 1;
        if wanted.times > 0 {
            return true;
        }
        let id = wanted.id;
        follower.pattern_bytes -= pattern.bytes().len();
        follower.wanted.remove(pattern);
        for (_, pipe) in &mut self.pipes {
            if let Some(following) = &mut pipe.following {
                following.unanswered.remove(&id);
                // One that did not leave need not be taken back.
                if pipe.withdraw(id).is_none() {
                    pipe.push(end_of_wish(id));
                }
            }
        }
        true
    }

    pub(crate) fn subscriptions(&self) -> Vec<Pattern> {
        let follower = self.follower.iter();
        follower
            .flat_map(|follower| follower.wanted.keys().cloned())
            .collect()
    }

    /// Whether every publisher that is there, at least one, has begun with all there is to it.
    pub(crate) fn has_joined(&self) -> bool {
        let connected = self.pipes.iter().filter(|(_, pipe)| pipe.is_connected());
        let mut connected = connected
            .filter(|(_, pipe)| pipe.idle_of.is_none())
            .peekable();
        let has_joined = |pipe: &super::Pipe| {
            let following = pipe.following.as_ref();
            following.is_some_and(|one| one.has_begun && one.unanswered.is_empty())
        };
        connected.peek().is_some() && connected.all(|(_, pipe)| has_joined(pipe))
    }

    /// A session goes on through that connection, and a stream with it.
    pub(super) fn follow_through(&mut self, inlet: &Inlet) {
        let pipe = self.pipe(inlet.pipe());
        if let Some(following) = pipe.and_then(|pipe| pipe.following.as_ref()) {
            inlet.is_published_as(following.stream);
        }
    }

    /// The publisher of a pipe is gone, or begins anew: how far its stream is here is kept.
    pub(super) fn stop_following(&mut self, id: PipeId) {
        let Some(following) = self.pipe(id).and_then(|pipe| pipe.following.take()) else {
            return;
        };
        if let Some(follower) = &mut self.follower
            && (following.has_begun || following.goes_on)
        {
            follower.away.remember(following.position());
        }
        self.begin_anew(following.stream);
    }

    /// The connections whose stream came through another, which is gone, are to begin anew; a
    /// session would go on without a word.
    fn begin_anew(&mut self, stream: StreamId) {
        let idle = self.pipes.iter_mut().filter_map(|(_, pipe)| {
            let is_idle = pipe.idle_of.take_if(|idle_of| *idle_of == stream).is_some();
            is_idle.then(|| pipe.id())
        });
        for id in idle.collect::<Vec<_>>() {
            if self.pipe(id).is_some_and(|pipe| pipe.session.is_some()) {
                self.end_session(id, SessionEnd::Lost);
            }
            if let Some(inlet) = self.pipe(id).and_then(|pipe| pipe.inlet()) {
                self.detach(&inlet, OfflineReason::Superseded);
            }
        }
    }

    /// A stream comes through that pipe from here on. What came of it through others, whose
    /// connection may not have been known to be gone, is to be taken before that.
    fn take_over(&mut self, id: PipeId, stream: StreamId) {
        let others = self.pipes.iter().filter(|(_, pipe)| pipe.id() != id);
        let others: Vec<_> = others
            .filter(|(_, pipe)| pipe.has_of(stream))
            .map(|(key, _)| key)
            .collect();
        let mut came: Vec<Message> = Vec::new();
        for key in others {
            let pipe = &mut self.pipes[key];
            let following = pipe.following.take_if(|one| one.stream == stream);
            if following.is_some() {
                // Nothing more is to come through it.
                pipe.idle_of = Some(stream);
                let wanted = self.follower.iter().flat_map(|follower| &follower.wanted);
                wanted.for_each(|(_, wanted)| pipe.push(end_of_wish(wanted.id)));
            }
            let inbound = std::mem::take(&mut pipe.inbound);
            let is_orphan = pipe.is_orphan();
            if !inbound.is_empty() {
                self.turns.leave(key);
            }
            if is_orphan {
                inbound
                    .iter()
                    .for_each(|message| self.orphans.remove(message));
                self.pipes.remove(key);
            }
            came.extend(inbound);
            if let (Some(following), Some(follower)) = (following, &mut self.follower) {
                follower.away.remember(following.position());
            }
        }
        // Its turn begins with the batch that is being accepted.
        let inbound = &mut self.pipes[id.key].inbound;
        if !came.is_empty() {
            came.extend(inbound.drain(..));
            came.sort_by_key(Message::sequence);
            inbound.extend(came);
        }
        self.keep_within_bound(id);
    }

    /// What came over many connections, and nobody took, must not fill our memory: the newest
    /// are dropped, as if they had not come.
    fn keep_within_bound(&mut self, id: PipeId) {
        let (bound, mut bytes) = (self.config.receive_bound(), 0);
        let inbound = &mut self.pipes[id.key].inbound;
        let fits = inbound.iter().enumerate().take_while(|(at, message)| {
            let has_room = !bound.reached(*at, bytes);
            bytes += message.byte_len() as u64;
            has_room
        });
        let fitting = fits.count();
        let dropped = inbound.split_off(fitting);
        if let Some(position) = dropped.front().and_then(Message::position) {
            self.forget_from(position);
        }
        self.losses.count("orphaned", dropped.len() as u64);
        for message in dropped {
            self.bury("orphaned", message.into_content());
        }
    }

    /// The pipe through which the stream comes that a message was published in.
    pub(super) fn follower_of(&self, message: &Message) -> Option<PipeId> {
        let stream = message.inlet().published()?;
        let mut pipes = self.pipes.iter();
        let found = pipes.find(|(_, pipe)| {
            let following = pipe.following.as_ref();
            following.is_some_and(|one| one.stream == stream)
        });
        found.map(|(_, pipe)| pipe.id())
    }

    /// What came of a stream is dropped from that message on: it is as if it had not come.
    pub(super) fn forget_from(&mut self, position: StreamPosition) {
        if let Some(follower) = &mut self.follower {
            follower.away.remember(StreamPosition {
                sequence: position.sequence - 1,
                ..position
            });
        }
    }

    /// A batch of a publisher, in order.
    pub(super) fn accept_published(
        &mut self,
        inlet: &Arc<Inlet>,
        envelopes: impl Iterator<Item = Envelope>,
    ) -> bool {
        let id = inlet.pipe();
        let Some(pipe) = self.pipe_of(inlet) else {
            return false;
        };
        let was_empty = pipe.inbound.is_empty();
        let mut arrivals = inlet.arrivals();
        for envelope in envelopes {
            let bytes = envelope.content.byte_len() as u64;
            let receipt = Receipt::new(inlet, &mut arrivals, bytes);
            let following = self.pipes[id.key].following.as_mut();
            if envelope.is_data() && following.is_some_and(|one| one.arrived(envelope.correlation))
            {
                let message = Message::new(envelope.correlation, envelope.content, receipt);
                self.pipes[id.key].inbound.push_back(message);
                continue;
            }
            drop(arrivals);
            drop(receipt);
            self.hear_publisher(inlet, envelope);
            arrivals = inlet.arrivals();
        }
        drop(arrivals);
        let inbound = &self.pipes[id.key].inbound;
        if was_empty && !inbound.is_empty() {
            self.turns.enter(id.key);
        }
        self.pump_or_keep(id)
    }

    /// What a publisher says, or what was not expected of it.
    fn hear_publisher(&mut self, inlet: &Arc<Inlet>, envelope: Envelope) {
        let id = inlet.pipe();
        let Envelope {
            kind,
            correlation,
            content,
        } = envelope;
        match kind {
            Kind::Note => match Note::decode(&content) {
                Some(Note::Publishes { stream, sequence }) => {
                    self.follow(inlet, StreamId::from_bytes(stream), sequence);
                }
                Some(Note::Begins { after }) => self.begins(id, correlation, after),
                Some(Note::Missed { from, to }) => {
                    let following = self.pipes[id.key].following.as_mut();
                    let missed = following.and_then(|one| one.miss(from, to));
                    self.tell_missed(id, missed);
                }
                Some(Note::Refused { reason }) => self.is_refused(id, correlation, reason),
                _ => self.losses.count("not expected", 1),
            },
            // What keeps the number of one that was given up.
            Kind::Cancel => {}
            // It comes through another connection.
            Kind::Data if self.pipes[id.key].idle_of.is_some() => {}
            Kind::Data | Kind::Failure => {
                self.losses.count("not expected", 1);
                self.bury("not expected", content);
            }
        }
        self.noted = true;
    }

    /// The publisher's first word: it is told what is wanted, and from where on.
    fn follow(&mut self, inlet: &Arc<Inlet>, stream: StreamId, sequence: u64) {
        let id = inlet.pipe();
        // Once: each time all subscriptions are said.
        if inlet.published().is_some() {
            return self.losses.count("not expected", 1);
        }
        self.stop_following(id);
        self.take_over(id, stream);
        let Some(follower) = &mut self.follower else {
            return;
        };
        inlet.is_published_as(stream);
        let known = follower.away.recall(stream);
        let sequence = sequence.min(SEQUENCE_MAX);
        let pipe = &mut self.pipes[id.key];
        pipe.idle_of = None;
        let following = Following {
            stream,
            sequence: known.unwrap_or(sequence),
            goes_on: known.is_some(),
            has_begun: false,
            unanswered: HashSet::new(),
        };
        for (pattern, wanted) in &follower.wanted {
            pipe.push(wish(wanted.id, pattern));
        }
        let after = following.goes_on.then_some(following.sequence);
        pipe.push(Queued::new(Note::Resume { after }.envelope()));
        pipe.following = Some(Box::new(following));
    }

    /// The publisher begins, or with one subscription.
    fn begins(&mut self, id: PipeId, correlation: u64, after: u64) {
        let Some(following) = &mut self.pipes[id.key].following else {
            return;
        };
        if correlation != 0 {
            following.unanswered.remove(&correlation);
            return;
        }
        if std::mem::replace(&mut following.has_begun, true) {
            return self.losses.count("not expected", 1);
        }
        if !following.goes_on {
            following.sequence = after.min(SEQUENCE_MAX);
            return;
        }
        if after < following.sequence {
            let (stream, here) = (following.stream, following.sequence);
            tracing::warn!(
                %stream,
                "the publisher has {after} messages, {here} were here: it goes on from where it is"
            );
            following.sequence = after;
            return;
        }
        let missed = following.miss(0, after);
        self.tell_missed(id, missed);
    }

    fn tell_missed(&mut self, id: PipeId, missed: Option<(u64, u64)>) {
        let following = self.pipes[id.key].following.as_ref();
        if let (Some((from, to)), Some(following)) = (missed, following) {
            let stream = following.stream;
            self.tell(SocketEvent::Missed { stream, from, to });
        }
    }

    /// The publisher does not take a subscription.
    pub(super) fn is_refused(&mut self, id: PipeId, correlation: u64, reason: &str) {
        let pipe = &mut self.pipes[id.key];
        let Some(following) = &mut pipe.following else {
            return;
        };
        following.unanswered.remove(&correlation);
        let peer = pipe.inlet().map(|inlet| inlet.address());
        let wanted = self.follower.iter().flat_map(|follower| &follower.wanted);
        let mut wanted = wanted.filter(|(_, wanted)| wanted.id == correlation);
        if let Some((pattern, _)) = wanted.next() {
            let pattern = pattern.clone();
            tracing::warn!(%pattern, "a publisher refused a subscription: {reason}");
            self.tell(SocketEvent::SubscriptionRefused {
                peer: peer.unwrap_or_default(),
                pattern,
                reason: reason.into(),
            });
        }
    }
}

impl super::Pipe {
    /// Whether it follows a stream, or has what came of it.
    fn has_of(&self, stream: StreamId) -> bool {
        let following = self.following.as_ref();
        let mut inbound = self.inbound.iter();
        following.is_some_and(|one| one.stream == stream)
            || inbound.any(|message| message.inlet().published() == Some(stream))
    }
}

fn end_of_wish(id: u64) -> Queued {
    Queued::new(Note::Unsubscribe.envelope().correlated(id))
}

fn wish(id: u64, pattern: &Pattern) -> Queued {
    let note = Note::Subscribe {
        matching: pattern.wire_kind(),
        pattern: pattern.bytes(),
    };
    Queued::new(note.envelope().correlated(id))
}
