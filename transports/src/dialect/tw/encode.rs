//! Messages to frames.

use bytes::Bytes;

use super::frame::{EncodedHead, FRAGMENT, FrameKind, HEADERS, MORE, first_byte, tag_size};
use crate::dialect::Output;
use crate::{Envelope, Payload};

/// Appends a message that lies inline and belongs to no request; `false` for another one, or on a channel of a high
/// number. By reference, and with copies of fixed size: this is the path of almost every small message.
#[inline]
pub(super) fn short_message(
    channel: u32,
    envelope: &Envelope,
    bytes_max: u64,
    output: &mut Output,
) -> bool {
    let content = &envelope.content;
    let Some(padded) = content.first().as_padded() else {
        return false;
    };
    let length = content.first().len();
    let is_short = content.is_plain() && envelope.correlation == 0 && channel < 0x80;
    if !is_short || length as u64 > bytes_max {
        return false;
    }
    let first = u32::from(first_byte(envelope.kind));
    output.short_frame(first | channel << 8 | (length as u32) << 16, padded, length);
    true
}

/// Appends the frames of a message, none of them longer than `frame_bytes_max`.
pub(super) fn message(
    channel: u32,
    envelope: Envelope,
    frame_bytes_max: usize,
    output: &mut Output,
) {
    let Envelope {
        kind,
        correlation,
        content,
    } = envelope;
    let kind = FrameKind::from(kind);
    let length = content.first().len() + tag_size(correlation);
    if content.is_plain() && length <= frame_bytes_max {
        let head = EncodedHead::tagged(kind, 0, channel, correlation, content.first().len());
        output.frame(head.as_bytes(), content.into_first());
        return;
    }
    let mut frames = Frames {
        kind,
        channel,
        correlation,
        frame_bytes_max,
        output,
    };
    if let Some(headers) = content.headers() {
        frames.part(headers.encode().into(), HEADERS, MORE);
    }
    let last = content.part_count() - 1;
    for (index, part) in content.into_parts().into_iter().enumerate() {
        frames.part(part, 0, if index < last { MORE } else { 0 });
    }
}

struct Frames<'a> {
    kind: FrameKind,
    channel: u32,
    /// Goes into the first frame only; 0 afterwards.
    correlation: u64,
    frame_bytes_max: usize,
    output: &'a mut Output,
}

impl Frames<'_> {
    /// One part: `first_flags` go on its first frame, `last_flags` on its last.
    fn part(&mut self, part: Payload, first_flags: u8, last_flags: u8) {
        if part.len() + tag_size(self.correlation) <= self.frame_bytes_max {
            return self.frame(part, first_flags | last_flags);
        }
        let mut rest: Bytes = part.into_bytes();
        let mut flags = first_flags;
        loop {
            let room = self.frame_bytes_max - tag_size(self.correlation);
            if rest.len() <= room {
                return self.frame(rest.into(), flags | last_flags);
            }
            self.frame(rest.split_to(room).into(), flags | FRAGMENT);
            flags = 0;
        }
    }

    fn frame(&mut self, payload: Payload, flags: u8) {
        let correlation = std::mem::take(&mut self.correlation);
        let head = EncodedHead::tagged(self.kind, flags, self.channel, correlation, payload.len());
        self.output.frame(head.as_bytes(), payload);
    }
}
