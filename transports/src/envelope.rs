//! A message as a connection carries it.

use crate::Content;

/// What an [`Envelope`] is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
// A word, so that the envelope is moved as words: what was written as a byte just before holds that up.
#[repr(usize)]
pub enum Kind {
    /// A message, a request, or the answer to one.
    #[default]
    Data,
    /// The answer to a request that went wrong; its first part is an encoded [`Failure`](crate::Failure).
    Failure,
    /// The asker gave up on the request with this correlation id; there is no payload.
    /// Without an id it stands where a message was given up and kept its number.
    Cancel,
    /// What two sockets tell each other beside messages, as their patterns have it: subscriptions
    /// for instance.
    Note,
}

/// A message on a channel: its content, what it is for and which request it belongs to.
// The content comes first in all that has one, so that it is moved in the same steps of 16 bytes wherever it goes: a load
// that spans two stores waits for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Envelope {
    /// Headers and parts.
    pub content: Content,
    /// The request it is or answers; 0 when it belongs to none.
    pub correlation: u64,
    /// What it is for.
    pub kind: Kind,
}

impl Envelope {
    /// Whether it is a message, a request, or the answer to one.
    #[inline]
    pub fn is_data(&self) -> bool {
        self.kind == Kind::Data
    }

    /// Data that belongs to no request.
    #[inline]
    pub fn new(content: impl Into<Content>) -> Self {
        Self {
            kind: Kind::Data,
            correlation: 0,
            content: content.into(),
        }
    }

    /// The same as part of a request.
    pub fn correlated(self, correlation: u64) -> Self {
        Self {
            correlation,
            ..self
        }
    }

    /// The answer that says why a request failed.
    pub fn failure(correlation: u64, failure: &crate::Failure) -> Self {
        Self {
            kind: Kind::Failure,
            correlation,
            content: Content::new(failure.encode()),
        }
    }

    /// Tells the peer that nobody waits for an answer any more.
    pub fn cancel(correlation: u64) -> Self {
        Self {
            kind: Kind::Cancel,
            correlation,
            content: Content::default(),
        }
    }

    /// Something that a pattern has to say.
    pub fn note(body: impl Into<Content>) -> Self {
        Self {
            kind: Kind::Note,
            ..Self::new(body)
        }
    }

    /// Keeps the number of a message that was given up.
    pub fn nothing() -> Self {
        Self::cancel(0)
    }
}
