//! What a subscriber knows: what it wants, and how far it has which stream. Pure.

use std::collections::{HashMap, HashSet, VecDeque};

use super::SubscriptionRefused;
use crate::pattern::Pattern;
use crate::position::{SEQUENCE_MAX, StreamId, StreamPosition};

/// The subscribing side of a socket, over all its connections.
#[derive(Default)]
pub(crate) struct Follower {
    pub(super) wanted: HashMap<Pattern, Wanted>,
    pub(super) pattern_bytes: usize,
    pub(super) last_id: u64,
    /// Why one of those from the start was not taken.
    pub(super) refused: Option<SubscriptionRefused>,
    /// How far it has the streams whose publishers are away.
    pub(super) away: Away,
}

pub(super) struct Wanted {
    pub(super) id: u64,
    /// How often it was subscribed to.
    pub(super) times: usize,
}

/// Streams that no pipe follows just now, the oldest first.
#[derive(Default)]
pub(super) struct Away(pub(super) VecDeque<StreamPosition>);

/// How many of them are remembered.
const AWAY_MAX: usize = 1_024;

/// How far a pipe has the stream of its publisher.
pub(crate) struct Following {
    pub(super) stream: StreamId,
    /// Up to which message nothing comes any more.
    pub(super) sequence: u64,
    /// Whether it had that from an earlier connection, or was told so by its user.
    pub(super) goes_on: bool,
    /// The publisher said where it begins.
    pub(super) has_begun: bool,
    /// Subscriptions that the publisher has not answered.
    pub(super) unanswered: HashSet<u64>,
}

impl Away {
    pub(super) fn remember(&mut self, position: StreamPosition) {
        self.0.retain(|other| other.stream != position.stream);
        if self.0.len() == AWAY_MAX {
            self.0.pop_front();
        }
        self.0.push_back(position);
    }

    pub(super) fn recall(&mut self, stream: StreamId) -> Option<u64> {
        let at = self.0.iter().position(|other| other.stream == stream)?;
        Some(self.0.remove(at)?.sequence)
    }
}

impl Following {
    /// Whether a message of that number is one that was not there.
    #[inline]
    pub(super) fn arrived(&mut self, number: u64) -> bool {
        let is_new = self.has_begun && number > self.sequence && number <= SEQUENCE_MAX;
        if is_new {
            self.sequence = number;
        }
        is_new
    }

    /// Messages up to that one do not come; those of them that are news.
    pub(super) fn miss(&mut self, from: u64, to: u64) -> Option<(u64, u64)> {
        let from = from.max(self.sequence + 1);
        if from > to || to > SEQUENCE_MAX {
            return None;
        }
        self.sequence = to;
        Some((from, to))
    }

    pub(super) fn position(&self) -> StreamPosition {
        StreamPosition {
            stream: self.stream,
            sequence: self.sequence,
        }
    }
}
