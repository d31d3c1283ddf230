use std::sync::Arc;
use std::time::Instant;

use treewire_runtime::{Counter, Stats};
use treewire_transports::OpenChannel;

use super::{FateNews, Intake, Queued};
use crate::bound::Bound;
use crate::position::StreamId;
use crate::session::{Attempts, Beginning, FalseFigure, Instance, Outgoing, Position, SessionId};

/// What a pipe keeps over all its connections.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) begins: Begins,
    pub(crate) attempts: Attempts,
    /// The node it is with, once it was opened.
    pub(crate) peer: Option<Instance>,
    /// From where it came last.
    pub(crate) host: Option<Arc<str>>,
    outgoing: Outgoing<Queued>,
    /// The last message that the peer was said to have received when it resumed.
    received_there: u64,
    pub(crate) intake: Arc<Intake>,
    /// Since when there is no connection, if it was opened.
    pub(crate) away_since: Option<Instant>,
    /// The peer closed its socket for good.
    pub(crate) peer_ends: bool,
    tally: Tally,
}

/// Where a session stands in the stream of its dialer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Begins {
    pub(crate) stream: StreamId,
    /// The number of the last message that does not come in it.
    pub(crate) after: u64,
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
    fn new(id: SessionId, stream: Begins, intake: Arc<Intake>, tally: Tally) -> Self {
        Session {
            id,
            begins: stream,
            attempts: Attempts::default(),
            peer: None,
            host: None,
            outgoing: Outgoing::default(),
            received_there: 0,
            intake,
            away_since: None,
            peer_ends: false,
            tally,
        }
    }

    /// The first one of a dialer.
    pub(crate) fn dialed(beginning: Beginning, receive_bound: Bound, tally: Tally) -> Self {
        let begins = Begins {
            stream: beginning.stream,
            after: 0,
        };
        let intake = Arc::new(Intake::of_a_session(receive_bound, 0));
        Session::new(beginning.session, begins, intake, tally)
    }

    /// One that a peer asks for; what it sends is counted by `intake`.
    pub(crate) fn asked(open: &OpenChannel, intake: Arc<Intake>, tally: Tally) -> Self {
        let begins = Begins {
            stream: StreamId(open.stream),
            after: open.begins_after,
        };
        Session::new(SessionId(open.session), begins, intake, tally)
    }

    /// Another session in the place of this one of a dialer. It goes on with the numbers of
    /// what is sent, and with what is kept.
    pub(crate) fn successor(self, receive_bound: Bound) -> Self {
        let begins = Begins {
            after: self.outgoing.acknowledged(),
            ..self.begins
        };
        let intake = Arc::new(Intake::of_a_session(receive_bound, 0));
        Session {
            // A late attempt at the one before is told from those at this one.
            attempts: Attempts {
                has_opened: false,
                ..self.attempts
            },
            outgoing: self.outgoing,
            ..Session::new(self.id.next(), begins, intake, self.tally)
        }
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

    /// The last message that it need not keep.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.outgoing.acknowledged()
    }

    /// Up to which message it is with the peer.
    pub(crate) fn position(&self) -> Position {
        self.outgoing.position()
    }

    /// See [`Outgoing::check`].
    pub(crate) fn check(&self, received: u64) -> Result<(), FalseFigure> {
        self.outgoing.check(received)
    }

    /// Whether the peer, which resumes and received everything up to `received`, is further
    /// than it was known to be.
    pub(crate) fn is_further(&self, received: u64) -> bool {
        let known = self.received_there.max(self.outgoing.acknowledged());
        self.attempts.has_opened && received > known
    }

    /// A message leaves, and is kept; what is sent of it.
    #[inline]
    pub(crate) fn leaves(&mut self, queued: Queued, news: &mut FateNews) -> Queued {
        if let Some(tracker) = &queued.tracker {
            tracker.written(news);
        }
        let bytes = queued.bytes;
        self.tally.unacknowledged.add(1);
        self.outgoing.leaves(queued, bytes).leaving()
    }

    /// The next message that left on an earlier connection leaves once more.
    pub(crate) fn leaves_again(&mut self, news: &mut FateNews) -> Option<Queued> {
        let queued = self.outgoing.leaves_again()?;
        if let Some(tracker) = &queued.tracker {
            tracker.written(news);
        }
        self.tally.retransmitted.add(1);
        Some(Queued::new(queued.envelope.clone()))
    }

    /// How many messages are to leave once more.
    pub(crate) fn again(&self) -> usize {
        self.outgoing.again()
    }

    /// See [`Outgoing::stays`].
    pub(crate) fn stays(&mut self, after: usize) -> Option<Queued> {
        self.changes(|outgoing| outgoing.stays(after))
    }

    /// See [`Outgoing::replace`].
    pub(crate) fn replace(&mut self, after: usize, with: Queued) -> Option<Queued> {
        let bytes = with.bytes;
        self.outgoing.replace(after, with, bytes)
    }

    /// The peer handled everything up to `sequence`; what need not be kept any more, and is
    /// to be dropped where that may take what it takes.
    pub(crate) fn acknowledge(&mut self, sequence: u64, news: &mut FateNews) -> Vec<Queued> {
        let mut acknowledged = Vec::new();
        let done = |mut queued: Queued| {
            if let Some(tracker) = queued.tracker.take() {
                tracker.acknowledged(news);
            }
            if !queued.is_light() {
                acknowledged.push(queued);
            }
        };
        // A peer that says what cannot be is dropped by whoever looks at its figures first.
        let _ = self.changes(|outgoing| outgoing.acknowledge(sequence, done));
        acknowledged
    }

    /// A connection takes it up, and the peer's figures were checked; what need not be kept
    /// any more.
    pub(crate) fn resume(
        &mut self,
        received: u64,
        handled: u64,
        news: &mut FateNews,
    ) -> Vec<Queued> {
        let is_new = !std::mem::replace(&mut self.attempts.has_opened, true);
        self.tally.resumed.add(u64::from(!is_new));
        self.away_since = None;
        self.received_there = self.received_there.max(received);
        let acknowledged = self.changes(|outgoing| {
            let acknowledged = match is_new {
                true => outgoing.begin(handled),
                false => Vec::new(),
            };
            outgoing.resume(received);
            acknowledged
        });
        let again = self.outgoing.messages().filter(|(_, again)| *again);
        for tracker in again.filter_map(|(queued, _)| queued.tracker.as_ref()) {
            tracker.queued_again(news);
        }
        told(acknowledged, news)
    }

    /// What is kept goes to another peer.
    pub(crate) fn leaves_its_peer(&self, news: &mut FateNews) {
        let kept = self.outgoing.messages();
        for tracker in kept.filter_map(|(queued, _)| queued.tracker.as_ref()) {
            tracker.queued_for_another(news);
        }
    }

    /// Everything that is kept, the oldest first.
    pub(crate) fn take_kept(&mut self) -> Vec<Queued> {
        self.changes(|outgoing| outgoing.take_all().collect())
    }

    /// The same of one that answers, and sends nothing else: its answers are for its peer
    /// alone.
    pub(crate) fn take_answers(&mut self) -> Vec<Queued> {
        let is_answer = |(queued, _): (&Queued, bool)| queued.envelope.correlation != 0;
        let any = self.outgoing.messages().any(is_answer);
        match any {
            true => self.take_kept(),
            false => Vec::new(),
        }
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

/// The same messages; their senders are told that they were handled.
fn told(mut acknowledged: Vec<Queued>, news: &mut FateNews) -> Vec<Queued> {
    let trackers = acknowledged.iter_mut();
    for tracker in trackers.filter_map(|queued| queued.tracker.take()) {
        tracker.acknowledged(news);
    }
    acknowledged
}
