use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;
use treewire_transports::Content;

/// What happens to the sessions of a reliable socket; see
/// [`SocketHandle::events`](crate::SocketHandle::events).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SocketEvent {
    /// A peer is there: its session was begun or taken up again.
    Online {
        /// Its address, for people.
        peer: String,
    },
    /// A peer is away. Its session waits for it.
    Offline {
        /// Its address, for people.
        peer: String,
    },
    /// A message was given up: handling it panicked three times, it could not be decoded or
    /// nobody handles its like, or its actor has stopped for good. The stream goes on.
    DeadLetter {
        /// It.
        content: Box<Content>,
    },
    /// A session is over, and its peer does not come back to it.
    SessionEnded {
        /// Why.
        end: SessionEnd,
        /// What the peer did not acknowledge, the oldest first: it may have handled some
        /// of that and not said so.
        undelivered: Arc<[Content]>,
    },
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEnd {
    /// Its peer stayed away for the lease.
    Expired,
    /// Another node answers where its peer was.
    PeerReplaced,
    /// The peer does not know it any more.
    Lost,
    /// The peer closed its socket for good.
    PeerClosed,
    /// This socket was closed for good.
    Closed,
}

impl SessionEnd {
    /// Whether the socket goes on with whoever comes next.
    pub(crate) fn leaves_others(self) -> bool {
        matches!(self, SessionEnd::PeerClosed | SessionEnd::Lost)
    }

    /// The cause under which what was not delivered is counted.
    pub(crate) fn cause(self) -> &'static str {
        match self {
            SessionEnd::Expired => "session expired",
            SessionEnd::PeerReplaced => "peer replaced",
            SessionEnd::Lost => "session lost",
            SessionEnd::PeerClosed => "peer closed",
            SessionEnd::Closed => "closed",
        }
    }
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SessionEnd::Expired => "its peer stayed away for the lease",
            SessionEnd::PeerReplaced => "another node answers where its peer was",
            SessionEnd::Lost => "its peer does not know it any more",
            SessionEnd::PeerClosed => "its peer was closed for good",
            SessionEnd::Closed => "this socket was closed for good",
        })
    }
}

/// The events of a socket, from the call to [`events`](crate::SocketHandle::events) on.
#[derive(Debug)]
pub struct SocketEvents(pub(crate) broadcast::Receiver<SocketEvent>);

impl SocketEvents {
    /// The next event; `None` once the socket and its handles are gone. Of those that are
    /// not fetched 256 are kept, the newest.
    ///
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<SocketEvent> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "events of a socket were not fetched in time");
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}
