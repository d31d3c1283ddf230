//! Messages on their way out.

use std::sync::Arc;

use treewire_transports::{Content, Delivery, Envelope, Failure, Unsendable};

use super::{
    Blocked, Core, FateCell, FateNews, Inlet, Pipe, PipeId, Queued, Reason, Standing, Tracker,
};
use crate::bound::Overflow;
use crate::pattern::{Answer, Balance, Sender};

impl Core {
    /// Takes a message to send; to `destination` for a socket that sends to sources.
    pub(crate) fn send(
        &mut self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<(), Blocked> {
        if let Err(reason) = self.check(&content) {
            return Err(Blocked { content, reason });
        }
        self.send_checked(Queued::new(Envelope::new(content)), destination)
    }

    /// Takes a message that one peer is to have, if there is a peer with room and nothing else to
    /// be considered; else it is left where it lies.
    #[inline]
    pub(crate) fn send_at_once(&mut self, content: &mut Content) -> bool {
        if self.config.socket_type.sender != Sender::One
            || !self.unrouted.is_empty()
            || self.check(content).is_err()
        {
            return false;
        }
        let Some(key) = self.choose() else {
            return false;
        };
        self.pipes[key].push_new(std::mem::take(content));
        true
    }

    /// As [`send`](Self::send); what becomes of the message is written down.
    pub(crate) fn send_tracked(
        &mut self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<Arc<FateCell>, Blocked> {
        if let Err(reason) = self.check(&content) {
            return Err(Blocked { content, reason });
        }
        if matches!(
            self.config.socket_type.sender,
            Sender::All | Sender::Subscribers
        ) {
            let reason = Reason::NotTracked;
            return Err(Blocked { content, reason });
        }
        let (tracker, cell) = Tracker::new();
        let queued = Queued {
            tracker: Some(tracker),
            ..Queued::new(Envelope::new(content))
        };
        self.send_checked(queued, destination)?;
        Ok(cell)
    }

    fn send_checked(&mut self, queued: Queued, destination: Option<PipeId>) -> Result<(), Blocked> {
        let sender = self.config.socket_type.sender;
        let reason = match (sender, destination) {
            (Sender::One, None) => return self.send_to_one(queued),
            (Sender::All, None) => return self.send_to_all(queued),
            (Sender::Subscribers, None) => return self.publish(queued),
            (Sender::Source, Some(destination)) => return self.send_to(queued, destination),
            (Sender::Nobody, _) => Reason::SendsNothing,
            (Sender::Source, None) => Reason::NeedsDestination,
            (Sender::One | Sender::All | Sender::Subscribers, Some(_)) => Reason::ChoosesItself,
        };
        let content = queued.envelope.content;
        Err(Blocked { content, reason })
    }

    /// The connection was idle for a while: its pipe gives back the room that it does not use.
    pub(crate) fn shrink_pipe_of(&mut self, inlet: &Arc<Inlet>) {
        if let Some(pipe) = self.pipe_of(inlet) {
            pipe.shrink();
        }
    }

    /// Takes what a connection may send now: small messages are sent by `send`, which says whether
    /// it did, by reference and under the lock, since to move them out of it would take longer; the
    /// rest is moved to `batch`.
    pub(crate) fn take_sendable(
        &mut self,
        inlet: &Arc<Inlet>,
        bytes_wanted: u64,
        batch: &mut Vec<Queued>,
        send: impl FnMut(&Envelope) -> bool,
    ) -> TakenOut {
        let bound = self.config.send_bound();
        let asks = self.config.socket_type.asks;
        let id = inlet.pipe();
        if self.publisher.is_some() && self.pipe_of(inlet).is_some() {
            self.refill(id);
        }
        let pipe = self.pipes.get_mut(id.key).filter(|pipe| pipe.is(id));
        let Some(pipe) = pipe.filter(|pipe| pipe.is_connected_by(inlet)) else {
            return TakenOut::default();
        };
        let was_full = !pipe.has_room(bound);
        let before = batch.len();
        let mut not_sent = Vec::new();
        let mut news = FateNews::default();
        let (sent, sent_bytes) = match asks {
            true => (0, 0),
            false => pipe.send_at_once(bytes_wanted, send),
        };
        if sent_bytes < bytes_wanted {
            pipe.take_sendable(bytes_wanted - sent_bytes, batch, &mut news);
        }
        if asks {
            let mut index = before;
            while index < batch.len() {
                let queued = &batch[index];
                if queued.is_message() && !self.requests.sent(queued.envelope.correlation, id.key) {
                    let after = batch.len() - index - 1;
                    let queued = batch.remove(index);
                    pipe.unsend(queued.bytes, after);
                    not_sent.push(queued);
                } else {
                    index += 1;
                }
            }
        }
        let has_room_again = was_full && pipe.has_room(bound);
        self.tell_fates(news);
        self.is_done_with(not_sent);
        self.route_unrouted();
        TakenOut {
            sent,
            has_room_again,
        }
    }

    /// The peer does not take this message, which was taken with `after` others behind it. A
    /// request comes back; what is returned goes out in its place: the news that a reply could
    /// not be sent, or what keeps a message's number.
    pub(crate) fn unsendable(
        &mut self,
        inlet: &Arc<Inlet>,
        mut queued: Queued,
        after: usize,
        error: &Unsendable,
    ) -> Option<Envelope> {
        if self.config.socket_type.renews() {
            return self.leaves_out(inlet, queued, after);
        }
        let correlation = queued.envelope.correlation;
        if correlation != 0 && !self.config.socket_type.asks {
            let failure = Failure::new(crate::typed::NOT_SENDABLE, error.to_string());
            let answer = Envelope::failure(correlation, &failure);
            let pipe = self.pipe_of(inlet);
            let kept = pipe.and_then(|pipe| {
                pipe.replace_sent(after, queued.bytes, Queued::new(answer.clone()))
            });
            self.is_done_with([queued].into_iter().chain(kept));
            return Some(answer);
        }
        let is_kept = self.config.delivery != Delivery::BestEffort;
        let asks = self.config.socket_type.asks;
        let mut instead = None;
        match self.pipe_of(inlet) {
            // Another node may have those behind it under their numbers.
            Some(pipe) if is_kept && !asks => {
                let nothing = Envelope::nothing();
                let stands_in = Queued::new(nothing.clone());
                let kept = pipe.replace_sent(after, queued.bytes, stands_in);
                queued.tracker = kept.and_then(|mut kept| {
                    let tracker = kept.tracker.take();
                    self.is_done_with([kept]);
                    tracker
                });
                instead = Some(nothing);
            }
            Some(pipe) => queued.tracker = pipe.unsend(queued.bytes, after),
            // Its session has it still.
            None if is_kept => {
                self.is_done_with([queued]);
                return None;
            }
            None => {}
        }
        match self.requests.withdrawn(correlation) {
            Some(asker) => {
                let content = queued.envelope.content;
                self.settle(asker, Answer::Unsendable(content, error.to_string()));
            }
            None => {
                let cause = error.cause();
                if let Some(tracker) = &queued.tracker {
                    // It did not leave.
                    let mut news = FateNews::default();
                    tracker.queued_again(&mut news);
                    self.tell_fates(news);
                }
                self.give_up(cause, 1);
                self.bury_queued(cause, queued);
            }
        }
        instead
    }

    #[inline]
    pub(super) fn check(&self, content: &Content) -> Result<(), Reason> {
        match self.standing {
            Standing::Open => self.check_limits(content),
            Standing::Resting { .. } => Err(Reason::Resting),
            Standing::Closed => Err(Reason::Closing),
        }
    }

    #[inline]
    pub(crate) fn check_limits(&self, content: &Content) -> Result<(), Reason> {
        let bytes = content.byte_len() as u64;
        let limit = self.config.message_bytes_max;
        let parts = content.part_count();
        let reason = if bytes > limit {
            Reason::TooLarge { bytes, limit }
        } else if parts > PARTS_MAX {
            Reason::TooManyParts {
                parts,
                limit: PARTS_MAX,
            }
        } else if let Some(Err(error)) = content.headers().map(|headers| headers.check()) {
            Reason::Headers(error)
        } else {
            return Ok(());
        };
        Err(reason)
    }

    pub(super) fn send_to_one(&mut self, queued: Queued) -> Result<(), Blocked> {
        // Nothing overtakes what waits for a peer.
        if !self.unrouted.is_empty() {
            self.route_unrouted();
        }
        if let Some(key) = self.choose() {
            self.pipes[key].push(queued);
            return Ok(());
        }
        let fullest = self.takers().max_by_key(|(_, pipe)| pipe.queued());
        let key = fullest.map(|(key, _)| key);
        self.overflow(queued, key)
    }

    /// The peer for the next message, if one has room. A request, and what is not to be
    /// lost, waits for one that is there rather than at one that may never come.
    fn choose(&mut self) -> Option<usize> {
        // Most sockets that send have one peer, and nothing to choose.
        if self.pipes.len() == 1
            && let Some((key, pipe)) = self.pipes.iter().next()
            && pipe.is_connected()
        {
            let takes_it = pipe.wants_messages() && pipe.has_room(self.config.send_bound());
            return takes_it.then_some(key);
        }
        let present_only = self.present_only() || self.prefers_present() && self.connected > 0;
        let loads = Self::loads(&self.pipes, self.config.send_bound());
        let loads = loads.filter(|(_, load)| load.connected || !present_only);
        match self.config.balance {
            Balance::LeastOutstanding => self.least_outstanding.choose(loads),
            Balance::RoundRobin => self.round_robin.choose(loads),
        }
    }

    fn send_to_all(&mut self, queued: Queued) -> Result<(), Blocked> {
        let bound = self.config.send_bound();
        let keys: Vec<usize> = self.takers().map(|(key, _)| key).collect();
        if keys.is_empty() {
            return self.overflow(queued, None);
        }
        // To wait for the slowest is to wait for all of them.
        let waits = matches!(self.config.overflow, Overflow::Wait | Overflow::Refuse);
        if waits && self.takers().any(|(_, pipe)| !pipe.has_room(bound)) {
            let content = queued.envelope.content;
            return Err(Blocked {
                content,
                reason: Reason::Full,
            });
        }
        for key in keys {
            let copy = Queued::new(queued.envelope.clone());
            if self.pipes[key].has_room(bound) {
                self.pipes[key].push(copy);
            } else {
                self.overflow(copy, Some(key))?;
            }
        }
        Ok(())
    }

    /// The pipes that the next message may be queued at, if they have room.
    fn takers(&self) -> impl Iterator<Item = (usize, &Pipe)> {
        let present_only = self.present_only();
        self.pipes.iter().filter(move |(_, pipe)| {
            pipe.wants_messages() && (pipe.is_connected() || !present_only)
        })
    }

    /// Whether messages are queued for peers only that are connected.
    pub(super) fn present_only(&self) -> bool {
        self.config.immediate && self.config.socket_type.sender != Sender::Source
    }

    fn send_to(&mut self, queued: Queued, destination: PipeId) -> Result<(), Blocked> {
        let bound = self.config.send_bound();
        match self.pipe(destination) {
            Some(pipe) if pipe.takes_messages() && pipe.has_room(bound) => {
                pipe.push(queued);
                Ok(())
            }
            Some(pipe) if pipe.takes_messages() => self.overflow(queued, Some(destination.key)),
            pipe => Err(Blocked {
                content: queued.envelope.content,
                reason: match pipe {
                    Some(pipe) if pipe.is_over => Reason::PeerReplaced,
                    _ => Reason::PeerGone,
                },
            }),
        }
    }

    /// What becomes of a message for which there is no room; `key` is a full pipe.
    fn overflow(&mut self, queued: Queued, key: Option<usize>) -> Result<(), Blocked> {
        let reason = if key.is_some() {
            Reason::Full
        } else if self.is_over() {
            Reason::PeerReplaced
        } else {
            Reason::NoPeer
        };
        match (self.config.overflow, key) {
            (Overflow::Wait | Overflow::Refuse, _) => {
                return Err(Blocked {
                    content: queued.envelope.content,
                    reason,
                });
            }
            (Overflow::DropNewest, Some(_)) => self.give_up_queued("queue full", [queued]),
            (_, None) => self.give_up_queued("no peer", [queued]),
            (Overflow::DropOldest, Some(key)) => {
                let oldest = self.pipes[key].make_room(self.config.send_bound());
                self.pipes[key].push(queued);
                self.give_up_queued("queue full", oldest);
            }
            (Overflow::Conflate, Some(key)) => {
                let stale = self.pipes[key].take_queue();
                self.pipes[key].push(queued);
                self.give_up_queued("conflated", stale);
            }
        }
        Ok(())
    }

    /// Some peer came or went: what waits at absent ones need not wait any longer if one
    /// is there.
    pub(super) fn reroute_absent(&mut self) {
        if self.prefers_present() && self.connected > 0 {
            for (_, pipe) in &mut self.pipes {
                if !pipe.is_connected() {
                    self.unrouted.extend(pipe.take_messages());
                }
            }
        }
        self.route_unrouted();
    }

    fn prefers_present(&self) -> bool {
        let config = &self.config;
        let is_reliable = config.delivery != Delivery::BestEffort;
        config.socket_type.asks || is_reliable && config.socket_type.sender == Sender::One
    }

    /// Finds a peer for what lost its own; what finds none waits.
    pub(super) fn route_unrouted(&mut self) {
        while !self.unrouted.is_empty() {
            let Some(key) = self.choose() else {
                return;
            };
            if let Some(queued) = self.unrouted.pop_front() {
                self.pipes[key].push(queued);
            }
        }
    }
}

/// What came of [`Core::take_sendable`].
#[derive(Default)]
pub(crate) struct TakenOut {
    /// Messages that were sent already.
    pub(crate) sent: u64,
    /// Waiting senders have room again.
    pub(crate) has_room_again: bool,
}

/// As the native dialect has it.
const PARTS_MAX: usize = treewire_transports::dialect::tw::PARTS_MAX;
