//! What waits in a pipe on its way out.

use std::collections::VecDeque;
use std::iter::once_with;

use treewire_transports::Content;

use super::super::publisher::Missed;
use super::{Pipe, Queued};
use crate::bound::Bound;

impl Pipe {
    /// Puts messages back before those that are queued.
    fn requeue(&mut self, again: impl DoubleEndedIterator<Item = Queued>) {
        for queued in again.rev() {
            self.outbound_bytes += queued.bytes;
            self.outbound.push_front(queued);
        }
    }

    /// It leaves before all that is queued, through this connection or not at all.
    pub(crate) fn say_first(&mut self, queued: Queued) {
        if let Some(connection) = &mut self.connection {
            connection.first = Some(Box::new(queued));
        }
        self.wake();
    }

    /// The same as [`push`](Self::push) for a message of which there is nothing but its content.
    /// It is made where it is to lie: what was written just before, field by field, is slow to be
    /// moved.
    #[inline]
    pub(crate) fn push_new(&mut self, content: Content) {
        let bytes = content.byte_len() as u64;
        self.outbound_bytes += bytes;
        self.outbound.extend(once_with(Queued::default));
        if let Some(queued) = self.outbound.back_mut() {
            queued.bytes = bytes;
            queued.envelope.content = content;
        }
        self.wake();
    }

    pub(crate) fn push(&mut self, queued: Queued) {
        self.outbound_bytes += queued.bytes;
        self.outbound.push_back(queued);
        self.wake();
    }

    /// Takes the oldest that are queued until there is room for one more. What left is kept
    /// all the same, and may be the bound by itself.
    pub(crate) fn make_room(&mut self, bound: Bound) -> Vec<Queued> {
        self.make_room_of(bound, |_| true)
    }

    /// The same of messages alone: what is told of them stays.
    pub(crate) fn make_room_for_news(&mut self, bound: Bound) -> Vec<Queued> {
        self.make_room_of(bound, Queued::is_message)
    }

    fn make_room_of(&mut self, bound: Bound, goes: impl Fn(&Queued) -> bool) -> Vec<Queued> {
        let mut oldest = Vec::new();
        while !self.has_room(bound)
            && let Some(at) = self.outbound.iter().position(&goes)
            && let Some(queued) = self.outbound.remove(at)
        {
            self.outbound_bytes -= queued.bytes;
            oldest.push(queued);
        }
        oldest
    }

    /// Puts something before the messages that are queued, and before what is told of missed
    /// ones.
    pub(crate) fn push_before_messages(&mut self, queued: Queued) {
        let is_news = |other: &Queued| other.is_message() || Missed::is_told_by(other);
        let at = self.outbound.iter().position(is_news);
        let at = at.unwrap_or(self.outbound.len());
        self.outbound_bytes += queued.bytes;
        self.outbound.insert(at, queued);
        self.wake();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.outbound.is_empty()
    }

    /// Takes back the message with that correlation id, if it is still queued.
    pub(crate) fn withdraw(&mut self, correlation: u64) -> Option<Queued> {
        let mut outbound = self.outbound.iter();
        let found = outbound.position(|queued| queued.envelope.correlation == correlation);
        let withdrawn = self.outbound.remove(found?)?;
        self.outbound_bytes -= withdrawn.bytes;
        Some(withdrawn)
    }

    /// Takes the answers out of the queue: whoever asked is gone, and who comes next
    /// numbers its requests alike.
    pub(crate) fn take_answers(&mut self) -> Vec<Queued> {
        let queue = self.take_queue().into_iter();
        let is_answer = |queued: &Queued| queued.envelope.correlation != 0;
        let (answers, others): (Vec<_>, Vec<_>) = queue.partition(is_answer);
        self.requeue(others.into_iter());
        answers
    }

    pub(crate) fn take_queue(&mut self) -> VecDeque<Queued> {
        self.outbound_bytes = 0;
        std::mem::take(&mut self.outbound)
    }

    /// Takes what is queued and need not go to this peer: what cancels a request must.
    pub(crate) fn take_messages(&mut self) -> Vec<Queued> {
        let queue = self.take_queue().into_iter();
        let (messages, others): (Vec<_>, Vec<_>) = queue.partition(Queued::is_message);
        self.requeue(others.into_iter());
        messages
    }
}
