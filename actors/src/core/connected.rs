use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use treewire_transports::{Credit, Envelope, Kind};

use super::pipe::shrink_empty;
use super::{FateNews, Inlet, Queued, Tracker};
use crate::message::Receipt;

/// The state that lives as long as one connection.
pub(super) struct Connected {
    pub(super) inlet: Arc<Inlet>,
    pub(super) sent: u64,
    pub(super) sent_bytes: u64,
    pub(super) credit: Credit,
    /// What leaves before all that is queued.
    pub(super) first: Option<Box<Queued>>,
    /// Without a session: which of those that left are tracked, by their numbers, the oldest
    /// first, until the peer handled them.
    pub(super) tracked: VecDeque<(u64, Tracker)>,
    /// The numbers of those that left, and were not handled, that are no messages, and what
    /// they answer: that counts as handled when they were, for a peer may give credit without end.
    pub(super) notes: VecDeque<(u64, Option<Receipt>)>,
    /// What it sends is kept by a session, also if that ends before it does.
    pub(super) in_session: bool,
    /// The peer wants no more messages.
    pub(super) leaves: bool,
    /// The connection looks at the queue only when it is woken.
    pub(super) asleep: bool,
}

impl Connected {
    /// Gives back the room of what it does not hold any more.
    pub(super) fn shrink(&mut self) {
        shrink_empty(&mut self.tracked);
        shrink_empty(&mut self.notes);
    }

    /// The peer handled some of what left.
    pub(super) fn acknowledge(&mut self, news: &mut FateNews) {
        let handled = self.credit.handled;
        while let Some((_, tracker)) = self.tracked.pop_front_if(|(number, _)| *number <= handled) {
            tracker.acknowledged(news);
        }
        while self
            .notes
            .pop_front_if(|(number, _)| *number <= handled)
            .is_some()
        {}
    }

    /// The message of that number does not leave, and those after it have lower numbers.
    pub(super) fn untrack(&mut self, number: u64) -> Option<Tracker> {
        let mut found = None;
        for at in (0..self.tracked.len()).rev() {
            match self.tracked[at].0.cmp(&number) {
                Ordering::Less => break,
                Ordering::Equal => found = self.tracked.remove(at),
                Ordering::Greater => self.tracked[at].0 -= 1,
            }
        }
        Some(found?.1)
    }

    /// What has that number is told of messages, and is none.
    pub(super) fn is_no_message(&mut self, number: u64) {
        let at = self.notes.partition_point(|(other, _)| *other < number);
        if self.notes.get(at).is_none_or(|(other, _)| *other != number) {
            self.notes.insert(at, (number, None));
        }
    }

    pub(super) fn may_send(&self) -> bool {
        self.sent < self.credit.messages_max && self.sent_bytes < self.credit.bytes_max
    }

    /// Has the messages at the front of `queue` sent by `send`, by reference, of which there is
    /// nothing but a small payload, as far as credit allows, up to some `bytes_wanted`; it says
    /// whether it did. How many they are, and their bytes.
    pub(super) fn send_at_once(
        &mut self,
        bytes_wanted: u64,
        queue: &VecDeque<Queued>,
        mut send: impl FnMut(&Envelope) -> bool,
    ) -> (usize, u64) {
        let (mut count, mut bytes) = (0, 0);
        for queued in queue {
            let taken_bytes = bytes + count as u64 * FRAME_BYTES;
            let may_leave = self.may_send() && taken_bytes < bytes_wanted;
            if !may_leave || !queued.is_plain() || !send(&queued.envelope) {
                break;
            }
            count += 1;
            bytes += queued.bytes;
            self.sent += 1;
            self.sent_bytes += queued.bytes;
        }
        (count, bytes)
    }

    /// Moves what is `next` to `batch`, as far as credit allows, up to some `bytes_wanted`.
    pub(super) fn take(
        &mut self,
        bytes_wanted: u64,
        batch: &mut Vec<Queued>,
        news: &mut FateNews,
        mut next: impl FnMut(&mut FateNews) -> Option<Queued>,
    ) {
        let mut taken_bytes = 0;
        while self.may_send() && taken_bytes < bytes_wanted {
            let Some(mut queued) = next(news) else {
                break;
            };
            taken_bytes += queued.bytes + FRAME_BYTES;
            self.sent += 1;
            self.sent_bytes += queued.bytes;
            if queued.envelope.kind == Kind::Note {
                self.notes.push_back((self.sent, queued._receipt.take()));
            }
            // What was written just before, field by field, is slow to be moved.
            if queued.tracker.is_some()
                && let Some(tracker) = queued.tracker.take()
            {
                tracker.written(news);
                self.tracked.push_back((self.sent, tracker));
            }
            batch.push(queued);
        }
        self.asleep = taken_bytes < bytes_wanted;
    }

    pub(super) fn unconfirmed(&self) -> u64 {
        match self.in_session {
            true => 0,
            false => self.sent.saturating_sub(self.credit.handled) - self.notes.len() as u64,
        }
    }
}

/// What a frame adds to its payload, roughly: a batch of empty messages is bounded, too.
pub(super) const FRAME_BYTES: u64 = 4;
