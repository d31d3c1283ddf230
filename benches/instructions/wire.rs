//! The native dialect between two ends in one hand.

use std::collections::VecDeque;
use std::hint::black_box;
use std::io::IoSlice;
use std::time::Instant;

use bytes::BytesMut;
use treewire::Content;
use treewire::transports::dialect::tw::Conversation;
use treewire::transports::{
    Dialect, Envelope, Event, Input, NodeHello, OpenChannel, Output, Role, Settings,
};

/// Messages in one write and in one read.
const BATCH_MESSAGES: u64 = 64;

pub(crate) fn encode(size_bytes: usize, count: u64) {
    let (mut dialer, _, channel) = open();
    let content = Content::new(vec![7; size_bytes]);
    for _ in 0..count / BATCH_MESSAGES {
        dialer.send_batch(channel, &content);
        dialer.output.advance(black_box(dialer.output.byte_len()));
    }
}

pub(crate) fn decode(size_bytes: usize, count: u64) {
    let (mut dialer, mut listener, channel) = open();
    dialer.send_batch(channel, &Content::new(vec![7; size_bytes]));
    let bytes = dialer.take_output();
    for _ in 0..count / BATCH_MESSAGES {
        listener.receive(&bytes);
        assert_eq!(listener.events.len() as u64, BATCH_MESSAGES);
        listener
            .events
            .drain(..)
            .for_each(|event| drop(black_box(event)));
    }
}

struct End {
    dialect: Conversation,
    output: Output,
    input: BytesMut,
    events: VecDeque<Event>,
    now: Instant,
}

impl End {
    fn new(role: Role) -> Self {
        let mut end = End {
            dialect: Conversation::new(Settings::new(NodeHello::default(), role)),
            output: Output::stream(),
            input: BytesMut::new(),
            events: VecDeque::new(),
            now: Instant::now(),
        };
        end.dialect.begin(end.now, &mut end.output);
        end
    }

    fn send_batch(&mut self, channel: u32, content: &Content) {
        for _ in 0..BATCH_MESSAGES {
            let envelope = Envelope::new(content.clone());
            self.dialect.send(channel, envelope, &mut self.output);
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        let input = Input::Stream(&mut self.input);
        self.dialect
            .receive(input, self.now, &mut self.output, &mut self.events)
            .expect("both ends keep the rules");
    }

    fn take_output(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.output.is_empty() {
            let mut slices = [IoSlice::new(&[]); 8];
            let filled = self.output.io_slices(&mut slices);
            let taken: Vec<u8> = slices[..filled]
                .iter()
                .flat_map(|slice| slice.to_vec())
                .collect();
            self.output.advance(taken.len());
            bytes.extend(taken);
        }
        bytes
    }
}

/// Two ends after their hello, and an open channel.
fn open() -> (End, End, u32) {
    let (mut dialer, mut listener) = (End::new(Role::Dialer), End::new(Role::Listener));
    let open = OpenChannel::default();
    let channel = dialer.dialect.open(&open, &mut dialer.output);
    listener.receive(&dialer.take_output());
    listener
        .dialect
        .accept(channel, &open, &mut listener.output);
    dialer.receive(&listener.take_output());
    dialer.events.clear();
    listener.events.clear();
    (dialer, listener, channel)
}
