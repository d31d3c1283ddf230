//! A message that arrives in more than one frame.

use bytes::BytesMut;

use super::PARTS_MAX;
use super::frame::{FRAGMENT, FrameKind, HEADERS, Head, MORE};
use crate::dialect::Violation;
use crate::{Content, HEADERS_BYTES_MAX, Headers, HeadersError, Payload};

/// What of a message has arrived so far.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) kind: FrameKind,
    pub(super) correlation: u64,
    headers: Option<Headers>,
    parts: Vec<Payload>,
    bytes: u64,
    waits_for: WaitsFor,
}

#[derive(Debug)]
enum WaitsFor {
    Part,
    MoreOfPart(BytesMut),
    MoreOfHeaders(BytesMut),
}

impl Assembly {
    /// Before its first frame.
    pub(super) fn new(kind: FrameKind, correlation: u64) -> Self {
        let (headers, parts) = (None, Vec::new());
        Self {
            kind,
            correlation,
            headers,
            parts,
            bytes: 0,
            waits_for: WaitsFor::Part,
        }
    }

    /// Takes the next frame in; gives the content when it was the last one.
    pub(super) fn add(
        &mut self,
        head: Head,
        payload: Payload,
        message_bytes_max: u64,
    ) -> Result<Option<Content>, Violation> {
        let goes_on = head.flags & FRAGMENT != 0;
        let more = head.flags & MORE != 0;
        if goes_on && more {
            return Err(Violation::Flags {
                frame: head.kind.name(),
                flags: head.flags,
            });
        }
        self.bytes += payload.len() as u64;
        if self.bytes > message_bytes_max {
            return Err(Violation::MessageTooLarge {
                bytes: self.bytes,
                limit: message_bytes_max,
            });
        }
        let (in_headers, pieces) = match std::mem::replace(&mut self.waits_for, WaitsFor::Part) {
            WaitsFor::Part => (head.flags & HEADERS != 0, None),
            WaitsFor::MoreOfPart(pieces) => (false, Some(pieces)),
            WaitsFor::MoreOfHeaders(pieces) => (true, Some(pieces)),
        };
        let so_far = pieces.as_ref().map_or(0, BytesMut::len) + payload.len();
        if in_headers && so_far > HEADERS_BYTES_MAX {
            return Err(Violation::Headers(HeadersError::TooLarge { bytes: so_far }));
        }
        if !in_headers && self.parts.len() == PARTS_MAX {
            return Err(Violation::TooManyParts { limit: PARTS_MAX });
        }
        if goes_on {
            let pieces = joined(pieces, &payload);
            self.waits_for = if in_headers {
                WaitsFor::MoreOfHeaders(pieces)
            } else {
                WaitsFor::MoreOfPart(pieces)
            };
            return Ok(None);
        }
        let whole = match pieces {
            None => payload,
            pieces => joined(pieces, &payload).freeze().into(),
        };
        if in_headers {
            if !more {
                return Err(Violation::HeadersWithoutPart);
            }
            self.headers = Some(Headers::decode(whole.into_bytes()).map_err(Violation::Headers)?);
            return Ok(None);
        }
        self.parts.push(whole);
        if more {
            return Ok(None);
        }
        let content = Content::from_parts(std::mem::take(&mut self.parts));
        Ok(Some(
            content.with_headers(self.headers.take().unwrap_or_default()),
        ))
    }
}

/// Grows with what arrived, never with what was announced.
fn joined(pieces: Option<BytesMut>, payload: &[u8]) -> BytesMut {
    let mut pieces = pieces.unwrap_or_default();
    pieces.extend_from_slice(payload);
    pieces
}
