//! Encoded bytes that wait for a link.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use crate::link::Packet;
use crate::{INLINE_BYTES_MAX, Payload};

/// From this size on, a payload is written from where it lies; below it, it is copied beside its neighbours.
pub const SHARED_BYTES_MIN: usize = 4_096;

/// Consumed small bytes are moved out of the way once there are this many, and as many as are left.
const COMPACT_BYTES_MIN: usize = 32 * 1_024;

/// A head of three bytes and the longest inline payload.
const SHORT_FRAME_BYTES_MAX: usize = 3 + INLINE_BYTES_MAX;

/// Heads of packets are carved from pieces of this size.
const HEADS_BYTES: usize = 4_096;

/// Encoded frames in order, ready for a vectored write or as packets.
///
/// Small frames coalesce into one buffer, large payloads stay shared. It has no bound of its own: whoever fills it looks
/// at [`byte_len`](Self::byte_len) and stops.
#[derive(Debug)]
pub struct Output(Form);

#[derive(Debug)]
enum Form {
    Stream(StreamForm),
    Packets(PacketsForm),
}

/// `small[written..]` holds every small frame in order; a large payload remembers how many of those go before it.
#[derive(Debug, Default)]
struct StreamForm {
    small: Vec<u8>,
    written: usize,
    /// The end of the small bytes that belong before some large payload.
    claimed: usize,
    large: VecDeque<Large>,
    large_bytes: usize,
}

#[derive(Debug)]
struct Large {
    small_before: usize,
    bytes: Bytes,
}

#[derive(Debug, Default)]
struct PacketsForm {
    queue: VecDeque<Packet>,
    heads: BytesMut,
    bytes: usize,
}

impl Output {
    /// For a byte stream.
    pub fn stream() -> Self {
        Self(Form::Stream(StreamForm::default()))
    }

    /// For a link of whole messages: each frame becomes one packet.
    pub fn packets() -> Self {
        Self(Form::Packets(PacketsForm::default()))
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::Stream(stream) => stream.byte_len() == 0,
            Form::Packets(packets) => packets.queue.is_empty(),
        }
    }

    /// Whether each frame becomes one packet.
    pub(crate) fn is_packets(&self) -> bool {
        matches!(self.0, Form::Packets(_))
    }

    /// How many bytes wait.
    pub fn byte_len(&self) -> usize {
        match &self.0 {
            Form::Stream(stream) => stream.byte_len(),
            Form::Packets(packets) => packets.bytes,
        }
    }

    /// Appends a frame: its head, which is copied, and its payload, which is shared when it is large or goes to packets.
    #[inline]
    pub fn frame(&mut self, head: &[u8], payload: Payload) {
        match &mut self.0 {
            Form::Stream(stream) => stream.frame(head, payload),
            Form::Packets(packets) => packets.frame(head, payload),
        }
    }

    /// As [`frame`](Self::frame), for a head of three bytes, a little-endian number, and the first `length` bytes of an
    /// inline payload: copies of a fixed size are a few moves.
    #[inline]
    pub(crate) fn short_frame(
        &mut self,
        head: u32,
        padded: &[u8; INLINE_BYTES_MAX],
        length: usize,
    ) {
        match &mut self.0 {
            Form::Stream(stream) => stream.short_frame(head, padded, length),
            Form::Packets(packets) => {
                let payload = Payload::from_padded(padded, length);
                packets.frame(&head.to_le_bytes()[..3], payload);
            }
        }
    }

    /// Appends a frame that is all head.
    #[inline]
    pub fn bytes(&mut self, frame: &[u8]) {
        match &mut self.0 {
            Form::Stream(stream) => stream.small.extend_from_slice(frame),
            Form::Packets(packets) => packets.frame(frame, Payload::new()),
        }
    }

    /// Fills `slices` from the front with what a stream is to write next and returns how many were filled; 0 for
    /// packets.
    pub fn io_slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match &self.0 {
            Form::Stream(stream) => stream.io_slices(slices),
            Form::Packets(_) => 0,
        }
    }

    /// Forgets `written` bytes at the front, after a stream took them; at most what waits.
    pub fn advance(&mut self, written: usize) {
        match &mut self.0 {
            Form::Stream(stream) => stream.advance(written),
            Form::Packets(_) => debug_assert_eq!(written, 0, "packets are popped, not advanced"),
        }
    }

    /// The packet to send next; `None` for a stream.
    pub fn pop_packet(&mut self) -> Option<Packet> {
        match &mut self.0 {
            Form::Stream(_) => None,
            Form::Packets(packets) => {
                let packet = packets.queue.pop_front()?;
                packets.bytes -= packet.len();
                Some(packet)
            }
        }
    }

    /// Gives spare memory back; for a connection that goes idle.
    pub fn shrink(&mut self) {
        match &mut self.0 {
            Form::Stream(stream) => {
                stream.compact();
                stream.small.shrink_to_fit();
                stream.large.shrink_to_fit();
            }
            Form::Packets(packets) => {
                packets.queue.shrink_to_fit();
                packets.heads = BytesMut::new();
            }
        }
    }
}

impl StreamForm {
    fn byte_len(&self) -> usize {
        self.small.len() - self.written + self.large_bytes
    }

    #[inline]
    fn frame(&mut self, head: &[u8], payload: Payload) {
        self.small
            .reserve(head.len() + SHARED_BYTES_MIN.min(payload.len()));
        self.small.extend_from_slice(head);
        if payload.len() < SHARED_BYTES_MIN {
            self.small.extend_from_slice(&payload);
        } else {
            self.share(payload.into_bytes());
        }
    }

    #[inline]
    fn short_frame(&mut self, head: u32, padded: &[u8; INLINE_BYTES_MAX], length: usize) {
        let at = self.small.len();
        self.small.resize(at + SHORT_FRAME_BYTES_MAX, 0);
        if let Some(frame) = self.small[at..].first_chunk_mut::<SHORT_FRAME_BYTES_MAX>() {
            frame[..4].copy_from_slice(&head.to_le_bytes());
            frame[3..].copy_from_slice(padded);
        }
        self.small.truncate(at + 3 + length);
    }

    fn share(&mut self, bytes: Bytes) {
        self.large_bytes += bytes.len();
        self.large.push_back(Large {
            small_before: self.small.len() - self.claimed.max(self.written),
            bytes,
        });
        self.claimed = self.small.len();
    }

    fn io_slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut free = slices.iter_mut();
        let mut filled = 0;
        let mut fill = |bytes: &'a [u8]| {
            if bytes.is_empty() {
                return true;
            }
            let Some(slice) = free.next() else {
                return false;
            };
            *slice = IoSlice::new(bytes);
            filled += 1;
            true
        };
        let mut at = self.written;
        let fits = self.large.iter().all(|large| {
            let before = &self.small[at..at + large.small_before];
            at += large.small_before;
            fill(before) && fill(&large.bytes)
        });
        if fits {
            fill(&self.small[at..]);
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(large) = self.large.front_mut() {
            let small = count.min(large.small_before);
            large.small_before -= small;
            self.written += small;
            count -= small;
            let shared = count.min(large.bytes.len());
            large.bytes.advance(shared);
            self.large_bytes -= shared;
            count -= shared;
            if !large.bytes.is_empty() {
                break;
            }
            self.large.pop_front();
        }
        self.written += count;
        debug_assert!(
            self.written <= self.small.len(),
            "advanced beyond what waits"
        );
        if self.written == self.small.len()
            || self.written >= COMPACT_BYTES_MIN.max(self.small.len() - self.written)
        {
            self.compact();
        }
    }

    fn compact(&mut self) {
        self.small.drain(..self.written);
        self.claimed = self.claimed.saturating_sub(self.written);
        self.written = 0;
    }
}

impl PacketsForm {
    /// A shared payload becomes the body as it is; an inline one joins the head, which saves its allocation.
    fn frame(&mut self, head: &[u8], payload: Payload) {
        let (inline, body) = match payload.into_shared() {
            Ok(body) => (Payload::new(), body),
            Err(inline) => (inline, Bytes::new()),
        };
        let length = head.len() + inline.len();
        if self.heads.capacity() < length {
            self.heads = BytesMut::with_capacity(HEADS_BYTES.max(length));
        }
        self.heads.extend_from_slice(head);
        self.heads.extend_from_slice(&inline);
        self.bytes += length + body.len();
        self.queue.push_back(Packet {
            head: self.heads.split().freeze(),
            body,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn front(output: &Output, slices_max: usize) -> Vec<u8> {
        let mut slices = vec![IoSlice::new(&[]); slices_max];
        let filled = output.io_slices(&mut slices);
        slices[..filled]
            .iter()
            .flat_map(|slice| slice.iter().copied())
            .collect()
    }

    proptest! {
        #[test]
        fn a_stream_gives_the_bytes_in_order_however_it_is_written(
            frames in proptest::collection::vec((0usize..40, prop_oneof![0usize..30, 4_000usize..20_000]), 0..60),
            steps in proptest::collection::vec((1usize..50_000, 1usize..8), 1..60),
        ) {
            let mut output = Output::stream();
            let (mut expected, mut written) = (Vec::<u8>::new(), Vec::<u8>::new());
            let mut steps = steps.into_iter().cycle();
            for (index, (head, payload)) in frames.into_iter().enumerate() {
                let (head, payload) = (vec![index as u8; head], vec![!index as u8; payload]);
                output.frame(&head, payload.clone().into());
                expected.extend([head, payload].concat());
                if index % 3 == 0 {
                    let (count, slices) = steps.next().unwrap();
                    let bytes = front(&output, slices);
                    let count = count.min(bytes.len());
                    written.extend(&bytes[..count]);
                    output.advance(count);
                }
                prop_assert_eq!(output.byte_len(), expected.len() - written.len());
            }
            while !output.is_empty() {
                let (count, slices) = steps.next().unwrap();
                let bytes = front(&output, slices);
                let count = count.min(bytes.len());
                written.extend(&bytes[..count]);
                output.advance(count);
            }
            prop_assert_eq!(written, expected);
        }
    }

    #[test]
    fn a_large_payload_is_not_copied() {
        let payload = Bytes::from(vec![1; SHARED_BYTES_MIN]);
        let mut output = Output::stream();
        output.frame(b"head", payload.clone().into());
        let mut slices = [IoSlice::new(&[]); 4];
        assert_eq!(output.io_slices(&mut slices), 2);
        assert_eq!(slices[1].as_ptr(), payload.as_ptr());
    }

    #[test]
    fn packets_keep_frames_apart_and_bodies_shared() {
        let body = Bytes::from(vec![1; 100]);
        let mut output = Output::packets();
        output.frame(b"one", Payload::from("inline"));
        output.frame(b"two", body.clone().into());
        assert_eq!(output.byte_len(), 9 + 103);
        assert_eq!(output.pop_packet().unwrap().into_bytes(), "oneinline");
        assert_eq!(output.pop_packet().unwrap().body.as_ptr(), body.as_ptr());
        assert_eq!((output.pop_packet(), output.byte_len()), (None, 0));
    }
}
