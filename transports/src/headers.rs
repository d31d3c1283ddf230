//! The small map that travels beside a message's parts.

use bytes::{Buf, Bytes};

use crate::Payload;
use crate::dialect::tw::varint;

/// A message carries at most this many headers.
pub const HEADERS_MAX: usize = 64;

/// All headers of a message together take at most this many bytes in their encoded form.
pub const HEADERS_BYTES_MAX: usize = 64 * 1024;

/// Names and values beside the parts of a message, in the order in which they were first inserted.
///
/// A name occurs once. More than [`HEADERS_MAX`] entries or [`HEADERS_BYTES_MAX`] bytes can be collected, but not sent:
/// [`check`](Self::check) tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Payload)>);

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a header and returns the value it had before.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: impl Into<Payload>,
    ) -> Option<Payload> {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.0.push((name, value));
                None
            }
        }
    }

    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&Payload> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// Takes a header out.
    pub fn remove(&mut self, name: &str) -> Option<Payload> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Every header, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Payload)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes [`encode`](Self::encode) gives.
    pub fn encoded_len(&self) -> usize {
        let prefixed = |bytes: &[u8]| varint::length(bytes.len() as u64) + bytes.len();
        let entries: usize = self
            .0
            .iter()
            .map(|(name, value)| prefixed(name.as_bytes()) + prefixed(value))
            .sum();
        varint::length(self.0.len() as u64) + entries
    }

    /// Whether a peer would take these headers.
    ///
    /// # Errors
    /// The bound they break.
    pub fn check(&self) -> Result<(), HeadersError> {
        if self.0.len() > HEADERS_MAX {
            return Err(HeadersError::TooMany {
                count: self.0.len() as u64,
            });
        }
        match self.encoded_len() {
            bytes if bytes > HEADERS_BYTES_MAX => Err(HeadersError::TooLarge { bytes }),
            _ => Ok(()),
        }
    }

    /// The header block: a varint count, then each name and value, each behind its varint length.
    pub fn encode(&self) -> Bytes {
        let mut block = Vec::with_capacity(self.encoded_len());
        varint::append(&mut block, self.0.len() as u64);
        for (name, value) in &self.0 {
            for bytes in [name.as_bytes(), value] {
                varint::append(&mut block, bytes.len() as u64);
                block.extend_from_slice(bytes);
            }
        }
        block.into()
    }

    /// Reads a header block; values longer than an inline payload are slices of it.
    ///
    /// # Errors
    /// What is wrong with it; no memory is taken beyond the block's own size.
    pub fn decode(mut block: Bytes) -> Result<Self, HeadersError> {
        if block.len() > HEADERS_BYTES_MAX {
            return Err(HeadersError::TooLarge { bytes: block.len() });
        }
        let count = take_varint(&mut block)?;
        if count > HEADERS_MAX as u64 {
            return Err(HeadersError::TooMany { count });
        }
        let mut headers = Self::new();
        for _ in 0..count {
            let name = take_bytes(&mut block)?;
            let name = std::str::from_utf8(&name).map_err(|_| HeadersError::NameNotText)?;
            let value = take_bytes(&mut block)?;
            if headers.insert(name, value).is_some() {
                return Err(HeadersError::Twice {
                    name: name.to_owned(),
                });
            }
        }
        Ok(headers)
    }
}

impl<N: Into<String>, V: Into<Payload>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in entries {
            headers.insert(name, value);
        }
        headers
    }
}

/// Why headers cannot be sent, or a received header block cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadersError {
    /// More than [`HEADERS_MAX`] entries.
    #[error("{count} headers exceed the limit of {HEADERS_MAX}")]
    TooMany {
        /// How many there are, or are said to be.
        count: u64,
    },
    /// More than [`HEADERS_BYTES_MAX`] bytes.
    #[error("headers of {bytes} bytes exceed the limit of {HEADERS_BYTES_MAX}")]
    TooLarge {
        /// Their encoded size.
        bytes: usize,
    },
    /// The block ends inside an entry, or a length in it is no varint.
    #[error("the header block ends inside an entry")]
    Truncated,
    /// A header name is not UTF-8.
    #[error("a header name is not UTF-8")]
    NameNotText,
    /// A name occurs more than once.
    #[error("header {name:?} occurs twice")]
    Twice {
        /// The name.
        name: String,
    },
}

fn take_varint(block: &mut Bytes) -> Result<u64, HeadersError> {
    let (value, size) = varint::read(block)
        .ok()
        .flatten()
        .ok_or(HeadersError::Truncated)?;
    block.advance(size);
    Ok(value)
}

fn take_bytes(block: &mut Bytes) -> Result<Bytes, HeadersError> {
    let length = take_varint(block)?;
    if length > block.len() as u64 {
        return Err(HeadersError::Truncated);
    }
    Ok(block.split_to(length as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insert_replaces_and_keeps_the_order() {
        let mut headers: Headers = [("b", "1"), ("a", "2")].into_iter().collect();
        assert_eq!(headers.insert("b", "3"), Some(Payload::from("1")));
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(
            all,
            [("b", &Payload::from("3")), ("a", &Payload::from("2"))]
        );
        assert_eq!(headers.remove("b"), Some(Payload::from("3")));
        assert_eq!(headers.get("b"), None);
    }

    #[test]
    fn a_block_decodes_to_what_was_encoded() {
        let headers: Headers = [("trace", vec![1; 300]), ("", vec![]), ("é", vec![2])]
            .into_iter()
            .collect();
        let block = headers.encode();
        assert_eq!(block.len(), headers.encoded_len());
        assert_eq!(Headers::decode(block).unwrap(), headers);
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let many: Headers = (0..65).map(|n| (n.to_string(), "")).collect();
        assert_eq!(many.check(), Err(HeadersError::TooMany { count: 65 }));
        assert_eq!(
            Headers::decode(many.encode()),
            Err(HeadersError::TooMany { count: 65 })
        );
        let large: Headers = [("a", vec![0; HEADERS_BYTES_MAX])].into_iter().collect();
        assert!(matches!(large.check(), Err(HeadersError::TooLarge { .. })));
        assert!(matches!(
            Headers::decode(large.encode()),
            Err(HeadersError::TooLarge { .. })
        ));
    }

    #[test]
    fn a_lying_length_is_refused() {
        let check = |block: &'static [u8], error| {
            assert_eq!(Headers::decode(Bytes::from_static(block)), Err(error))
        };
        check(&[], HeadersError::Truncated);
        check(&[1], HeadersError::Truncated);
        check(
            &[1, 0xff, 0xff, 0xff, 0xff, 0x0f, b'a'],
            HeadersError::Truncated,
        );
        check(&[1, 1, b'a', 5, b'b'], HeadersError::Truncated);
        check(&[0xff, 0xff, 0x03], HeadersError::TooMany { count: 65_535 });
        check(&[1, 1, 0xff, 0], HeadersError::NameNotText);
        check(
            &[2, 1, b'a', 0, 1, b'a', 0],
            HeadersError::Twice { name: "a".into() },
        );
    }
}
