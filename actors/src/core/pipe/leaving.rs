//! What leaves a pipe, and what its peer says of that.

use treewire_transports::{Credit, Envelope};

use super::super::connected::FRAME_BYTES;
use super::{FateNews, Pipe, Queued, Tracker};

impl Pipe {
    /// Whether anything may leave now.
    pub(crate) fn may_send(&self) -> bool {
        let connection = self.connection.as_ref();
        connection.is_some_and(|connection| connection.may_send())
    }

    /// What the peer allows now; figures never fall. What need not be kept any more, and is
    /// not [light](Queued::is_light), comes back.
    pub(crate) fn credit(&mut self, credit: Credit, news: &mut FateNews) -> Vec<Queued> {
        let Some(connection) = &mut self.connection else {
            return Vec::new();
        };
        let known = &mut connection.credit;
        known.handled = known.handled.max(credit.handled);
        known.messages_max = known.messages_max.max(credit.messages_max);
        known.bytes_max = known.bytes_max.max(credit.bytes_max);
        connection.acknowledge(news);
        let session = self.session.as_mut();
        session.map_or_else(Vec::new, |session| {
            session.acknowledge(credit.handled, news)
        })
    }

    /// As if the peer had never allowed more.
    #[cfg(test)]
    pub(crate) fn give_credit_of(&mut self, messages: u64) {
        if let Some(connection) = &mut self.connection {
            connection.credit.messages_max = messages;
        }
    }

    /// Has small messages, of which nothing is to be known once they left, sent by `send`, as far
    /// as credit allows, up to some `bytes_wanted`; it says whether it did. How many,
    /// and how many bytes they count for.
    pub(crate) fn send_at_once(
        &mut self,
        bytes_wanted: u64,
        send: impl FnMut(&Envelope) -> bool,
    ) -> (u64, u64) {
        let Some(connection) = &mut self.connection else {
            return (0, 0);
        };
        if self.session.is_some() || connection.first.is_some() {
            return (0, 0);
        }
        let (count, bytes) = connection.send_at_once(bytes_wanted, &self.outbound, send);
        match count == self.outbound.len() {
            // The next ones lie where these did, which is in the nearest cache.
            true => self.outbound.clear(),
            false => drop(self.outbound.drain(..count)),
        }
        self.outbound_bytes -= bytes;
        (count as u64, bytes + count as u64 * FRAME_BYTES)
    }

    /// Moves to `batch` what credit allows, up to some `bytes_wanted`. When
    /// nothing more can leave, the next `push` or `credit` wakes the connection.
    pub(crate) fn take_sendable(
        &mut self,
        bytes_wanted: u64,
        batch: &mut Vec<Queued>,
        news: &mut FateNews,
    ) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let (outbound, outbound_bytes) = (&mut self.outbound, &mut self.outbound_bytes);
        let mut oldest = || {
            let queued = outbound.pop_front()?;
            *outbound_bytes -= queued.bytes;
            Some(queued)
        };
        match &mut self.session {
            None => {
                let mut first = connection.first.take();
                connection.take(bytes_wanted, batch, news, |_| match first.take() {
                    Some(first) => Some(*first),
                    None => oldest(),
                });
                connection.first = first;
            }
            Some(session) => connection.take(bytes_wanted, batch, news, |news| {
                let again = session.leaves_again(news);
                again.or_else(|| Some(session.leaves(oldest()?, news)))
            }),
        }
    }

    /// Something else is sent in the place of a message of `bytes_before` that was taken with
    /// `after` others behind it: the peer gives credit back for what it gets. What the
    /// session kept comes back.
    pub(crate) fn replace_sent(
        &mut self,
        after: usize,
        bytes_before: u64,
        with: Queued,
    ) -> Option<Queued> {
        if let Some(connection) = &mut self.connection {
            connection.sent_bytes = connection.sent_bytes - bytes_before + with.bytes;
        }
        self.session.as_mut()?.replace(after, with)
    }

    /// The same; what is sent is no message.
    pub(crate) fn tell_instead(
        &mut self,
        after: usize,
        bytes_before: u64,
        with: Queued,
    ) -> Option<Queued> {
        if let Some(connection) = &mut self.connection {
            connection.is_no_message(connection.sent - after as u64);
        }
        self.replace_sent(after, bytes_before, with)
    }

    /// A message that was taken is not sent after all, unlike the `after` that were taken
    /// after it. Its tracker comes back.
    pub(crate) fn unsend(&mut self, bytes: u64, after: usize) -> Option<Tracker> {
        let connection = self.connection.as_mut()?;
        let tracker = match &mut self.session {
            Some(session) => session.stays(after).and_then(|queued| queued.tracker),
            None => connection.untrack(connection.sent - after as u64),
        };
        connection.sent -= 1;
        connection.sent_bytes -= bytes;
        tracker
    }
}
