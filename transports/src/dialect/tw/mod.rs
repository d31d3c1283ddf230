//! Treewire's native dialect; `WIRE.md` has its bytes.

mod assembly;
mod channels;
mod control;
mod decode;
mod encode;
mod frame;
mod heartbeat;
mod hello;
pub(crate) mod varint;

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;

use self::channels::{Channels, Phase};
use self::frame::{EncodedHead, FrameKind, FrameLimits};
use self::heartbeat::Heartbeat;
use super::{
    Close, Credit, Dialect, DialectError, DialectFactory, Event, Input, OpenChannel, Output,
    Refusal, Settings, Unsendable,
};
use crate::{Endpoint, Envelope, OptionSpec};

/// The version spoken: major, minor. Only peers of the same major version understand each other.
pub const VERSION: (u8, u8) = (1, 0);

/// Every peer takes message frames of at least this many bytes.
pub const FRAME_BYTES_MIN: u32 = 256;

/// Every peer takes control frames of up to this many bytes, whatever its limit for message frames.
pub const CONTROL_BYTES_MAX: u32 = 64 * 1024;

/// A message has at most this many parts, headers not counted.
pub const PARTS_MAX: usize = 1_024;

/// A peer may have opened at most this many channels that are not closed yet.
pub const CHANNELS_MAX: usize = 1_024;

/// The dialect `tw`, for the registry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Treewire;

impl DialectFactory for Treewire {
    fn name(&self) -> &'static str {
        "tw"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn speak(&self, _endpoint: &Endpoint, settings: Settings) -> Box<dyn Dialect> {
        Box::new(Conversation::new(settings))
    }
}

/// One end of a conversation in `tw`.
#[derive(Debug)]
pub struct Conversation {
    /// Our hello, until it is said.
    greeting: Vec<u8>,
    message_bytes_max: u64,
    phase: Greeting,
    /// What we take.
    limits: FrameLimits,
    /// What the peer takes, or the least any peer takes until it said so.
    peer_frame_bytes_max: u32,
    peer_message_bytes_max: u64,
    channels: Channels,
    heartbeat: Heartbeat,
    /// The last ping of the peer, when it is not answered yet. One answer for all that arrived at once keeps a peer
    /// from filling our output with a flood of pings.
    owed_pong: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Greeting {
    ExpectHello,
    Done,
}

impl Conversation {
    /// The state before [`begin`](Dialect::begin).
    pub fn new(mut settings: Settings) -> Self {
        settings.frame_bytes_max = settings.frame_bytes_max.max(FRAME_BYTES_MIN);
        settings.message_bytes_max = settings.message_bytes_max.max(u64::from(FRAME_BYTES_MIN));
        // So that a message of one frame needs no second check.
        let message = u64::from(settings.frame_bytes_max).min(settings.message_bytes_max) as u32;
        settings.frame_bytes_max = message;
        Self {
            greeting: hello::encode(&settings),
            message_bytes_max: settings.message_bytes_max,
            phase: Greeting::ExpectHello,
            limits: FrameLimits {
                message,
                control: CONTROL_BYTES_MAX,
            },
            peer_frame_bytes_max: FRAME_BYTES_MIN,
            peer_message_bytes_max: u64::MAX,
            channels: Channels::new(settings.role),
            heartbeat: Heartbeat::new(&settings),
            owed_pong: None,
        }
    }

    fn control(&self, kind: FrameKind, channel: u32, body: Vec<u8>, output: &mut Output) {
        let head = EncodedHead::new(kind, 0, channel, body.len());
        output.frame(head.as_bytes(), body.into());
    }
}

impl Dialect for Conversation {
    fn begin(&mut self, now: Instant, output: &mut Output) {
        self.heartbeat.heard(0, now);
        output.bytes(&std::mem::take(&mut self.greeting));
    }

    fn receive(
        &mut self,
        input: Input<'_>,
        now: Instant,
        output: &mut Output,
        events: &mut VecDeque<Event>,
    ) -> Result<(), DialectError> {
        match input {
            Input::Stream(buffer) => self.receive_stream(buffer, now, events)?,
            Input::Packet(packet) => self.receive_packet(packet, now, events)?,
        }
        if let Some(nonce) = self.owed_pong.take() {
            self.control(FrameKind::Pong, 0, control::encode(&nonce), output);
        }
        Ok(())
    }

    fn wanted_bytes(&self, input: &BytesMut) -> usize {
        self.bytes_to_next_frame(input)
    }

    fn open(&mut self, open: &OpenChannel, output: &mut Output) -> u32 {
        let channel = self.channels.open();
        self.control(FrameKind::Open, channel, control::encode(open), output);
        channel
    }

    fn accept(&mut self, channel: u32, open: &OpenChannel, output: &mut Output) {
        if let Some(state) = self.channels.get(channel) {
            state.phase = Phase::Open;
        }
        self.control(FrameKind::Accept, channel, control::encode(open), output);
    }

    fn refuse(&mut self, channel: u32, refusal: &Refusal, output: &mut Output) {
        self.channels.remove(channel);
        let text = control::cut(&refusal.text, control::TEXT_BYTES_MAX);
        let body = control::encode(&(u16::from(refusal.code), text));
        self.control(FrameKind::Refuse, channel, body, output);
    }

    fn check(&self, envelope: &Envelope) -> Result<(), Unsendable> {
        let content = &envelope.content;
        if content.is_plain() && content.first().len() as u64 <= self.peer_message_bytes_max {
            return Ok(());
        }
        let parts = content.part_count();
        if parts > PARTS_MAX {
            return Err(Unsendable::TooManyParts {
                parts,
                limit: PARTS_MAX,
            });
        }
        if let Some(headers) = content.headers() {
            headers.check().map_err(Unsendable::Headers)?;
        }
        let bytes = content.byte_len() as u64;
        if bytes > self.peer_message_bytes_max {
            return Err(Unsendable::TooLarge {
                bytes,
                limit: self.peer_message_bytes_max,
            });
        }
        Ok(())
    }

    fn send_short(&mut self, channel: u32, envelope: &Envelope, output: &mut Output) -> bool {
        encode::short_message(channel, envelope, self.peer_message_bytes_max, output)
    }

    fn send(&mut self, channel: u32, envelope: Envelope, output: &mut Output) {
        if encode::short_message(channel, &envelope, u64::MAX, output) {
            return;
        }
        encode::message(
            channel,
            envelope,
            self.peer_frame_bytes_max as usize,
            output,
        );
    }

    fn credit(&mut self, channel: u32, credit: Credit, output: &mut Output) {
        self.control(FrameKind::Credit, channel, control::encode(&credit), output);
    }

    fn close(&mut self, channel: u32, close: &Close, output: &mut Output) {
        if let Some(state) = self.channels.get(channel) {
            state.we_closed = true;
        }
        self.channels.remove_if_closed(channel);
        let reason = control::cut(&close.reason, control::TEXT_BYTES_MAX);
        let body = control::encode(&(close.handled, close.sent, reason, close.ends));
        self.control(FrameKind::Close, channel, body, output);
    }

    fn goodbye(&mut self, reason: &str, output: &mut Output) {
        let reason = control::cut(reason, control::TEXT_BYTES_MAX);
        self.control(FrameKind::Goodbye, 0, control::encode(&reason), output);
    }

    fn wake_at(&self) -> Option<Instant> {
        self.heartbeat.wake_at()
    }

    fn on_time(&mut self, now: Instant, output: &mut Output) -> Result<(), DialectError> {
        if let Some(nonce) = self.heartbeat.on_time(now)? {
            self.control(FrameKind::Ping, 0, control::encode(&nonce), output);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
