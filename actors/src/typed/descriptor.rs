//! The first part of a typed message: codec, schema, wire name. `WIRE.md` has its
//! bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use treewire_transports::{Content, Failure, Payload};

use super::error::{DECODE_FAILED, ENCODE_FAILED, SCHEMA_MISMATCH};
use super::{WireMessage, WireType, schema_of};

/// The codec id of postcard. Ids are below 0x20, which no wire name begins with.
const POSTCARD: u8 = 1;

/// What a first part says.
pub(super) enum Descriptor<'a> {
    /// A Treewire peer: with a codec and the schema's fingerprint.
    Full {
        codec: u8,
        schema: [u8; 16],
        name: &'a str,
    },
    /// A foreign peer: just the wire name.
    Name(&'a str),
}

impl<'a> Descriptor<'a> {
    pub(super) fn parse(part: &'a [u8]) -> Option<Self> {
        let (&codec, rest) = part.split_first()?;
        if codec >= 0x20 {
            return std::str::from_utf8(part).ok().map(Descriptor::Name);
        }
        let (schema, name) = rest.split_first_chunk::<16>()?;
        let name = std::str::from_utf8(name).ok()?;
        Some(Descriptor::Full {
            codec,
            schema: *schema,
            name,
        })
    }

    pub(super) fn name(&self) -> &'a str {
        match self {
            Descriptor::Full { name, .. } | Descriptor::Name(name) => name,
        }
    }

    /// Whether what follows can be decoded as an `M`.
    pub(super) fn fits<M: WireMessage>(&self) -> Result<(), Failure> {
        let Descriptor::Full {
            codec,
            schema,
            name,
        } = self
        else {
            return Ok(());
        };
        if *codec != POSTCARD {
            let text = format!("{name} came in codec {codec}, only {POSTCARD} (postcard) is known");
            return Err(Failure::new(DECODE_FAILED, text));
        }
        if *schema != schema_of::<M>() {
            let text = format!("the two sides have different definitions of {name} or its reply");
            return Err(Failure::new(SCHEMA_MISMATCH, text));
        }
        Ok(())
    }
}

/// The first part of every message of type `M`.
pub(super) fn descriptor<M: WireMessage>() -> Payload {
    let mut part = Vec::with_capacity(17 + M::NAME.len());
    part.push(POSTCARD);
    part.extend_from_slice(&schema_of::<M>());
    part.extend_from_slice(M::NAME.as_bytes());
    Payload::from(part)
}

pub(super) fn encode<T: WireType>(value: &T) -> Result<Payload, Failure> {
    // Encoding is the user's code, too, and what it makes of a peer's message.
    let encoded = catch_unwind(AssertUnwindSafe(|| postcard::to_stdvec(value)));
    let Ok(encoded) = encoded else {
        return Err(Failure::new(ENCODE_FAILED, "its encoder panicked"));
    };
    match encoded {
        Ok(bytes) => Ok(Payload::from(bytes)),
        Err(error) => Err(Failure::new(
            ENCODE_FAILED,
            format!("cannot be encoded: {error}"),
        )),
    }
}

pub(super) fn decode<T: WireType>(bytes: &[u8]) -> Result<T, Failure> {
    // Decoding is the user's code, run by the connection under the socket's lock.
    let decoded = catch_unwind(AssertUnwindSafe(|| postcard::take_from_bytes(bytes)));
    let Ok(decoded) = decoded else {
        return Err(Failure::new(DECODE_FAILED, "its decoder panicked"));
    };
    match decoded {
        Ok((value, [])) => Ok(value),
        Ok((value, rest)) => {
            let text = format!("{} bytes are left over", rest.len());
            discard(value);
            Err(Failure::new(DECODE_FAILED, text))
        }
        Err(error) => Err(Failure::new(
            DECODE_FAILED,
            format!("cannot be decoded: {error}"),
        )),
    }
}

/// Drops a value, whose destructor may panic.
pub(super) fn discard<T>(value: T) {
    if catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
        tracing::warn!("the drop of a {} panicked", std::any::type_name::<T>());
    }
}

/// A typed message as parts.
pub(super) fn content<M: WireMessage>(
    descriptor: &Payload,
    message: &M,
) -> Result<Content, Failure> {
    Ok(Content::new(descriptor.clone()).with_part(encode(message)?))
}
