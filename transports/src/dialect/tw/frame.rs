//! The head of a frame: kind and flags, channel, length.

use super::varint;
use crate::Kind;
use crate::dialect::Violation;

/// Another part of this message follows.
pub(super) const MORE: u8 = 0b0001;
/// This part goes on in the next frame of this channel.
pub(super) const FRAGMENT: u8 = 0b0010;
/// This part is the header block.
pub(super) const HEADERS: u8 = 0b0100;
/// A correlation id stands before the payload.
pub(super) const TAGGED: u8 = 0b1000;

/// One byte, a channel and a length of at most five bytes each, a correlation id.
pub(super) const HEAD_BYTES_MAX: usize = 1 + 5 + 5 + varint::BYTES_MAX;

/// The kinds of frame; the number is the high nibble of a frame's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Data = 1,
    Failure = 2,
    Cancel = 3,
    Open = 4,
    Accept = 5,
    Refuse = 6,
    Credit = 7,
    Close = 8,
    Ping = 9,
    Pong = 10,
    Goodbye = 11,
    Note = 12,
}

impl FrameKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Data => "DATA",
            Self::Failure => "FAILURE",
            Self::Cancel => "CANCEL",
            Self::Open => "OPEN",
            Self::Accept => "ACCEPT",
            Self::Refuse => "REFUSE",
            Self::Credit => "CREDIT",
            Self::Close => "CLOSE",
            Self::Ping => "PING",
            Self::Pong => "PONG",
            Self::Goodbye => "GOODBYE",
            Self::Note => "NOTE",
        }
    }

    /// What an envelope of this kind is for; `None` for control frames.
    #[inline]
    pub(super) fn message(self) -> Option<Kind> {
        match self {
            Self::Data => Some(Kind::Data),
            Self::Failure => Some(Kind::Failure),
            Self::Cancel => Some(Kind::Cancel),
            Self::Note => Some(Kind::Note),
            _ => None,
        }
    }

    #[inline]
    fn from_first_byte(byte: u8) -> Result<Self, Violation> {
        Ok(match byte >> 4 {
            1 => Self::Data,
            2 => Self::Failure,
            3 => Self::Cancel,
            4 => Self::Open,
            5 => Self::Accept,
            6 => Self::Refuse,
            7 => Self::Credit,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            11 => Self::Goodbye,
            12 => Self::Note,
            kind => return Err(Violation::UnknownKind { kind }),
        })
    }
}

impl From<Kind> for FrameKind {
    #[inline]
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Data => Self::Data,
            Kind::Failure => Self::Failure,
            Kind::Cancel => Self::Cancel,
            Kind::Note => Self::Note,
        }
    }
}

/// A frame's head as read: kind and flags fit each other, the length is within the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: FrameKind,
    pub(super) flags: u8,
    pub(super) channel: u32,
    /// Bytes after the head.
    pub(super) length: usize,
    /// Bytes of the head itself.
    pub(super) size: usize,
}

/// The largest lengths a frame may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameLimits {
    pub(super) message: u32,
    pub(super) control: u32,
}

impl Head {
    /// The head at the front of `bytes`, or `None` when `bytes` ends inside it.
    #[inline]
    pub(super) fn read(bytes: &[u8], limits: FrameLimits) -> Result<Option<Self>, Violation> {
        let (channel, length, size) = match *bytes {
            [_, channel, length, ..] if channel < 0x80 && length < 0x80 => {
                (u32::from(channel), usize::from(length), 3)
            }
            [_, ref rest @ ..] => match read_numbers(rest)? {
                Some((channel, length, size)) if length <= u64::from(u32::MAX) => {
                    (channel, length as usize, 1 + size)
                }
                Some((_, length, _)) => {
                    return Err(Violation::FrameTooLarge {
                        length,
                        limit: u64::from(limits.message),
                    });
                }
                // The first byte alone already tells nonsense from a frame.
                None => return FrameKind::from_first_byte(bytes[0]).map(|_| None),
            },
            [] => return Ok(None),
        };
        let kind = FrameKind::from_first_byte(bytes[0])?;
        let flags = bytes[0] & 0x0f;
        let limit = if kind.message().is_some() {
            limits.message
        } else if flags != 0 {
            return Err(Violation::Flags {
                frame: kind.name(),
                flags,
            });
        } else {
            limits.control
        };
        if length > limit as usize {
            return Err(Violation::FrameTooLarge {
                length: length as u64,
                limit: u64::from(limit),
            });
        }
        Ok(Some(Self {
            kind,
            flags,
            channel,
            length,
            size,
        }))
    }
}

fn read_numbers(bytes: &[u8]) -> Result<Option<(u32, u64, usize)>, Violation> {
    let malformed = |_| Violation::MalformedNumber;
    let Some((channel, channel_size)) = varint::read(bytes).map_err(malformed)? else {
        return Ok(None);
    };
    let channel = u32::try_from(channel).map_err(|_| Violation::MalformedNumber)?;
    let length = varint::read(&bytes[channel_size..]).map_err(malformed)?;
    Ok(length.map(|(length, length_size)| (channel, length, channel_size + length_size)))
}

/// A frame's head as bytes, with the correlation id of a tagged one.
pub(super) struct EncodedHead {
    bytes: [u8; HEAD_BYTES_MAX],
    size: usize,
}

impl EncodedHead {
    /// For a frame whose payload, without the correlation id, has `payload_length` bytes.
    #[inline]
    pub(super) fn new(kind: FrameKind, flags: u8, channel: u32, payload_length: usize) -> Self {
        let mut bytes = [0; HEAD_BYTES_MAX];
        bytes[0] = (kind as u8) << 4 | flags;
        if channel < 0x80 && payload_length < 0x80 {
            bytes[1] = channel as u8;
            bytes[2] = payload_length as u8;
            return Self { bytes, size: 3 };
        }
        let mut size = 1;
        size += varint::write(&mut bytes[size..], u64::from(channel));
        size += varint::write(&mut bytes[size..], payload_length as u64);
        Self { bytes, size }
    }

    /// The same, tagged with a correlation id; 0 is none.
    #[inline]
    pub(super) fn tagged(
        kind: FrameKind,
        flags: u8,
        channel: u32,
        correlation: u64,
        payload_length: usize,
    ) -> Self {
        if correlation == 0 {
            return Self::new(kind, flags, channel, payload_length);
        }
        let length = varint::length(correlation) + payload_length;
        let mut head = Self::new(kind, flags | TAGGED, channel, length);
        head.size += varint::write(&mut head.bytes[head.size..], correlation);
        head
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.size]
    }
}

/// The first byte of a frame without flags.
#[inline]
pub(super) fn first_byte(kind: Kind) -> u8 {
    (FrameKind::from(kind) as u8) << 4
}

/// How many bytes of a frame's length a correlation id takes.
#[inline]
pub(super) fn tag_size(correlation: u64) -> usize {
    if correlation == 0 {
        0
    } else {
        varint::length(correlation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FrameLimits = FrameLimits {
        message: 1_048_576,
        control: 65_536,
    };

    #[test]
    fn heads_of_every_size_survive() {
        for channel in [0, 1, 127, 128, 70_000, u32::MAX] {
            for length in [0, 16, 127, 128, 60_000] {
                let head = EncodedHead::new(FrameKind::Data, MORE, channel, length);
                let read = Head::read(head.as_bytes(), LIMITS).unwrap().unwrap();
                assert_eq!(
                    (read.channel, read.length, read.flags),
                    (channel, length, MORE)
                );
                assert_eq!(read.size, head.as_bytes().len());
                for cut in 0..read.size {
                    assert_eq!(Head::read(&head.as_bytes()[..cut], LIMITS), Ok(None));
                }
            }
        }
    }

    #[test]
    fn a_head_that_lies_or_makes_no_sense_is_refused() {
        let check = |bytes: &[u8], text: &str| {
            assert_eq!(Head::read(bytes, LIMITS).unwrap_err().to_string(), text);
        };
        check(
            &[0x10, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
            "frame of 4294967295 bytes exceeds the limit of 1048576",
        );
        check(
            &[0x10, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            "frame of 68719476735 bytes exceeds the limit of 1048576",
        );
        check(
            &[0x40, 1, 0x81, 0x80, 0x04],
            "frame of 65537 bytes exceeds the limit of 65536",
        );
        check(&[0x00], "unknown frame kind 0x0");
        check(&[0xf0, 0, 0], "unknown frame kind 0xf");
        check(
            &[0x91, 0, 0],
            "PING frame with flags 0b0001, which it cannot have",
        );
        check(
            &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
            "a number in a frame goes on for too long",
        );
        check(
            &[[0x10].as_slice(), &[0xff; 11]].concat(),
            "a number in a frame goes on for too long",
        );
    }
}
