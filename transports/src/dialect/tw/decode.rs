//! Frames to events.

use std::collections::VecDeque;
use std::iter::once_with;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::assembly::Assembly;
use super::channels::Phase;
use super::frame::{FrameKind, HEADERS, Head, TAGGED};
use super::{Conversation, Greeting, control, hello, varint};
use crate::dialect::{
    Close, Credit, DialectError, EVENTS_MAX, Event, OpenChannel, Refusal, Violation,
};
use crate::link::Packet;
use crate::{Envelope, INLINE_BYTES_MAX, Kind, Payload};

/// A frame's announcement lets the reader ask for at most this much, or for as much as has arrived.
pub(super) const TRUSTED_BYTES: usize = 64 * 1024;

/// The first byte, a channel and a length of one byte each.
const SHORT_HEAD_BYTES: usize = 3;

/// The first byte of a DATA frame without flags.
const DATA: usize = (FrameKind::Data as usize) << 4;

impl Conversation {
    pub(super) fn receive_stream(
        &mut self,
        buffer: &mut BytesMut,
        now: Instant,
        events: &mut VecDeque<Event>,
    ) -> Result<(), DialectError> {
        if buffer.is_empty() {
            return Ok(());
        }
        let before = buffer.len();
        let result = self.hello_and_frames(buffer, now, events);
        match buffer.len() {
            same if same == before => self.heartbeat.heard_part(same, now),
            fewer => self.heartbeat.heard(fewer, now),
        }
        result
    }

    fn hello_and_frames(
        &mut self,
        buffer: &mut BytesMut,
        now: Instant,
        events: &mut VecDeque<Event>,
    ) -> Result<(), DialectError> {
        if self.phase == Greeting::ExpectHello {
            let Some(size) = self.hello(buffer, events)? else {
                return Ok(());
            };
            buffer.advance(size);
        }
        let mut consumed = 0;
        let result = self.frames(buffer, &mut consumed, now, events);
        buffer.advance(consumed);
        Ok(result?)
    }

    /// Takes frames from `buffer[*consumed..]`. Small payloads are copied out and merely counted as consumed; only a
    /// payload that is to share the buffer moves its front.
    fn frames(
        &mut self,
        buffer: &mut BytesMut,
        consumed: &mut usize,
        now: Instant,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        loop {
            *consumed += self.short_messages(&buffer[*consumed..], events);
            if events.len() >= EVENTS_MAX {
                break;
            }
            let input = &buffer[*consumed..];
            let Some(head) = Head::read(input, self.limits)? else {
                break;
            };
            let Some(rest) = input.get(head.size..head.size + head.length) else {
                break;
            };
            let Some(kind) = head.kind.message() else {
                self.control_frame(head, rest, now, events)?;
                *consumed += head.size + head.length;
                continue;
            };
            let (correlation, tag_size) = match head.flags & TAGGED {
                0 => (0, 0),
                _ => correlation(head, rest)?,
            };
            let payload = if rest.len() - tag_size <= INLINE_BYTES_MAX {
                *consumed += head.size + head.length;
                inline_payload(&input[head.size + tag_size..], rest.len() - tag_size)
            } else {
                buffer.advance(*consumed + head.size + tag_size);
                *consumed = 0;
                Payload::from(buffer.split_to(head.length - tag_size).freeze())
            };
            self.message_frame(head, kind, correlation, payload, events)?;
        }
        Ok(())
    }

    /// Takes the messages at the front of `input` that are as most small ones are: whole in one frame without flags, on
    /// the channel of the one before, and with so much behind them that a fixed size can be copied. Returns their bytes.
    /// What is different, or wrong, is left where it lies.
    fn short_messages(&mut self, input: &[u8], events: &mut VecDeque<Event>) -> usize {
        let length_max = INLINE_BYTES_MAX.min(self.limits.message as usize);
        let channel = match self.channels.recent() {
            Some(state) if state.receives() && state.assembly.is_none() => state.number(),
            _ => return 0,
        };
        // Such a number takes two bytes.
        if channel >= 0x80 {
            return 0;
        }
        let mut rest = input;
        for _ in events.len()..EVENTS_MAX {
            let Some((head, after)) = rest.split_first_chunk::<SHORT_HEAD_BYTES>() else {
                break;
            };
            let [first, number, length] = head.map(usize::from);
            if first != DATA || number != channel as usize || length > length_max {
                break;
            }
            let Some(padded) = after.first_chunk() else {
                break;
            };
            // Made where it is to lie: what was written just before, field by field, is slow to be moved.
            events.extend(once_with(|| Event::Message {
                channel,
                envelope: Envelope {
                    kind: Kind::Data,
                    correlation: 0,
                    content: Payload::from_padded(padded, length).into(),
                },
            }));
            rest = &after[length..];
        }
        input.len() - rest.len()
    }

    pub(super) fn receive_packet(
        &mut self,
        packet: Packet,
        now: Instant,
        events: &mut VecDeque<Event>,
    ) -> Result<(), DialectError> {
        self.heartbeat.heard(0, now);
        if self.phase == Greeting::ExpectHello {
            let bytes = packet.into_bytes();
            let short = Violation::PacketTooShort {
                length: bytes.len(),
            };
            self.hello(&bytes, events)?.ok_or(short)?;
            return Ok(());
        }
        Ok(self.packet_frame(packet, now, events)?)
    }

    fn packet_frame(
        &mut self,
        packet: Packet,
        now: Instant,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        let length = packet.len();
        let Packet {
            head: mut front,
            mut body,
        } = packet;
        if front.is_empty() {
            std::mem::swap(&mut front, &mut body);
        }
        let too_short = Violation::PacketTooShort { length };
        let head = Head::read(&front, self.limits)?.ok_or(too_short)?;
        let found = length - head.size;
        if found != head.length {
            return Err(Violation::PacketLength {
                length: head.length as u64,
                found: found as u64,
            });
        }
        front.advance(head.size);
        let Some(kind) = head.kind.message() else {
            let body = Packet { head: front, body }.into_bytes();
            return self.control_frame(head, &body, now, events);
        };
        let mut id = 0;
        if head.flags & TAGGED != 0 {
            let (correlation, tag_size) = correlation(head, &front)?;
            front.advance(tag_size);
            id = correlation;
        }
        let payload: Bytes = Packet { head: front, body }.into_bytes();
        self.message_frame(head, kind, id, payload.into(), events)
    }

    /// How many bytes the frame at the front of `input` still needs, as far as that may be believed.
    pub(super) fn bytes_to_next_frame(&self, input: &[u8]) -> usize {
        if self.phase == Greeting::ExpectHello {
            return 0;
        }
        let Ok(Some(head)) = Head::read(input, self.limits) else {
            return 0;
        };
        let missing = (head.size + head.length).saturating_sub(input.len());
        missing.min(input.len().max(TRUSTED_BYTES))
    }

    /// Takes the peer's hello in; gives its size once it is whole.
    fn hello(
        &mut self,
        bytes: &[u8],
        events: &mut VecDeque<Event>,
    ) -> Result<Option<usize>, DialectError> {
        let Some((hello, size)) = hello::decode(bytes)? else {
            return Ok(None);
        };
        self.phase = Greeting::Done;
        self.peer_message_bytes_max = hello.message_bytes_max;
        self.peer_frame_bytes_max = hello.frame_bytes_max.min(self.limits.message);
        events.push_back(Event::Hello(Box::new(hello)));
        Ok(Some(size))
    }

    #[inline]
    fn message_frame(
        &mut self,
        head: Head,
        kind: Kind,
        correlation: u64,
        payload: Payload,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        let Head { channel, flags, .. } = head;
        let message_bytes_max = self.message_bytes_max;
        let state = match self.channels.get(channel) {
            Some(state) if state.receives() => state,
            _ => {
                return Err(Violation::NotOpen {
                    frame: head.kind.name(),
                    channel,
                });
            }
        };
        if flags & !TAGGED == 0 && state.assembly.is_none() {
            let envelope = Envelope {
                kind,
                correlation,
                content: payload.into(),
            };
            events.push_back(Event::Message { channel, envelope });
            return Ok(());
        }
        let mut assembly = match state.assembly.take() {
            None => Box::new(Assembly::new(head.kind, correlation)),
            Some(assembly) if assembly.kind != head.kind => {
                let (expected, found) = (assembly.kind.name(), head.kind.name());
                return Err(Violation::Interleaved {
                    channel,
                    expected,
                    found,
                });
            }
            Some(_) if flags & (HEADERS | TAGGED) != 0 => {
                return Err(Violation::Flags {
                    frame: head.kind.name(),
                    flags,
                });
            }
            Some(assembly) => assembly,
        };
        match assembly.add(head, payload, message_bytes_max)? {
            None => state.assembly = Some(assembly),
            Some(content) => {
                let envelope = Envelope {
                    kind,
                    correlation: assembly.correlation,
                    content,
                };
                events.push_back(Event::Message { channel, envelope });
            }
        }
        Ok(())
    }

    #[cold]
    fn control_frame(
        &mut self,
        head: Head,
        body: &[u8],
        now: Instant,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Violation> {
        let Head { kind, channel, .. } = head;
        let frame = kind.name();
        let concerns_connection =
            matches!(kind, FrameKind::Ping | FrameKind::Pong | FrameKind::Goodbye);
        if concerns_connection && channel != 0 {
            return Err(Violation::OnChannel { frame, channel });
        }
        match kind {
            FrameKind::Data | FrameKind::Failure | FrameKind::Cancel | FrameKind::Note => {
                unreachable!("message frames are told apart before")
            }
            FrameKind::Open => {
                let open: Box<OpenChannel> = control::decode(kind, body)?;
                self.channels.opened_by_peer(channel)?;
                events.push_back(Event::Open { channel, open });
            }
            FrameKind::Accept => {
                let open: Box<OpenChannel> = control::decode(kind, body)?;
                match self.channels.get(channel) {
                    Some(state) if state.phase == Phase::ExpectAnswer => state.phase = Phase::Open,
                    _ => return Err(Violation::NotAsked { frame, channel }),
                }
                events.push_back(Event::Accepted { channel, open });
            }
            FrameKind::Refuse => {
                let refusal: Refusal = control::decode(kind, body)?;
                match self.channels.get(channel) {
                    Some(state) if state.phase == Phase::ExpectAnswer => {
                        self.channels.remove(channel)
                    }
                    _ => return Err(Violation::NotAsked { frame, channel }),
                }
                events.push_back(Event::Refused { channel, refusal });
            }
            FrameKind::Credit => {
                let credit: Credit = control::decode(kind, body)?;
                let is_past = self.channels.is_past(channel);
                match self.channels.get(channel) {
                    Some(state) if state.phase == Phase::Open => {
                        events.push_back(Event::Credit { channel, credit });
                    }
                    // It crossed our CLOSE.
                    None if is_past => {}
                    _ => return Err(Violation::NotOpen { frame, channel }),
                }
            }
            FrameKind::Close => {
                let close: Close = control::decode(kind, body)?;
                match self.channels.get(channel) {
                    Some(state) if state.assembly.is_some() => {
                        return Err(Violation::CloseInMessage { channel });
                    }
                    Some(state) if state.phase != Phase::ExpectAnswer && !state.peer_closed => {
                        state.peer_closed = true;
                    }
                    _ => return Err(Violation::NotOpen { frame, channel }),
                }
                self.channels.remove_if_closed(channel);
                events.push_back(Event::Close { channel, close });
            }
            FrameKind::Ping => self.owed_pong = Some(control::decode(kind, body)?),
            FrameKind::Pong => {
                let nonce = control::decode(kind, body)?;
                events.extend(self.heartbeat.answered(nonce, now).map(Event::RoundTrip));
            }
            FrameKind::Goodbye => {
                events.push_back(Event::Goodbye {
                    reason: control::decode(kind, body)?,
                });
            }
        }
        Ok(())
    }
}

/// The first `length` bytes of `input`; copies a fixed size where there is so much.
#[inline]
fn inline_payload(input: &[u8], length: usize) -> Payload {
    match input.first_chunk() {
        Some(padded) => Payload::from_padded(padded, length),
        None => Payload::from(&input[..length]),
    }
}

/// The correlation id at the front of a tagged frame's bytes, and its size.
fn correlation(head: Head, bytes: &[u8]) -> Result<(u64, usize), Violation> {
    let cut = Violation::CorrelationCut {
        frame: head.kind.name(),
        length: head.length,
    };
    varint::read(bytes)
        .map_err(|_| Violation::MalformedNumber)?
        .ok_or(cut)
}
