//! What a publisher knows: its stream, who wants what, and the last messages. Pure.

use std::collections::HashMap;

use treewire_transports::{Content, Kind};

use super::Queued;
use crate::bound::Bound;
use crate::pattern::{Note, Pattern, PatternError, Replay, Subscriptions};
use crate::position::StreamId;

/// The publishing side of a socket, over all its connections.
pub(crate) struct Publisher {
    pub(super) stream: StreamId,
    /// The number of the last message; the first is 1.
    pub(super) sequence: u64,
    /// By the keys of pipes.
    pub(super) subscriptions: Subscriptions<usize>,
    /// What subscribers that missed something are given.
    pub(super) replay: Option<Replay>,
    /// A subscriber wants what it did not subscribe to.
    pub(super) inverts: bool,
    /// How often it looked who wants a message.
    pub(super) looks: u64,
    /// Who wants the message in hand; kept for its capacity.
    pub(super) takers: Vec<usize>,
}

/// What it knows of one subscriber.
#[derive(Default)]
pub(crate) struct Subscriber {
    /// By the ids that it gave them.
    patterns: HashMap<u64, Pattern>,
    pattern_bytes: usize,
    /// It said from where on it wants messages.
    pub(super) has_begun: bool,
    /// When it was last found among those who want a message.
    pub(super) seen: u64,
    /// Dropped, and to be told before what is queued.
    pub(super) missed_before: Option<Missed>,
    /// The same behind what is queued.
    pub(super) missed_after: Option<Missed>,
    /// It is given what is kept for replay.
    pub(super) lag: Option<Lag>,
}

/// Messages that a subscriber does not get: the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// How far a subscriber is behind that is given what is kept for replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lag {
    /// The message to look at next.
    pub(super) next: u64,
    /// How many from there on match, those among them that are not kept any more.
    pub(super) matching: u64,
}

/// Why a subscription is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SubscriptionRefused {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error(
        "this peer has {SUBSCRIPTIONS_MAX} subscriptions, which is the limit: take some back, or subscribe to what they have in common"
    )]
    TooMany,
    #[error(
        "the subscriptions of this peer have {SUBSCRIPTION_BYTES_MAX} bytes, which is the limit: take some back, or make them shorter"
    )]
    TooLarge,
}

/// How many subscriptions a peer may have.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 100_000;

/// How many bytes these may have in all.
pub(crate) const SUBSCRIPTION_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Below this many patterns of a subscriber it is quicker to try each.
const FEW_PATTERNS: usize = 32;

impl Publisher {
    pub(super) fn new() -> Self {
        Publisher {
            stream: StreamId::default(),
            sequence: 0,
            subscriptions: Subscriptions::default(),
            replay: None,
            inverts: false,
            looks: 0,
            takers: Vec::new(),
        }
    }

    pub(super) fn first_word(&self) -> Queued {
        let note = Note::Publishes {
            stream: self.stream.to_bytes(),
            sequence: self.sequence,
        };
        Queued::new(note.envelope())
    }

    /// After which message everything can come to a subscriber that goes on after that one,
    /// or begins.
    pub(super) fn can_begin_after(&self, after: Option<u64>) -> u64 {
        let oldest = self.replay.as_ref().and_then(Replay::oldest);
        match (after, oldest) {
            // What never was is not waited for.
            (Some(after), _) if after >= self.sequence => self.sequence,
            (Some(after), Some(oldest)) => after.max(oldest - 1),
            (Some(_) | None, _) => self.sequence,
        }
    }

    /// Takes a subscription of the pipe at `key`. One that has its id is replaced, or stays if
    /// this one is refused.
    pub(super) fn subscribe(
        &mut self,
        key: usize,
        subscriber: &mut Subscriber,
        id: u64,
        pattern: Pattern,
    ) -> Result<Option<Pattern>, SubscriptionRefused> {
        let bytes = pattern.bytes().len();
        let known = subscriber.patterns.get(&id);
        let known_bytes = known.map_or(0, |known| known.bytes().len());
        if known.is_none() && subscriber.patterns.len() >= SUBSCRIPTIONS_MAX {
            return Err(SubscriptionRefused::TooMany);
        }
        if subscriber.pattern_bytes - known_bytes + bytes > SUBSCRIPTION_BYTES_MAX {
            return Err(SubscriptionRefused::TooLarge);
        }
        let replaced = self.unsubscribe(key, subscriber, id);
        self.subscriptions.add(&pattern, key);
        subscriber.pattern_bytes += bytes;
        subscriber.patterns.insert(id, pattern);
        Ok(replaced)
    }

    /// The subscription that is no more.
    pub(super) fn unsubscribe(
        &mut self,
        key: usize,
        subscriber: &mut Subscriber,
        id: u64,
    ) -> Option<Pattern> {
        let pattern = subscriber.patterns.remove(&id)?;
        subscriber.pattern_bytes -= pattern.bytes().len();
        self.subscriptions.remove(&pattern, key);
        Some(pattern)
    }

    /// All subscriptions of a subscriber that leaves.
    pub(super) fn forget(&mut self, key: usize, subscriber: Subscriber) -> Vec<Pattern> {
        let patterns: Vec<_> = subscriber.patterns.into_values().collect();
        for pattern in &patterns {
            self.subscriptions.remove_all(pattern, key);
        }
        patterns
    }

    /// Whether the pipe at `key` wants that topic.
    pub(super) fn is_wanted(&self, key: usize, subscriber: &Subscriber, topic: &[u8]) -> bool {
        if subscriber.patterns.len() < FEW_PATTERNS {
            let mut patterns = subscriber.patterns.values();
            return patterns.any(|pattern| pattern.matches(topic)) != self.inverts;
        }
        let mut matches = false;
        self.subscriptions
            .matching(topic, |other| matches |= other == key);
        matches != self.inverts
    }

    /// Keeps so much from the message in hand on. What it kept until now, and keeps no more,
    /// comes back.
    pub(super) fn keeps(&mut self, bound: Option<Bound>) -> Option<Replay> {
        match (bound, &mut self.replay) {
            (Some(bound), Some(replay)) => replay.set_bound(bound),
            (Some(bound), none) => *none = Some(Replay::new(bound)),
            (None, replay) => return replay.take(),
        }
        None
    }

    /// The message in hand has left for those who want it. What is not kept any more comes
    /// back.
    pub(super) fn published(&mut self, content: Content) -> Vec<Content> {
        self.sequence += 1;
        match &mut self.replay {
            Some(replay) => replay.push(self.sequence, content),
            None => vec![content],
        }
    }
}

impl Subscriber {
    pub(super) fn is_ready(&self) -> bool {
        self.has_begun && !self.patterns.is_empty()
    }

    /// It gets nothing more; how many messages it was still to get.
    pub(super) fn give_up(&mut self) -> u64 {
        (self.missed_before, self.missed_after) = (None, None);
        self.lag.take().map_or(0, |lag| lag.matching)
    }

    /// How many messages and notes it is to get beside what is queued, at least.
    pub(crate) fn behind(&self) -> u64 {
        let notes = [self.missed_before, self.missed_after];
        let lag = self.lag.map_or(0, |lag| lag.matching);
        notes.iter().flatten().count() as u64 + lag
    }
}

impl Missed {
    pub(super) fn note(self) -> Queued {
        let Missed { from, to } = self;
        Queued::new(Note::Missed { from, to }.envelope())
    }

    /// Whether that is such a note.
    pub(super) fn is_told_by(queued: &Queued) -> bool {
        let content = &queued.envelope.content;
        queued.envelope.kind == Kind::Note
            && matches!(Note::decode(content), Some(Note::Missed { .. }))
    }

    /// One more, after those that there are.
    pub(super) fn add(missed: &mut Option<Missed>, number: u64) {
        let known = missed.get_or_insert(Missed {
            from: number,
            to: number,
        });
        known.to = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(length: usize) -> Pattern {
        Pattern::prefix(vec![b'a'; length]).unwrap()
    }

    #[test]
    fn the_bytes_of_a_peers_subscriptions_are_bounded_and_one_that_is_refused_replaces_none() {
        const LONGEST: usize = crate::pattern::PATTERN_BYTES_MAX;
        let mut publisher = Publisher::new();
        let mut subscriber = Subscriber::default();
        let mut wants = |publisher: &mut Publisher, id, length| {
            publisher.subscribe(3, &mut subscriber, id, prefix(length))
        };
        let fit = (SUBSCRIPTION_BYTES_MAX / LONGEST) as u64;
        for id in 1..=fit {
            assert_eq!(wants(&mut publisher, id, LONGEST), Ok(None));
        }
        let too_large = Err(SubscriptionRefused::TooLarge);
        assert_eq!(wants(&mut publisher, fit + 1, 1), too_large);
        assert_eq!(wants(&mut publisher, 1, 1), Ok(Some(prefix(LONGEST))));
        assert_eq!(wants(&mut publisher, fit + 1, LONGEST - 1), Ok(None));
        assert_eq!(wants(&mut publisher, 1, LONGEST), too_large);
        assert!(
            publisher.is_wanted(3, &subscriber, b"a"),
            "the short one is there"
        );
        assert_eq!(publisher.forget(3, subscriber).len() as u64, fit + 1);
        assert!(publisher.subscriptions.is_empty());
    }
}
