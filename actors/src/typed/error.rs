use std::fmt;

use treewire_transports::Failure;

use crate::handle::RequestError;

/// Codes of `FAILURE` frames; `WIRE.md` lists them.
pub(crate) const UNKNOWN_MESSAGE: u16 = 1;
pub(crate) const SCHEMA_MISMATCH: u16 = 2;
pub(crate) const DECODE_FAILED: u16 = 3;
pub(crate) const HANDLER_FAILED: u16 = 4;
pub(crate) const LOST_IN_CRASH: u16 = 5;
pub(crate) const STOPPED: u16 = 6;
pub(crate) const NOT_SENDABLE: u16 = 7;
pub(crate) const ENCODE_FAILED: u16 = 8;
pub(crate) const QUARANTINED: u16 = 9;

/// Why a message to an actor behind a wire was not answered.
///
/// What was never sent comes back as `message`.
pub enum RemoteError<M> {
    /// Nobody behind the socket serves a message of that name.
    UnknownMessage(String),
    /// The two sides define the message, or its reply, differently.
    SchemaMismatch(String),
    /// The message or its reply could not be decoded.
    DecodeFailed(String),
    /// The reply could not be encoded, or is too large to be sent.
    EncodeFailed(String),
    /// The handler gave no answer, or the program said that it failed.
    HandlerFailed(String),
    /// The actor ended while it was handling the message.
    LostInCrash(String),
    /// Three messages of that type from this node made their handler panic within
    /// a minute: they are refused for a minute. It was not handled.
    Quarantined(String),
    /// The actor has stopped for good.
    Stopped(String),
    /// The peer answered with a code this version does not know.
    Other(Failure),
    /// The peer is gone; whether it handled the message is not known.
    PeerGone,
    /// No answer came in time.
    TimedOut,
    /// A later request took its place.
    Superseded,
    /// The message was never sent.
    NotSent {
        /// It comes back.
        message: M,
        /// Why.
        reason: String,
    },
    /// The socket has closed.
    Closed,
}

impl<M> RemoteError<M> {
    pub(super) fn from_failure(failure: Failure) -> Self {
        match failure.code {
            UNKNOWN_MESSAGE => RemoteError::UnknownMessage(failure.text),
            SCHEMA_MISMATCH => RemoteError::SchemaMismatch(failure.text),
            DECODE_FAILED => RemoteError::DecodeFailed(failure.text),
            ENCODE_FAILED | NOT_SENDABLE => RemoteError::EncodeFailed(failure.text),
            HANDLER_FAILED => RemoteError::HandlerFailed(failure.text),
            LOST_IN_CRASH => RemoteError::LostInCrash(failure.text),
            QUARANTINED => RemoteError::Quarantined(failure.text),
            STOPPED => RemoteError::Stopped(failure.text),
            _ => RemoteError::Other(failure),
        }
    }

    pub(super) fn from_request(error: RequestError, message: M) -> Self {
        match error {
            RequestError::NotTaken(error) => RemoteError::NotSent {
                message,
                reason: error.to_string(),
            },
            RequestError::NotSent(_) => RemoteError::NotSent {
                message,
                reason: "the socket closed, or its queue overflowed".into(),
            },
            RequestError::Unsendable(_, reason) => RemoteError::NotSent { message, reason },
            RequestError::PeerGone => RemoteError::PeerGone,
            RequestError::Superseded => RemoteError::Superseded,
            RequestError::TimedOut => RemoteError::TimedOut,
            RequestError::Failed(failure) => RemoteError::from_failure(failure),
            RequestError::Closed => RemoteError::Closed,
        }
    }
}

impl<M> fmt::Display for RemoteError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemoteError::UnknownMessage(text) => write!(f, "unknown message: {text}"),
            RemoteError::SchemaMismatch(text) => write!(f, "schema mismatch: {text}"),
            RemoteError::DecodeFailed(text) => write!(f, "decode failed: {text}"),
            RemoteError::EncodeFailed(text) => write!(f, "encode failed: {text}"),
            RemoteError::HandlerFailed(text) => write!(f, "handler failed: {text}"),
            RemoteError::LostInCrash(text) => write!(f, "lost in a crash: {text}"),
            RemoteError::Quarantined(text) => write!(f, "quarantined: {text}"),
            RemoteError::Stopped(text) => write!(f, "the actor has stopped: {text}"),
            RemoteError::Other(failure) => write!(f, "failure {}: {}", failure.code, failure.text),
            RemoteError::PeerGone => {
                f.write_str("the peer is gone; mark messages that may be sent twice as idempotent")
            }
            RemoteError::TimedOut => f.write_str("no answer came in time"),
            RemoteError::Superseded => f.write_str("a later request took its place"),
            RemoteError::NotSent { reason, .. } => write!(f, "not sent: {reason}"),
            RemoteError::Closed => f.write_str("the socket has closed"),
        }
    }
}

impl<M> fmt::Debug for RemoteError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<M> std::error::Error for RemoteError<M> {}
