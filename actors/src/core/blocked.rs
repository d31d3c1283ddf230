use std::fmt;

use treewire_transports::{Content, HeadersError};

/// A message that was not taken, and why.
#[derive(Debug)]
pub(crate) struct Blocked {
    pub(crate) content: Content,
    pub(crate) reason: Reason,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Every queue is at its bound.
    Full,
    /// There is no peer, and none is being dialed.
    NoPeer,
    /// The socket asks one thing at a time, and another request is under way.
    OutOfStep,
    /// The socket's timeout passed while it waited for room or a peer.
    TimedOut,
    /// The peer that the message was for is gone, and does not come back under
    /// that source.
    PeerGone,
    /// The socket's type does not send.
    SendsNothing,
    /// The socket sends to the sources of messages only.
    NeedsDestination,
    /// The socket chooses its peers itself.
    ChoosesItself,
    /// The socket is stopped, and may be started again.
    Resting,
    /// The socket is closing.
    Closing,
    /// The session was with a node that another has replaced.
    PeerReplaced,
    /// Larger than the socket's limit.
    TooLarge { bytes: u64, limit: u64 },
    /// More parts than a message may have.
    TooManyParts { parts: usize, limit: usize },
    /// Headers that no peer would take.
    Headers(HeadersError),
    /// What is sent to all peers has no one fate.
    NotTracked,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Full => f.write_str("the queue is at its bound: send slower, or raise it"),
            Reason::NoPeer => f.write_str("there is no peer to send to"),
            Reason::OutOfStep => f.write_str(
                "the request before it is under way: await or drop that first, or set lock_step to Relaxed",
            ),
            Reason::TimedOut => f.write_str(
                "no peer took it within the send timeout: try again, or see why peers are slow or away",
            ),
            Reason::PeerGone => f.write_str("the peer it was for is gone"),
            Reason::SendsNothing => f.write_str("a socket of this type does not send"),
            Reason::NeedsDestination => {
                f.write_str("this socket sends to the source of a message: use send_to")
            }
            Reason::ChoosesItself => f.write_str("this socket chooses its peers itself: use send"),
            Reason::Resting => f.write_str("the socket is stopped: wait until it is started again"),
            Reason::Closing => f.write_str("the socket is closing"),
            Reason::PeerReplaced => f.write_str(
                "another node answers where the peer of the session was: open another socket to talk to it, or let this one fail over",
            ),
            Reason::TooLarge { bytes, limit } => {
                write!(f, "the message has {bytes} bytes, the limit is {limit}")
            }
            Reason::TooManyParts { parts, limit } => {
                write!(f, "the message has {parts} parts, the limit is {limit}")
            }
            Reason::Headers(error) => write!(f, "{error}"),
            Reason::NotTracked => f.write_str(
                "what this socket sends has a fate with each of its peers: send it untracked",
            ),
        }
    }
}
