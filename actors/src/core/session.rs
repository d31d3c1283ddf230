use std::sync::Arc;
use std::time::Instant;

use treewire_runtime::{Counter, Stats};

use super::{Intake, Queued};
use crate::bound::Bound;
use crate::session::{Attempts, FalseFigure, Instance, Outgoing, Position, SessionId};

/// What a pipe keeps over all its connections.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) attempts: Attempts,
    /// The node it is with, once it was opened.
    pub(crate) peer: Option<Instance>,
    /// From where it came last.
    pub(crate) host: Option<Arc<str>>,
    outgoing: Outgoing<Queued>,
    pub(crate) intake: Arc<Intake>,
    /// Since when there is no connection, if it was opened.
    pub(crate) away_since: Option<Instant>,
    /// The peer closed its socket for good.
    pub(crate) peer_ends: bool,
    tally: Tally,
}

/// What the sessions of a socket come to, for its place in the tree.
#[derive(Clone)]
pub(crate) struct Tally {
    unacknowledged: Arc<Counter>,
    retransmitted: Arc<Counter>,
    resumed: Arc<Counter>,
}

impl Tally {
    pub(crate) fn new(stats: &Stats) -> Self {
        Tally {
            unacknowledged: stats.gauge("unacknowledged"),
            retransmitted: stats.gauge("retransmitted"),
            resumed: stats.gauge("resumed"),
        }
    }
}

impl Session {
    pub(crate) fn new(id: SessionId, receive_bound: Bound, tally: Tally) -> Self {
        Session {
            id,
            attempts: Attempts::default(),
            peer: None,
            host: None,
            outgoing: Outgoing::default(),
            intake: Arc::new(Intake::of_a_session(receive_bound)),
            away_since: None,
            peer_ends: false,
            tally,
        }
    }

    /// Another session in the place of this one.
    pub(crate) fn successor(&self, receive_bound: Bound) -> Self {
        Session::new(self.id.next(), receive_bound, self.tally.clone())
    }

    /// Whether its peer, which is gone, does not come back: it closed its socket for good
    /// and does not wait to hear what was handled.
    pub(crate) fn is_over(&self) -> bool {
        self.peer_ends && !self.intake.owes_news()
    }

    /// Messages that left and are not acknowledged.
    pub(crate) fn kept(&self) -> usize {
        self.outgoing.len()
    }

    pub(crate) fn kept_bytes(&self) -> u64 {
        self.outgoing.bytes()
    }

    /// Up to which message it is with the peer.
    pub(crate) fn position(&self) -> Position {
        self.outgoing.position()
    }

    /// See [`Outgoing::check`].
    pub(crate) fn check(&self, received: u64) -> Result<(), FalseFigure> {
        self.outgoing.check(received)
    }

    /// A message leaves, and is kept.
    pub(crate) fn leaves(&mut self, queued: Queued) {
        let bytes = queued.bytes;
        let is_again = self.outgoing.leaves(queued, bytes);
        self.tally.unacknowledged.add(1);
        self.tally.retransmitted.add(u64::from(is_again));
    }

    /// See [`Outgoing::stays`].
    pub(crate) fn stays(&mut self, after: usize) {
        self.changes(|outgoing| outgoing.stays(after));
    }

    /// See [`Outgoing::replace`].
    pub(crate) fn replace(&mut self, after: usize, with: Queued) {
        let bytes = with.bytes;
        self.outgoing.replace(after, with, bytes);
    }

    /// The peer handled everything up to `sequence`; what need not be kept any more.
    pub(crate) fn acknowledge(&mut self, sequence: u64) -> Vec<Queued> {
        self.changes(|outgoing| match outgoing.acknowledge(sequence) {
            Ok(acknowledged) => acknowledged.collect(),
            // A peer that says so is dropped by whoever looks at its figures first.
            Err(_) => Vec::new(),
        })
    }

    /// A connection takes it up; what is to leave again. See [`Outgoing::resume`].
    pub(crate) fn resume(&mut self, received: u64) -> Vec<Queued> {
        self.tally.resumed.add(u64::from(self.attempts.has_opened));
        self.attempts.has_opened = true;
        self.away_since = None;
        self.changes(|outgoing| outgoing.resume(received))
    }

    /// Everything that is kept, the oldest first.
    pub(crate) fn take_kept(&mut self) -> Vec<Queued> {
        self.changes(|outgoing| outgoing.take_all().collect())
    }

    fn changes<T>(&mut self, change: impl FnOnce(&mut Outgoing<Queued>) -> T) -> T {
        let before = self.outgoing.len() as u64;
        let result = change(&mut self.outgoing);
        let fewer = before - self.outgoing.len() as u64;
        let gauge = &self.tally.unacknowledged;
        gauge.set(gauge.get().saturating_sub(fewer));
        result
    }
}
