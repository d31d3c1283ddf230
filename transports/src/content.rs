//! What a sender hands over: headers and parts.

use bytes::Bytes;

use crate::{Headers, Payload};

/// The headers and the one or more parts of a message.
///
/// One part and no headers cost no allocation beyond the part's own.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    headers: Option<Box<Headers>>,
    first: Payload,
    rest: Vec<Payload>,
}

impl Content {
    /// One part, no headers.
    #[inline]
    pub fn new(part: impl Into<Payload>) -> Self {
        Self {
            headers: None,
            first: part.into(),
            rest: Vec::new(),
        }
    }

    /// These parts, no headers; no part at all counts as one empty part.
    pub fn from_parts(parts: Vec<Payload>) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        Self {
            headers: None,
            first,
            rest: parts.collect(),
        }
    }

    /// Adds a part at the end.
    pub fn push_part(&mut self, part: impl Into<Payload>) {
        self.rest.push(part.into());
    }

    /// The same with one more part at the end.
    pub fn with_part(mut self, part: impl Into<Payload>) -> Self {
        self.push_part(part);
        self
    }

    /// The same with one header set.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Payload>) -> Self {
        self.headers_mut().insert(name, value);
        self
    }

    /// The same with these headers instead of its own.
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = (!headers.is_empty()).then(|| Box::new(headers));
        self
    }

    /// The first part.
    #[inline]
    pub fn first(&self) -> &Payload {
        &self.first
    }

    /// Every part, in order; at least one.
    pub fn parts(&self) -> impl Iterator<Item = &Payload> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// How many parts there are; at least one.
    #[inline]
    pub fn part_count(&self) -> usize {
        1 + self.rest.len()
    }

    /// The only part, without an allocation.
    ///
    /// # Errors
    /// The content back, when it has more than one part.
    pub fn into_single(self) -> Result<Payload, Self> {
        if self.rest.is_empty() {
            Ok(self.first)
        } else {
            Err(self)
        }
    }

    /// The parts without the headers.
    pub fn into_parts(self) -> Vec<Payload> {
        let mut parts = self.rest;
        parts.insert(0, self.first);
        parts
    }

    /// The headers, if there are any.
    #[inline]
    pub fn headers(&self) -> Option<&Headers> {
        self.headers
            .as_deref()
            .filter(|headers| !headers.is_empty())
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut Headers {
        self.headers.get_or_insert_default()
    }

    /// Bytes of all parts and of the encoded headers: what counts against a message size limit.
    pub fn byte_len(&self) -> usize {
        let headers = self.headers().map_or(0, Headers::encoded_len);
        headers + self.first.len() + self.rest.iter().map(|part| part.len()).sum::<usize>()
    }

    /// Whether it is one part without headers, which travels in the shortest form.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.headers.is_none() && self.rest.is_empty()
    }

    /// Whether nothing of it lies elsewhere: one part, of at most [`INLINE_BYTES_MAX`](crate::INLINE_BYTES_MAX) bytes,
    /// without headers. To drop it runs nobody's code.
    #[inline]
    pub fn is_inline(&self) -> bool {
        self.is_plain() && self.first.as_padded().is_some()
    }

    #[inline]
    pub(crate) fn into_first(self) -> Payload {
        self.first
    }
}

impl Clone for Content {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            headers: self.headers.clone(),
            first: self.first.clone(),
            // What is usual allocates nothing, and needs no call to find that out.
            rest: match self.rest.is_empty() {
                true => Vec::new(),
                false => self.rest.clone(),
            },
        }
    }
}

impl From<Payload> for Content {
    #[inline]
    fn from(part: Payload) -> Self {
        Self::new(part)
    }
}

impl From<Bytes> for Content {
    fn from(part: Bytes) -> Self {
        Self::new(part)
    }
}

impl From<Vec<u8>> for Content {
    fn from(part: Vec<u8>) -> Self {
        Self::new(part)
    }
}

impl From<String> for Content {
    fn from(part: String) -> Self {
        Self::new(part)
    }
}

impl From<&[u8]> for Content {
    fn from(part: &[u8]) -> Self {
        Self::new(part)
    }
}

impl<const N: usize> From<&[u8; N]> for Content {
    fn from(part: &[u8; N]) -> Self {
        Self::new(part)
    }
}

impl From<&str> for Content {
    fn from(part: &str) -> Self {
        Self::new(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_parts_are_one_empty_part() {
        assert_eq!(Content::from_parts(vec![]), Content::new(""));
    }

    #[test]
    fn parts_come_back_in_order() {
        let content = Content::new("a").with_part("b").with_part("c");
        assert_eq!(content.part_count(), 3);
        assert_eq!(Content::from_parts(content.clone().into_parts()), content);
        assert_eq!(content.clone().into_single(), Err(content));
    }

    #[test]
    fn byte_len_counts_parts_and_headers() {
        assert_eq!(Content::new("abc").with_part("de").byte_len(), 5);
        assert_eq!(
            Content::new("abc").with_header("k", "vv").byte_len(),
            3 + 1 + 2 + 3
        );
    }
}
