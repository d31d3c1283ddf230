use std::collections::VecDeque;
use std::sync::Arc;

use treewire_transports::{Credit, Envelope, Event};

use crate::core::Inlet;

/// The socket's share of the connection, once it is open.
pub(super) struct Channel {
    pub(super) number: u32,
    pub(super) inlet: Arc<Inlet>,
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    pub(super) granted: Credit,
    pub(super) we_closed: bool,
    pub(super) peer_closed: bool,
}

impl Channel {
    /// Takes the next message off the events, if it is one that the peer had
    /// credit for.
    pub(super) fn next_message(&mut self, events: &mut VecDeque<Event>) -> Option<Envelope> {
        let has_credit = self.received < self.granted.messages_max
            && self.received_bytes < self.granted.bytes_max;
        match events.pop_front()? {
            Event::Message { channel, envelope } if channel == self.number && has_credit => {
                self.received += 1;
                self.received_bytes += envelope.content.byte_len() as u64;
                Some(envelope)
            }
            other => {
                events.push_front(other);
                None
            }
        }
    }
}
