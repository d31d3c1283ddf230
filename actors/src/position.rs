//! Where a message stands among all that its sender has for one peer: what a receiver
//! stores beside the effect of the message.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The messages of one reliable sender for one endpoint that it dials, in order, over all
/// connections, sessions and receivers: 128 random bits.
///
/// Whoever knows it can pass for the sender to a receiver that [resumes
/// it](crate::Pull::resume_from). It is written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId(pub(crate) [u8; 16]);

/// The place of a message in its stream; see [`Message::position`](crate::Message::position).
///
/// Written as `stream/sequence`, by serde as its two fields. Positions of different streams
/// are not ordered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct StreamPosition {
    /// Which stream it is.
    pub stream: StreamId,
    /// The number of the message; the first is 1. It fits into an `i64`.
    pub sequence: u64,
}

/// A text that is no stream or no position of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePositionError {
    /// A stream is not 32 hexadecimal digits.
    #[error("{0:?} is no stream: expected 32 hexadecimal digits")]
    Stream(String),
    /// A position is not a stream, a slash and a number of at most 2^55.
    #[error("{0:?} is no position: expected a stream, a slash and the number of a message")]
    Position(String),
}

/// No stream is that long.
pub(crate) const SEQUENCE_MAX: u64 = 1 << 55;

impl StreamId {
    /// The bits as they are.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// From what [`to_bytes`](Self::to_bytes) gave.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        StreamId(bytes)
    }
}

impl PartialOrd for StreamPosition {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.stream == other.stream).then(|| self.sequence.cmp(&other.sequence))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stream, self.sequence)
    }
}

impl FromStr for StreamId {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, ParsePositionError> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u128::from_str_radix(text, 16).ok().filter(|_| is_hex);
        let bits = bits.ok_or_else(|| ParsePositionError::Stream(text.to_owned()))?;
        Ok(StreamId(bits.to_be_bytes()))
    }
}

impl FromStr for StreamPosition {
    type Err = ParsePositionError;

    fn from_str(text: &str) -> Result<Self, ParsePositionError> {
        let wrong = || ParsePositionError::Position(text.to_owned());
        let (stream, sequence) = text.split_once('/').ok_or_else(wrong)?;
        let sequence = sequence.parse().ok();
        Ok(StreamPosition {
            stream: stream.parse()?,
            sequence: sequence
                .filter(|&sequence| sequence <= SEQUENCE_MAX)
                .ok_or_else(wrong)?,
        })
    }
}

impl Serialize for StreamId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Deserialize::deserialize(deserializer).map(StreamId);
        }
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITION: StreamPosition = StreamPosition {
        stream: StreamId([0xab; 16]),
        sequence: 300,
    };

    #[test]
    fn a_position_survives_text_and_bytes() {
        let text = POSITION.to_string();
        assert_eq!(text, format!("{}/300", "ab".repeat(16)));
        assert_eq!(text.parse(), Ok(POSITION));
        let bytes = postcard::to_stdvec(&POSITION).unwrap();
        assert_eq!(bytes.len(), 16 + 2);
        assert_eq!(postcard::from_bytes(&bytes), Ok(POSITION));
        assert_eq!(
            StreamId::from_bytes(POSITION.stream.to_bytes()),
            POSITION.stream
        );
    }

    #[test]
    fn a_text_that_is_no_position_is_refused() {
        let stream = POSITION.stream;
        for text in [
            "",
            "/",
            "ab/1",
            &format!("{stream}"),
            &format!("{stream}/"),
            &format!("{stream}/-1"),
            &format!("{stream}/{}", u64::MAX),
            &format!("+{}/1", "a".repeat(31)),
        ] {
            assert!(text.parse::<StreamPosition>().is_err(), "{text}");
        }
    }

    #[test]
    fn positions_are_ordered_within_their_stream() {
        let later = StreamPosition {
            sequence: 301,
            ..POSITION
        };
        let elsewhere = StreamPosition {
            stream: StreamId::default(),
            ..later
        };
        assert!(POSITION < later);
        assert_eq!(POSITION.partial_cmp(&elsewhere), None);
    }
}
