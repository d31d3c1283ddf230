//! What a sender hands over: headers and parts.

use std::sync::Arc;

use bytes::Bytes;

use crate::{Headers, Payload};

/// The headers and the one or more parts of a message.
///
/// One part and no headers cost no allocation beyond the part's own.
#[derive(Clone, Debug, Default)]
pub struct Content {
    first: Payload,
    /// What few messages have: one word to look at, and to move, for those that have none. Shared
    /// by the clones that go to many peers.
    more: Option<Arc<More>>,
}

#[derive(Clone, Debug, Default)]
struct More {
    headers: Headers,
    rest: Vec<Payload>,
}

impl Content {
    /// One part, no headers.
    #[inline]
    pub fn new(part: impl Into<Payload>) -> Self {
        Self {
            first: part.into(),
            more: None,
        }
    }

    /// One empty part, no headers.
    #[inline]
    pub const fn empty() -> Self {
        Self {
            first: Payload::new(),
            more: None,
        }
    }

    /// These parts, no headers; no part at all counts as one empty part.
    pub fn from_parts(parts: Vec<Payload>) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        let rest: Vec<_> = parts.collect();
        let more = More {
            headers: Headers::default(),
            rest,
        };
        Self {
            first,
            more: (!more.rest.is_empty()).then(|| Arc::new(more)),
        }
    }

    /// Adds a part at the end.
    pub fn push_part(&mut self, part: impl Into<Payload>) {
        self.more_mut().rest.push(part.into());
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
        if self.more.is_some() || !headers.is_empty() {
            self.more_mut().headers = headers;
        }
        self
    }

    /// The first part.
    #[inline]
    pub fn first(&self) -> &Payload {
        &self.first
    }

    /// Every part, in order; at least one.
    pub fn parts(&self) -> impl Iterator<Item = &Payload> {
        std::iter::once(&self.first).chain(self.rest())
    }

    /// How many parts there are; at least one.
    #[inline]
    pub fn part_count(&self) -> usize {
        1 + self.rest().len()
    }

    /// The only part, without an allocation.
    ///
    /// # Errors
    /// The content back, when it has more than one part.
    pub fn into_single(self) -> Result<Payload, Self> {
        if self.rest().is_empty() {
            Ok(self.first)
        } else {
            Err(self)
        }
    }

    /// The parts without the headers.
    pub fn into_parts(self) -> Vec<Payload> {
        let more = self.more.map(Arc::unwrap_or_clone);
        let mut parts = more.map(|more| more.rest).unwrap_or_default();
        parts.insert(0, self.first);
        parts
    }

    /// The headers, if there are any.
    #[inline]
    pub fn headers(&self) -> Option<&Headers> {
        let more = self.more.as_deref()?;
        (!more.headers.is_empty()).then_some(&more.headers)
    }

    /// The headers, to change them.
    pub fn headers_mut(&mut self) -> &mut Headers {
        &mut self.more_mut().headers
    }

    /// Bytes of all parts and of the encoded headers: what counts against a message size limit.
    #[inline]
    pub fn byte_len(&self) -> usize {
        let more = self.more.as_deref().map_or(0, More::byte_len);
        self.first.len() + more
    }

    /// Whether it is one part without headers, which travels in the shortest form.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.more.is_none()
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

    #[inline]
    fn rest(&self) -> &[Payload] {
        self.more.as_deref().map_or(&[], |more| &more.rest)
    }

    fn more_mut(&mut self) -> &mut More {
        Arc::make_mut(self.more.get_or_insert_default())
    }
}

impl More {
    #[cold]
    fn byte_len(&self) -> usize {
        let headers = match self.headers.is_empty() {
            true => 0,
            false => self.headers.encoded_len(),
        };
        headers + self.rest.iter().map(|part| part.len()).sum::<usize>()
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.parts().eq(other.parts()) && self.headers() == other.headers()
    }
}

impl Eq for Content {}

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
