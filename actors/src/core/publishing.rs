//! Messages to those who subscribed to them. One that stalls holds up nobody: what it has no
//! room for is kept for replay, or it is told what it misses.

use std::sync::Arc;

use treewire_transports::Envelope;

use super::publisher::{Lag, Missed, Publisher, Subscriber, SubscriptionRefused};
use super::{Blocked, Core, Inlet, PipeId, Queued, Reason};
use crate::bound::{Bound, Overflow};
use crate::handle::SocketEvent;
use crate::message::{Receipt, Source};
use crate::pattern::{Note, Pattern};
use crate::position::StreamId;

impl Core {
    /// An actor starts; only the first one's stream counts.
    pub(crate) fn publish_as(&mut self, stream: StreamId) {
        if let Some(publisher) = &mut self.publisher
            && publisher.stream == StreamId::default()
        {
            publisher.stream = stream;
        }
    }

    /// How many peers said what they want, and get it.
    pub(crate) fn subscribers(&self) -> usize {
        let subscribers = self.pipes.iter();
        let subscribers = subscribers.filter_map(|(_, pipe)| pipe.subscriber.as_ref());
        subscribers.filter(|one| one.is_ready()).count()
    }

    pub(crate) fn subscription_count(&self) -> usize {
        let publisher = self.publisher.as_ref();
        publisher.map_or(0, |publisher| publisher.subscriptions.len())
    }

    /// Sends a message to those who want its topic.
    pub(super) fn publish(&mut self, queued: Queued) -> Result<(), Blocked> {
        let Some(mut publisher) = self.publisher.take() else {
            return self.nobody_publishes(queued);
        };
        publisher.inverts = self.config.invert_matching;
        if let Some(replay) = publisher.keeps(self.config.replay_bound()) {
            self.is_done_with_contents(replay.into_contents());
        }
        self.find_takers(&mut publisher, &queued);
        let published = match self.is_held_up(&publisher) {
            true => Err(Blocked {
                content: queued.envelope.content,
                reason: Reason::Full,
            }),
            false => {
                self.fan_out(&mut publisher, queued);
                Ok(())
            }
        };
        self.publisher = Some(publisher);
        published
    }

    fn nobody_publishes(&mut self, queued: Queued) -> Result<(), Blocked> {
        Err(Blocked {
            content: queued.envelope.content,
            reason: Reason::SendsNothing,
        })
    }

    /// Each once, whatever of its patterns match.
    fn find_takers(&mut self, publisher: &mut Publisher, queued: &Queued) {
        let Publisher {
            subscriptions,
            takers,
            looks,
            inverts,
            ..
        } = publisher;
        *looks += 1;
        takers.clear();
        let topic = queued.envelope.content.first();
        subscriptions.matching(topic, |key| {
            let pipe = self.pipes.get_mut(key).filter(|pipe| !pipe.parts);
            if let Some(subscriber) = pipe.and_then(|pipe| pipe.subscriber.as_mut())
                && subscriber.has_begun
                && std::mem::replace(&mut subscriber.seen, *looks) != *looks
                && !*inverts
            {
                takers.push(key);
            }
        });
        if *inverts {
            let pipes = self.pipes.iter();
            let others = pipes.filter(|(_, pipe)| {
                let subscriber = pipe.subscriber.as_ref();
                let wants = subscriber.is_some_and(|one| one.has_begun && one.seen != *looks);
                wants && !pipe.parts
            });
            takers.extend(others.map(|(key, _)| key));
        }
    }

    /// Whether it waits for the slowest, as it was told to.
    fn is_held_up(&self, publisher: &Publisher) -> bool {
        let bound = self.config.send_bound();
        let waits = matches!(self.config.overflow, Overflow::Wait | Overflow::Refuse);
        let mut takers = publisher.takers.iter();
        waits && publisher.replay.is_none() && takers.any(|&key| !self.pipes[key].has_room(bound))
    }

    fn fan_out(&mut self, publisher: &mut Publisher, queued: Queued) {
        let bound = self.config.send_bound();
        let number = publisher.sequence + 1;
        let envelope = queued.envelope.correlated(number);
        for &key in &publisher.takers {
            let pipe = &mut self.pipes[key];
            let has_room = pipe.has_room(bound);
            let Some(subscriber) = &mut pipe.subscriber else {
                continue;
            };
            if let Some(lag) = &mut subscriber.lag {
                lag.matching += 1;
                continue;
            }
            if has_room {
                if let Some(missed) = pipe.take_missed_after() {
                    pipe.push(missed.note());
                }
                pipe.push(Queued {
                    envelope: envelope.clone(),
                    bytes: queued.bytes,
                    _receipt: None,
                    tracker: None,
                });
            } else if publisher.replay.is_some() {
                subscriber.lag = Some(Lag {
                    next: number,
                    matching: 1,
                });
            } else {
                self.drop_for(key, number, envelope.clone());
            }
        }
        let stale = publisher.published(envelope.content);
        self.is_done_with_contents(stale);
    }

    /// One subscriber has no room for a message, which no other is to feel.
    fn drop_for(&mut self, key: usize, number: u64, envelope: Envelope) {
        let bound = self.config.send_bound();
        let pipe = &mut self.pipes[key];
        let (cause, dropped) = match self.config.overflow {
            Overflow::DropOldest => ("queue full", pipe.make_room_for_news(bound)),
            Overflow::Conflate => ("conflated", pipe.take_messages()),
            Overflow::DropNewest | Overflow::Wait | Overflow::Refuse => {
                if let Some(subscriber) = &mut pipe.subscriber {
                    Missed::add(&mut subscriber.missed_after, number);
                }
                self.give_up_queued("queue full", [Queued::new(envelope)]);
                return;
            }
        };
        if let Some(subscriber) = &mut pipe.subscriber
            // Whoever wants the newest alone misses nothing.
            && self.config.overflow == Overflow::DropOldest
        {
            for queued in &dropped {
                Missed::add(&mut subscriber.missed_before, queued.envelope.correlation);
            }
        }
        if let Some(missed) = pipe.take_missed_after() {
            pipe.push(missed.note());
        }
        pipe.push(Queued::new(envelope));
        self.give_up_queued(cause, dropped);
    }

    /// Puts into the queue of a subscriber what it is to get beside what is there.
    pub(super) fn refill(&mut self, id: PipeId) {
        let Some(publisher) = &self.publisher else {
            return;
        };
        let bound = self.config.send_bound();
        let Some(pipe) = self.pipes.get_mut(id.key) else {
            return;
        };
        let may_send = pipe.may_send();
        let Some(subscriber) = &mut pipe.subscriber else {
            return;
        };
        // As many as there are, they are one note: none is made before it may leave.
        if may_send && let Some(missed) = subscriber.missed_before.take() {
            pipe.push_before_messages(missed.note());
        }
        if !pipe.is_empty() {
            return;
        }
        if let Some(missed) = pipe.take_missed_after() {
            pipe.push(missed.note());
        }
        let lost = pipe.catch_up(publisher, bound);
        self.give_up("queue full", lost);
    }

    /// A connection of a peer is up, for the first time in its session if it has one.
    pub(super) fn greet_subscriber(&mut self, id: PipeId) {
        self.forget_subscriber(id);
        if let Some(publisher) = &self.publisher {
            let pipe = &mut self.pipes[id.key];
            pipe.subscriber = Some(Box::default());
            pipe.push(publisher.first_word());
        }
    }

    /// Who subscribed is gone, or begins anew. What it was still to get is given up.
    pub(super) fn forget_subscriber(&mut self, id: PipeId) {
        let Some(subscriber) = self.pipe(id).and_then(|pipe| pipe.subscriber.take()) else {
            return;
        };
        self.noted = true;
        let lost = subscriber.lag.map_or(0, |lag| lag.matching);
        self.give_up("peer gone", lost);
        let Some(publisher) = &mut self.publisher else {
            return;
        };
        let patterns = publisher.forget(id.key, *subscriber);
        for pattern in patterns {
            self.tell_subscription(id, pattern, false);
        }
    }

    /// What a subscriber says. What is answered counts as handled when the answer leaves: who
    /// does not take answers runs out of credit.
    pub(super) fn hear_subscriber(
        &mut self,
        inlet: &Arc<Inlet>,
        correlation: u64,
        note: Option<Note<'_>>,
        receipt: Receipt,
    ) {
        let id = inlet.pipe();
        let Some(mut publisher) = self.publisher.take() else {
            return self.losses.count("not expected", 1);
        };
        let pipe = &mut self.pipes[id.key];
        let Some(mut subscriber) = pipe.subscriber.take() else {
            self.publisher = Some(publisher);
            return;
        };
        let (mut came, mut went) = (None, None);
        let mut answer = None;
        match note {
            Some(Note::Subscribe { matching, pattern }) if correlation != 0 => {
                let pattern = Pattern::from_wire(matching, pattern);
                let taken = pattern
                    .map_err(SubscriptionRefused::from)
                    .and_then(|pattern| {
                        let key = id.key;
                        let replaced =
                            publisher.subscribe(key, &mut subscriber, correlation, pattern.clone());
                        came = replaced.is_ok().then_some(pattern);
                        replaced
                    });
                match taken {
                    Ok(replaced) => {
                        went = replaced;
                        if subscriber.has_begun {
                            let after = publisher.sequence;
                            let begins = Note::Begins { after }.envelope();
                            answer = Some(begins.correlated(correlation));
                        }
                    }
                    Err(refused) => {
                        let reason = refused.to_string();
                        let refused = Note::Refused { reason: &reason }.envelope();
                        answer = Some(refused.correlated(correlation));
                        self.losses.count("subscription refused", 1);
                    }
                }
            }
            Some(Note::Unsubscribe) => {
                went = publisher.unsubscribe(id.key, &mut subscriber, correlation);
            }
            Some(Note::Resume { after }) if !subscriber.has_begun => {
                subscriber.has_begun = true;
                let after = publisher.can_begin_after(after);
                answer = Some(Note::Begins { after }.envelope());
                subscriber.lag = publisher.lag_after(id.key, &subscriber, after);
            }
            _ => self.losses.count("not expected", 1),
        }
        if let Some(envelope) = answer {
            pipe.push(Queued {
                _receipt: Some(receipt),
                ..Queued::new(envelope)
            });
        }
        pipe.subscriber = Some(subscriber);
        self.publisher = Some(publisher);
        self.noted = true;
        for (pattern, is_new) in [(went, false), (came, true)] {
            if let Some(pattern) = pattern {
                self.tell_subscription(id, pattern, is_new);
            }
        }
    }

    /// A peer does not take what was to be sent, which was taken with `after` others behind it;
    /// what goes out in its place.
    pub(super) fn leaves_out(
        &mut self,
        inlet: &Arc<Inlet>,
        queued: Queued,
        after: usize,
    ) -> Option<Envelope> {
        if let Some(id) = Some(queued.envelope.correlation).filter(|_| self.follower.is_some()) {
            let text = "the pattern is larger than what the publisher takes";
            self.is_refused(inlet.pipe(), id, text);
        }
        let instead = match queued.is_message() {
            true => {
                let mut missed = None;
                Missed::add(&mut missed, queued.envelope.correlation);
                missed?.note().envelope
            }
            false => Envelope::nothing(),
        };
        let pipe = self.pipe_of(inlet)?;
        let kept = pipe.tell_instead(after, queued.bytes, Queued::new(instead.clone()));
        self.is_done_with(kept);
        self.give_up_queued("too large for the peer", [queued]);
        Some(instead)
    }

    fn tell_subscription(&mut self, id: PipeId, pattern: Pattern, is_new: bool) {
        if !self.listeners.any() {
            return;
        }
        let peer = self.pipe(id).and_then(|pipe| pipe.inlet());
        let peer = peer.map(|inlet| inlet.address()).unwrap_or_default();
        let source = Source(id);
        self.tell(match is_new {
            true => SocketEvent::Subscribed {
                peer,
                source,
                pattern,
            },
            false => SocketEvent::Unsubscribed {
                peer,
                source,
                pattern,
            },
        });
    }
}

impl Publisher {
    /// How far the subscriber at `key` is behind that begins after that message.
    fn lag_after(&self, key: usize, subscriber: &Subscriber, after: u64) -> Option<Lag> {
        let replay = self.replay.as_ref().filter(|_| after < self.sequence)?;
        let kept = replay.after(after);
        let wanted = kept.filter(|(_, content)| self.is_wanted(key, subscriber, content.first()));
        Some(Lag {
            next: after + 1,
            matching: wanted.count() as u64,
        })
    }
}

impl super::Pipe {
    fn take_missed_after(&mut self) -> Option<Missed> {
        self.subscriber.as_mut()?.missed_after.take()
    }

    /// Queues what is kept for replay and its subscriber did not get, as far as there is
    /// room. How much of that was not kept long enough, once that is known.
    fn catch_up(&mut self, publisher: &Publisher, bound: Bound) -> u64 {
        let Some(subscriber) = &mut self.subscriber else {
            return 0;
        };
        let Some(mut lag) = subscriber.lag.take() else {
            return 0;
        };
        let Some(replay) = &publisher.replay else {
            let (from, to) = (lag.next, publisher.sequence);
            self.push(Missed { from, to }.note());
            return lag.matching;
        };
        let oldest = replay.oldest().unwrap_or(publisher.sequence + 1);
        if lag.next < oldest {
            if !self.has_room(bound) {
                if let Some(subscriber) = &mut self.subscriber {
                    subscriber.lag = Some(lag);
                }
                return 0;
            }
            let (from, to) = (lag.next, oldest - 1);
            lag.next = oldest;
            self.push(Missed { from, to }.note());
        }
        for (number, content) in replay.after(lag.next - 1) {
            lag.next = number;
            if !self.has_room(bound) {
                if let Some(subscriber) = &mut self.subscriber {
                    subscriber.lag = Some(lag);
                }
                return 0;
            }
            let key = self.id().key;
            let subscriber = self.subscriber.as_ref();
            if subscriber.is_some_and(|one| publisher.is_wanted(key, one, content.first())) {
                lag.matching = lag.matching.saturating_sub(1);
                self.push(Queued::new(
                    Envelope::new(content.clone()).correlated(number),
                ));
            }
        }
        lag.matching
    }
}
