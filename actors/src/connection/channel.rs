use std::collections::VecDeque;
use std::sync::Arc;

use treewire_transports::{Credit, Envelope, Event};

use crate::core::Inlet;
use crate::pattern::{Receiver, Sender, SocketType};

/// The socket's share of the connection, once it is open.
pub(super) struct Channel {
    pub(super) number: u32,
    pub(super) socket_type: SocketType,
    pub(super) inlet: Arc<Inlet>,
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    pub(super) granted: Credit,
    /// Up to which message the peer was told that its stream is stored, where it did not say so
    /// itself.
    pub(super) resumed_at: Option<u64>,
    pub(super) we_closed: bool,
    pub(super) peer_closed: bool,
}

impl Channel {
    /// The peer leaves, and it is owed nothing: neither an answer, nor the news of
    /// what was handled of its messages.
    pub(super) fn is_over(&self) -> bool {
        self.peer_closed && self.socket_type.receiver == Receiver::Nobody
    }

    /// The peer, which does nothing but send, has not said what its last message is.
    pub(super) fn expects_messages(&self) -> bool {
        !self.peer_closed && self.socket_type.sender == Sender::Nobody
    }

    /// What the peer is to be told. What it was allowed before it stays allowed: the bound may
    /// have been lowered between the channel's first credit and the connection's.
    pub(super) fn credit(&self) -> Credit {
        let credit = self.inlet.credit();
        Credit {
            handled: credit.handled,
            messages_max: credit.messages_max.max(self.granted.messages_max),
            bytes_max: credit.bytes_max.max(self.granted.bytes_max),
        }
    }

    /// Whether the peer was told that all it sent was handled.
    pub(super) fn is_all_handled(&self) -> bool {
        self.granted.handled == self.received
    }

    /// Whether nothing is to be said any more, or to be heard.
    pub(super) fn is_settled(&self) -> bool {
        self.we_closed && !self.expects_messages() && self.is_all_handled()
    }
}

/// The messages at the front of the events that the peer had credit for.
pub(super) struct Admitted<'connection> {
    pub(super) channel: &'connection mut Channel,
    pub(super) events: &'connection mut VecDeque<Event>,
}

impl Iterator for Admitted<'_> {
    type Item = Envelope;

    // As part of the loop that takes them: what is small is moved once less.
    #[inline(always)]
    fn next(&mut self) -> Option<Envelope> {
        let Admitted { channel, events } = self;
        let has_credit = channel.received < channel.granted.messages_max
            && channel.received_bytes < channel.granted.bytes_max;
        match events.front()? {
            Event::Message {
                channel: number, ..
            } if *number == channel.number && has_credit => {}
            _ => return None,
        }
        let Some(Event::Message { envelope, .. }) = events.pop_front() else {
            return None;
        };
        channel.received += 1;
        channel.received_bytes += envelope.content.byte_len() as u64;
        Some(envelope)
    }
}
