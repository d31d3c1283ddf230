use super::answers::InOrder;
use crate::dialect::Credit;

/// How much of the peer's is taken: it knows of no credit, so what it is not allowed to send is not read.
#[derive(Debug, Default)]
pub(super) struct Window {
    granted: Credit,
    /// What may be under way at once.
    at_once: Credit,
    messages: u64,
    bytes: u64,
}

impl Window {
    pub(super) fn open(&mut self, credit: Credit) {
        self.granted = credit;
        self.at_once = credit;
    }

    pub(super) fn widen(&mut self, credit: Credit) {
        self.granted = credit;
    }

    pub(super) fn received(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    /// How many messages were received.
    pub(super) fn messages(&self) -> u64 {
        self.messages
    }

    /// Whether the next message has to wait.
    pub(super) fn is_shut(&self) -> bool {
        self.messages >= self.granted.messages_max || self.bytes >= self.granted.bytes_max
    }

    /// Whether the answers that wait for an earlier one, and their requests, are as many as there may be.
    pub(super) fn is_filled_by(&self, in_order: &InOrder) -> bool {
        in_order.unanswered() >= self.at_once.messages_max
            || in_order.held_bytes() >= self.at_once.bytes_max
    }
}
