//! The first part of a typed message: codec, schema, wire name. `WIRE.md` has its
//! bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use treewire_transports::{Content, Failure, Payload};

use super::error::{DECODE_FAILED, SCHEMA_MISMATCH};
use super::{Codec, WireMessage, schema_of};

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

    /// In which codec what follows is an `M`; of peers that do not say it, in `foreign`.
    pub(super) fn fits<M: WireMessage>(&self, foreign: Codec) -> Result<Codec, Failure> {
        let Descriptor::Full {
            codec,
            schema,
            name,
        } = self
        else {
            return Ok(foreign);
        };
        let Some(codec) = Codec::from_id(*codec) else {
            let known = Codec::ALL.map(|codec| format!("{} ({codec})", codec.id()));
            let known = known.join(", ");
            let text = format!("{name} came in codec {codec}, known are {known}");
            return Err(Failure::new(DECODE_FAILED, text));
        };
        if *schema != schema_of::<M>() {
            let text = format!("the two sides have different definitions of {name} or its reply");
            return Err(Failure::new(SCHEMA_MISMATCH, text));
        }
        Ok(codec)
    }
}

/// An encoded value, and what is said about it.
pub(super) struct Encoded<'a> {
    /// What its first part says; of a lone payload nothing.
    pub(super) descriptor: Option<Descriptor<'a>>,
    pub(super) payload: &'a [u8],
    /// The codec of peers that name none.
    pub(super) foreign: Codec,
}

impl Encoded<'_> {
    /// The message and the codec in which it came.
    pub(super) fn decode<M: WireMessage>(&self) -> Result<(M, Codec), Failure> {
        let codec = match &self.descriptor {
            Some(descriptor) => descriptor.fits::<M>(self.foreign)?,
            None => self.foreign,
        };
        Ok((codec.decode(self.payload)?, codec))
    }
}

/// The encoded value of a message as it came: behind the name, or all there is. What is
/// published has its topic before that.
pub(super) fn payload_of(content: &Content, has_topic: bool) -> &[u8] {
    let mut parts = content.parts().skip(usize::from(has_topic));
    let first = parts.next();
    parts.next().or(first).unwrap_or(content.first())
}

/// The first part of every message of type `M` in that codec.
pub(super) fn descriptor<M: WireMessage>(codec: Codec) -> Payload {
    let mut part = Vec::with_capacity(17 + M::NAME.len());
    part.push(codec.id());
    part.extend_from_slice(&schema_of::<M>());
    part.extend_from_slice(M::NAME.as_bytes());
    Payload::from(part)
}

/// Drops a value, whose destructor may panic.
pub(super) fn discard<T>(value: T) {
    if catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
        tracing::warn!("the drop of a {} panicked", std::any::type_name::<T>());
    }
}
