use std::fmt;

use treewire_transports::{Content, Failure};

use crate::core::{Blocked, Reason};

/// A message that was not taken; it comes back.
#[derive(Debug, PartialEq, Eq)]
pub struct SendError {
    content: Box<Content>,
    reason: Reason,
}

impl SendError {
    pub(crate) fn new(blocked: Blocked) -> Self {
        SendError {
            content: Box::new(blocked.content),
            reason: blocked.reason,
        }
    }

    /// The message.
    pub fn into_content(self) -> Content {
        *self.content
    }

    /// Every queue is at its bound: later it may be taken.
    pub fn is_full(&self) -> bool {
        self.reason == Reason::Full
    }

    /// There is no peer, and none is being dialed: later it may be taken.
    pub fn is_no_peer(&self) -> bool {
        self.reason == Reason::NoPeer
    }

    /// The socket asks [one thing at a time](crate::Req::lock_step), and another request is
    /// under way.
    pub fn is_out_of_step(&self) -> bool {
        self.reason == Reason::OutOfStep
    }

    /// No peer or no room came within the socket's
    /// [`send_timeout`](crate::Push::send_timeout): later it may be taken.
    pub fn is_timed_out(&self) -> bool {
        self.reason == Reason::TimedOut
    }

    /// The peer that the message was for is gone.
    pub fn is_peer_gone(&self) -> bool {
        self.reason == Reason::PeerGone
    }

    /// The session was with a node that another has replaced: no message is taken any more.
    pub fn is_peer_replaced(&self) -> bool {
        self.reason == Reason::PeerReplaced
    }

    /// The socket is being stopped, and may be started again: later it may be taken.
    pub fn is_resting(&self) -> bool {
        self.reason == Reason::Resting
    }

    /// The socket is closing or has closed.
    pub fn is_closed(&self) -> bool {
        self.reason == Reason::Closing
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message was not taken: {}", self.reason)
    }
}

impl std::error::Error for SendError {}

/// Why nothing can be received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
// A word, so that the message it stands beside in a result is moved as words.
#[repr(usize)]
pub enum RecvError {
    /// The socket hands everything it receives to an actor.
    #[error("the socket delivers to an actor: nothing is left to receive")]
    Delivering,
    /// The socket's type does not receive.
    #[error("a socket of this type does not receive")]
    Sends,
    /// Nothing came within the socket's [`receive_timeout`](crate::Pull::receive_timeout).
    #[error("nothing came within the receive timeout: receive again, or see where peers are")]
    TimedOut,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It was not taken to be sent.
    #[error(transparent)]
    NotTaken(SendError),
    /// It was taken but never sent, since the socket was stopped or its overflow policy
    /// dropped it; it comes back.
    #[error("the socket was stopped, or its queue overflowed, before the request was sent")]
    NotSent(Content),
    /// The peer takes no message of its size, or of so many parts, or its dialect carries none like
    /// it; it comes back.
    #[error("the peer does not take the request: {1}")]
    Unsendable(Content, String),
    /// The peer it was sent to is gone; whether it was handled is not known.
    #[error("the peer is gone; mark requests that may be sent twice as idempotent")]
    PeerGone,
    /// The deadline passed; it was withdrawn, and the peer told if it had left.
    #[error("no answer came in time")]
    TimedOut,
    /// Another request took its place, as the socket's
    /// [`lock_step`](crate::Req::lock_step) says; it was cancelled.
    #[error("a later request took its place")]
    Superseded,
    /// The peer says why there is no answer.
    #[error("the peer could not answer: {}", .0.text)]
    Failed(Failure),
    /// The socket was stopped or has closed.
    #[error("the socket has closed")]
    Closed,
}

/// What a close came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a close may have dropped messages"]
pub enum Closed {
    /// Every peer confirmed everything.
    Flushed,
    /// So many messages were given up: never sent, or not confirmed.
    Dropped(u64),
}
