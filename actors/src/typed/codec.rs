//! How typed messages and their replies stand in bytes.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;
use treewire_transports::{Failure, Payload};

use super::descriptor::discard;
use super::error::{DECODE_FAILED, ENCODE_FAILED};

mod msgpack_depth;

/// How deep lists and maps may lie in each other; deeper ones cannot be decoded. Each
/// level takes its piece of the stack.
const DEPTH_MAX: usize = 128;

/// How many bytes of a text go to a peer, or into the log, that may quote what it sent.
const TEXT_BYTES_MAX: usize = 1_024;

/// How typed messages and their replies are encoded. Structs are maps with the names of
/// their fields in all but postcard, as programs in other languages have them.
///
/// What is nested more than 128 levels deep cannot be decoded, and what a codec cannot
/// express is not sent: JSON knows no maps whose keys are neither texts nor numbers, and
/// has `null` for numbers that are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Compact and quick; nothing but values, so that both sides must know the type.
    #[default]
    Postcard,
    /// JSON (RFC 8259).
    Json,
    /// MessagePack.
    Msgpack,
    /// CBOR (RFC 8949).
    Cbor,
}

impl Codec {
    /// All there are.
    pub const ALL: [Codec; 4] = [Codec::Postcard, Codec::Json, Codec::Msgpack, Codec::Cbor];

    /// Its number on the wire. Numbers are below 0x20, which no wire name begins with.
    pub fn id(self) -> u8 {
        match self {
            Codec::Postcard => 1,
            Codec::Json => 2,
            Codec::Msgpack => 3,
            Codec::Cbor => 4,
        }
    }

    /// The one with that number on the wire.
    pub fn from_id(id: u8) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.id() == id)
    }

    pub(super) fn encode<T: Serialize>(self, value: &T) -> Result<Payload, Failure> {
        // Encoding is the user's code, too, and what it makes of a peer's message.
        let encoded = catch_unwind(AssertUnwindSafe(|| self.write(value)));
        let reason = match encoded {
            Ok(Ok(bytes)) => return Ok(Payload::from(bytes)),
            Ok(Err(error)) => format!("cannot be encoded as {self}: {error}"),
            Err(_) => "its encoder panicked".into(),
        };
        Err(Failure::new(ENCODE_FAILED, shortened(reason)))
    }

    pub(super) fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, Failure> {
        // Decoding is the user's code, run by the connection under the socket's lock.
        let decoded = catch_unwind(AssertUnwindSafe(|| self.read(bytes)));
        let reason = match decoded {
            Ok(Ok((value, 0))) => return Ok(value),
            Ok(Ok((value, left))) => {
                discard::<T>(value);
                format!("{left} bytes are left over")
            }
            Ok(Err(reason)) => format!("cannot be decoded as {self}: {reason}"),
            Err(_) => "its decoder panicked".into(),
        };
        Err(Failure::new(DECODE_FAILED, shortened(reason)))
    }

    fn write<T: Serialize>(self, value: &T) -> Result<Vec<u8>, String> {
        match self {
            Codec::Postcard => postcard::to_stdvec(value).map_err(said),
            Codec::Json => serde_json::to_vec(value).map_err(said),
            Codec::Msgpack => rmp_serde::to_vec_named(value).map_err(said),
            Codec::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(value, &mut bytes).map_err(said)?;
                Ok(bytes)
            }
        }
    }

    /// The value, and how many bytes are left over; or what does not fit, and where.
    fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<(T, usize), String> {
        match self {
            Codec::Postcard => {
                let (value, rest) = postcard::take_from_bytes(bytes).map_err(said)?;
                Ok((value, rest.len()))
            }
            // It says line and column itself, and allows for space at the end. It goes
            // 128 levels deep, too.
            Codec::Json => Ok((serde_json::from_slice(bytes).map_err(said)?, 0)),
            Codec::Msgpack => {
                msgpack_depth::check(bytes, DEPTH_MAX)?;
                let mut decoder = rmp_serde::Deserializer::new(bytes);
                let value = T::deserialize(&mut decoder);
                placed(value, bytes, decoder.get_ref())
            }
            Codec::Cbor => {
                let mut rest = bytes;
                let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX);
                placed(value, bytes, rest)
            }
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Postcard => "postcard",
            Codec::Json => "json",
            Codec::Msgpack => "msgpack",
            Codec::Cbor => "cbor",
        })
    }
}

fn said(error: impl fmt::Display) -> String {
    error.to_string()
}

/// What a decoder came to that stopped before `rest`.
fn placed<T, E: fmt::Display>(
    value: Result<T, E>,
    bytes: &[u8],
    rest: &[u8],
) -> Result<(T, usize), String> {
    match value {
        Ok(value) => Ok((value, rest.len())),
        Err(error) => Err(format!("{error}, at byte {}", bytes.len() - rest.len())),
    }
}

/// The text without the middle of a very long one: it may quote a message, and its end
/// says where.
pub(super) fn shortened(text: String) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let head = text.floor_char_boundary(TEXT_BYTES_MAX / 2);
    let tail = text.ceil_char_boundary(text.len() - TEXT_BYTES_MAX / 2);
    format!("{} … {}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests;
