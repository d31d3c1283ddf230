//! Two ends of a conversation and the link between them, in a struct.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::Envelope;
use crate::dialect::tw::Conversation;
use crate::dialect::{
    Dialect, DialectError, Event, Input, NodeHello, OpenChannel, Output, Role, Settings,
};
use crate::link::Packet;

pub(super) struct End {
    pub(super) dialect: Conversation,
    pub(super) output: Output,
    pub(super) input: BytesMut,
    pub(super) events: VecDeque<Event>,
}

pub(super) struct Pair {
    pub(super) dialer: End,
    pub(super) listener: End,
    pub(super) now: Instant,
}

pub(super) fn settings(role: Role) -> Settings {
    let (name, instance) = match role {
        Role::Dialer => ("market", [0x11; 16]),
        Role::Listener => ("backup", [0x22; 16]),
    };
    Settings::new(
        NodeHello {
            name: name.into(),
            instance,
            incarnation: 3,
        },
        role,
    )
}

impl End {
    pub(super) fn new(settings: Settings, output: Output) -> Self {
        let (input, events) = (BytesMut::new(), VecDeque::new());
        Self {
            dialect: Conversation::new(settings),
            output,
            input,
            events,
        }
    }

    pub(super) fn receive(&mut self, bytes: &[u8], now: Instant) -> Result<(), DialectError> {
        self.input.extend_from_slice(bytes);
        self.dialect.receive(
            Input::Stream(&mut self.input),
            now,
            &mut self.output,
            &mut self.events,
        )
    }

    pub(super) fn receive_packet(
        &mut self,
        packet: Packet,
        now: Instant,
    ) -> Result<(), DialectError> {
        self.dialect.receive(
            Input::Packet(packet),
            now,
            &mut self.output,
            &mut self.events,
        )
    }

    /// Everything a stream output holds.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.output.is_empty() {
            let mut slices = [IoSlice::new(&[]); 8];
            let filled = self.output.io_slices(&mut slices);
            let before = bytes.len();
            slices[..filled]
                .iter()
                .for_each(|slice| bytes.extend_from_slice(slice));
            self.output.advance(bytes.len() - before);
        }
        bytes
    }

    pub(super) fn take_events(&mut self) -> Vec<Event> {
        self.events.drain(..).collect()
    }

    pub(super) fn messages(&mut self) -> Vec<(u32, Envelope)> {
        let message = |event| match event {
            Event::Message { channel, envelope } => Some((channel, envelope)),
            _ => None,
        };
        self.take_events().into_iter().filter_map(message).collect()
    }

    pub(super) fn send(&mut self, channel: u32, envelope: Envelope) {
        self.dialect.send(channel, envelope, &mut self.output);
    }
}

impl Pair {
    /// Before either said anything.
    pub(super) fn new(change: impl Fn(&mut Settings), output: impl Fn() -> Output) -> Self {
        let end = |role| {
            let mut settings = settings(role);
            change(&mut settings);
            End::new(settings, output())
        };
        Self {
            dialer: end(Role::Dialer),
            listener: end(Role::Listener),
            now: Instant::now(),
        }
    }

    /// After both said hello over a stream.
    pub(super) fn greeted() -> Self {
        Self::greeted_with(|_| {}, Output::stream)
    }

    pub(super) fn greeted_with(
        change: impl Fn(&mut Settings),
        output: impl Fn() -> Output,
    ) -> Self {
        let mut pair = Self::new(change, output);
        pair.dialer.dialect.begin(pair.now, &mut pair.dialer.output);
        pair.listener
            .dialect
            .begin(pair.now, &mut pair.listener.output);
        pair.deliver();
        pair.dialer.events.clear();
        pair.listener.events.clear();
        pair
    }

    /// Opens a channel from the dialer and takes it.
    pub(super) fn open(&mut self) -> u32 {
        let open = OpenChannel::default();
        let channel = self.dialer.dialect.open(&open, &mut self.dialer.output);
        self.deliver();
        self.listener
            .dialect
            .accept(channel, &open, &mut self.listener.output);
        self.deliver();
        self.dialer.events.clear();
        self.listener.events.clear();
        channel
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// Moves what either end wrote until both are silent.
    pub(super) fn deliver(&mut self) {
        self.try_deliver().expect("both ends keep the rules");
    }

    pub(super) fn try_deliver(&mut self) -> Result<(), DialectError> {
        while !self.dialer.output.is_empty() || !self.listener.output.is_empty() {
            carry(&mut self.dialer, &mut self.listener, self.now)?;
            carry(&mut self.listener, &mut self.dialer, self.now)?;
        }
        Ok(())
    }
}

fn carry(from: &mut End, to: &mut End, now: Instant) -> Result<(), DialectError> {
    while let Some(packet) = from.output.pop_packet() {
        to.receive_packet(packet, now)?;
    }
    let bytes = from.take_output();
    to.receive(&bytes, now)
}
