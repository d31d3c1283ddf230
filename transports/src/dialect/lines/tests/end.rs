//! One end of a conversation and its buffers, in a struct.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;

use crate::dialect::lines::Conversation;
use crate::dialect::{
    AtEnd, Credit, Dialect, DialectError, Event, Input, NodeHello, OpenChannel, Output, Role,
    Settings,
};
use crate::{Envelope, Payload};

pub(super) struct End {
    pub(super) dialect: Conversation,
    pub(super) output: Output,
    pub(super) input: BytesMut,
    pub(super) events: VecDeque<Event>,
}

pub(super) fn settings(socket: &str, peer_socket: &str) -> Settings {
    Settings {
        message_bytes_max: 64 * 1024,
        socket: socket.into(),
        peer_socket: peer_socket.into(),
        ..Settings::new(NodeHello::default(), Role::Listener)
    }
}

pub(super) fn credit(messages_max: u64, bytes_max: u64) -> Credit {
    Credit {
        handled: 0,
        messages_max,
        bytes_max,
    }
}

impl End {
    /// Of a socket of that type, with an open channel, that takes so much of the peer.
    pub(super) fn open(socket: &str, peer_socket: &str, credit: Credit) -> Self {
        Self::open_with(settings(socket, peer_socket), credit)
    }

    /// The same that takes as much as anybody sends.
    pub(super) fn wide_open(socket: &str, peer_socket: &str) -> Self {
        Self::open(socket, peer_socket, credit(u64::MAX, u64::MAX))
    }

    pub(super) fn open_with(settings: Settings, credit: Credit) -> Self {
        let mut end = Self {
            dialect: Conversation::new(settings, "prices"),
            output: Output::stream(),
            input: BytesMut::new(),
            events: VecDeque::new(),
        };
        end.dialect.begin(Instant::now(), &mut end.output);
        let open = OpenChannel {
            credit,
            ..OpenChannel::default()
        };
        end.dialect.accept(1, &open, &mut end.output);
        end.told();
        end
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<(), DialectError> {
        self.input.extend_from_slice(bytes);
        self.receive_more()
    }

    pub(super) fn receive_more(&mut self) -> Result<(), DialectError> {
        self.dialect.receive(
            Input::Stream(&mut self.input),
            Instant::now(),
            &mut self.output,
            &mut self.events,
        )
    }

    pub(super) fn receive_packet(&mut self, packet: &'static str) -> Result<(), DialectError> {
        self.dialect.receive(
            Input::Packet(bytes::Bytes::from_static(packet.as_bytes()).into()),
            Instant::now(),
            &mut self.output,
            &mut self.events,
        )
    }

    pub(super) fn input_ends(&mut self) -> Result<AtEnd, DialectError> {
        self.dialect.input_ended(&mut self.input, &mut self.events)
    }

    pub(super) fn send(&mut self, envelope: Envelope) {
        assert_eq!(self.dialect.check(&envelope), Ok(()));
        self.dialect.send(1, envelope, &mut self.output);
    }

    /// What the dialect says by itself, and what it found.
    pub(super) fn told(&mut self) -> Vec<Event> {
        self.dialect.tell(self.output.byte_len(), &mut self.events);
        self.events.drain(..).collect()
    }

    /// The envelopes among the events.
    pub(super) fn envelopes(&mut self) -> Vec<Envelope> {
        let events = self.events.drain(..);
        let envelopes = events.filter_map(|event| match event {
            Event::Message { envelope, .. } => Some(envelope),
            _ => None,
        });
        envelopes.collect()
    }

    /// The same of messages of one part.
    pub(super) fn lines(&mut self) -> Vec<Payload> {
        let envelopes = self.envelopes().into_iter();
        let lines = envelopes.map(|envelope| envelope.content.into_single());
        lines
            .map(|line| line.expect("a line is one part"))
            .collect()
    }

    /// Everything the output holds.
    pub(super) fn take_output(&mut self) -> String {
        let mut bytes = Vec::new();
        while !self.output.is_empty() {
            let mut slices = [IoSlice::new(&[])];
            self.output.io_slices(&mut slices);
            bytes.extend_from_slice(&slices[0]);
            let written = slices[0].len();
            self.output.advance(written);
        }
        String::from_utf8(bytes).expect("the tests send text")
    }
}
