//! One part of a message: bytes that are cheap to pass on.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

/// Up to this many bytes lie inside the [`Payload`] itself.
pub const INLINE_BYTES_MAX: usize = 23;

/// Bytes of one message part: up to [`INLINE_BYTES_MAX`] of them inline, more of them shared.
///
/// A clone never copies more than the inline bytes. An inline payload pins no buffer, so a small message that waits
/// does not keep the read buffer it arrived in alive.
#[derive(Clone)]
pub struct Payload(Repr);

#[derive(Clone)]
enum Repr {
    Inline(Inline),
    Shared(Bytes),
}

/// Up to [`INLINE_BYTES_MAX`] bytes, and how many there are in the last byte of all. It is written as words, and moved
/// as words: a byte that was written just before holds up the wide load of the move.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Inline([u8; INLINE_BYTES_MAX + 1]);

impl Inline {
    const EMPTY: Self = Self([0; INLINE_BYTES_MAX + 1]);

    /// The first 16 bytes, and the rest with zeros behind it, at most 7 bytes, as a little-endian number.
    #[inline]
    fn new(first: u128, rest: u64, length: usize) -> Self {
        let last = rest & (u64::MAX >> 8) | (length as u64) << 56;
        let mut bytes = [0; INLINE_BYTES_MAX + 1];
        bytes[..16].copy_from_slice(&first.to_le_bytes());
        bytes[16..].copy_from_slice(&last.to_le_bytes());
        Self(bytes)
    }

    #[inline]
    fn of(slice: &[u8]) -> Self {
        let length = slice.len();
        if let (Some(first), Some(end)) = (slice.first_chunk(), slice.last_chunk()) {
            let unused = 8 * (INLINE_BYTES_MAX as u32 + 1 - length as u32);
            let rest = u64::from_le_bytes(*end).checked_shr(unused);
            Self::new(u128::from_le_bytes(*first), rest.unwrap_or(0), length)
        } else {
            let mut first = [0; 16];
            first[..length].copy_from_slice(slice);
            Self::new(u128::from_le_bytes(first), 0, length)
        }
    }

    #[inline]
    fn length(&self) -> usize {
        usize::from(self.0[INLINE_BYTES_MAX])
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        &self.0[..self.length()]
    }
}

impl Payload {
    /// No bytes.
    pub const fn new() -> Self {
        Self(Repr::Inline(Inline::EMPTY))
    }

    /// Bytes that live as long as the program; never copied.
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self(Repr::Shared(Bytes::from_static(bytes)))
    }

    /// The bytes as a shared buffer: without a copy when they are shared already, else with an allocation.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Inline(inline) => Bytes::copy_from_slice(inline.as_slice()),
            Repr::Shared(bytes) => bytes,
        }
    }

    /// The shared buffer, or the payload back when its bytes lie inline.
    pub(crate) fn into_shared(self) -> Result<Bytes, Self> {
        match self.0 {
            Repr::Shared(bytes) => Ok(bytes),
            inline => Err(Self(inline)),
        }
    }

    /// The first `length` bytes of `padded`. Copying a fixed size is what makes small payloads fast.
    #[inline]
    pub(crate) fn from_padded(padded: &[u8; INLINE_BYTES_MAX], length: usize) -> Self {
        debug_assert!(length <= INLINE_BYTES_MAX);
        let (first, _) = padded.split_first_chunk().expect("it is longer");
        let end = padded.last_chunk().expect("it is longer");
        let rest = u64::from_le_bytes(*end) >> 8;
        Self(Repr::Inline(Inline::new(
            u128::from_le_bytes(*first),
            rest,
            length,
        )))
    }

    /// All the room its bytes lie in, when they lie inline.
    #[inline]
    pub(crate) fn as_padded(&self) -> Option<&[u8; INLINE_BYTES_MAX]> {
        match &self.0 {
            Repr::Inline(inline) => inline.0.first_chunk(),
            Repr::Shared(_) => None,
        }
    }

    #[inline]
    fn inline(slice: &[u8]) -> Self {
        Self(Repr::Inline(Inline::of(slice)))
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for Payload {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline(inline) => inline.as_slice(),
            Repr::Shared(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload {}

impl PartialEq<[u8]> for Payload {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

impl PartialEq<&[u8]> for Payload {
    fn eq(&self, other: &&[u8]) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Payload {
    fn eq(&self, other: &&[u8; N]) -> bool {
        **self == other[..]
    }
}

impl PartialEq<&str> for Payload {
    fn eq(&self, other: &&str) -> bool {
        **self == *other.as_bytes()
    }
}

/// At most 32 bytes are shown, then how many there are.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 32;
        if self.len() <= SHOWN {
            write!(f, "\"{}\"", self.escape_ascii())
        } else {
            write!(
                f,
                "\"{}…\" ({} bytes)",
                self[..SHOWN].escape_ascii(),
                self.len()
            )
        }
    }
}

impl From<Bytes> for Payload {
    #[inline]
    fn from(bytes: Bytes) -> Self {
        if bytes.len() <= INLINE_BYTES_MAX {
            Self::inline(&bytes)
        } else {
            Self(Repr::Shared(bytes))
        }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= INLINE_BYTES_MAX {
            Self::inline(&bytes)
        } else {
            Self(Repr::Shared(bytes.into()))
        }
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&[u8]> for Payload {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() <= INLINE_BYTES_MAX {
            Self::inline(bytes)
        } else {
            Self(Repr::Shared(Bytes::copy_from_slice(bytes)))
        }
    }
}

impl<const N: usize> From<&[u8; N]> for Payload {
    fn from(bytes: &[u8; N]) -> Self {
        bytes[..].into()
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_more_room_than_shared_bytes() {
        assert_eq!(size_of::<Payload>(), 32);
    }

    #[test]
    fn keeps_its_bytes_on_both_sides_of_the_inline_bound() {
        for length in (0..=INLINE_BYTES_MAX + 1).chain([5_000]) {
            let bytes: Vec<u8> = (0..length).map(|i| 0x81 ^ i as u8).collect();
            assert_eq!(Payload::from(&bytes[..]), &bytes[..]);
            assert_eq!(Payload::from(bytes.clone()), &bytes[..]);
            assert_eq!(
                Payload::from(Bytes::from(bytes.clone())).into_bytes(),
                bytes
            );
        }
    }

    #[test]
    fn padded_bytes_end_at_the_length() {
        let padded: [u8; INLINE_BYTES_MAX] = std::array::from_fn(|i| 0x81 ^ i as u8);
        for length in 0..=INLINE_BYTES_MAX {
            let payload = Payload::from_padded(&padded, length);
            assert_eq!(payload, &padded[..length]);
            assert_eq!(payload.as_padded(), Some(&padded));
        }
    }

    #[test]
    fn shared_bytes_are_not_copied() {
        let bytes = Bytes::from(vec![7; 100]);
        let at = bytes.as_ptr();
        assert_eq!(Payload::from(bytes).clone().into_bytes().as_ptr(), at);
    }

    #[test]
    fn debug_is_short() {
        assert_eq!(format!("{:?}", Payload::from("hi\n")), r#""hi\n""#);
        assert_eq!(
            format!("{:?}", Payload::from(vec![b'x'; 100])),
            format!("\"{}…\" (100 bytes)", "x".repeat(32)),
        );
    }
}
