use std::fmt;
use std::sync::Arc;

use treewire_runtime::Ref;
use treewire_transports::Content;

use super::{OfflineReason, PipeState};
use crate::core::{Fetched, Inbox, Tidings};
use crate::message::Source;
use crate::pattern::Pattern;
use crate::position::StreamId;
use crate::socket::SocketActor;

/// What happens to a socket; see [`SocketHandle::events`](crate::SocketHandle::events).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SocketEvent {
    /// A peer is there: connected, its session, if there is one, begun or taken up again.
    /// Of one pipe `Online` and `Offline` take turns.
    #[non_exhaustive]
    Online {
        /// Its address, for people.
        peer: Arc<str>,
        /// Its pipe: that of a session is the same over all its connections.
        source: Source,
    },
    /// A peer is away. Its session, if there is one, waits for it.
    #[non_exhaustive]
    Offline {
        /// Its address, for people.
        peer: Arc<str>,
        /// Its pipe.
        source: Source,
        /// Why.
        reason: OfflineReason,
    },
    /// An endpoint that the socket dials is in another state than before.
    #[non_exhaustive]
    State {
        /// The endpoint, as it was given.
        endpoint: Arc<str>,
        /// Where it stands now.
        state: PipeState,
        /// Why, if it is disconnected or closed.
        reason: Option<OfflineReason>,
    },
    /// Messages were given up: one event a second for each cause at most, but for what is left
    /// when the socket goes. [`SocketHandle::dead_letters`](crate::SocketHandle::dead_letters)
    /// has the messages.
    Dropped {
        /// Why: as the tree counts it.
        cause: &'static str,
        /// How many, since the last event of that cause.
        count: u64,
    },
    /// A session is over, and its peer does not come back to it.
    SessionEnded {
        /// Why.
        end: SessionEnd,
        /// What the peer did not acknowledge, the oldest first: it may have handled some
        /// of that and not said so.
        undelivered: Arc<[Content]>,
    },
    /// Messages do not come. Of a [`Sub`](crate::Sub): its publisher dropped them since there was no
    /// room, or they were published while it was away and are not kept; of those between the
    /// first and the last some may have come, or never were for it. Of a socket with
    /// [`resume_from`](crate::Pull::resume_from): they were acknowledged before their position was
    /// stored, the store is older than that, or their sender gave them up.
    Missed {
        /// Of which stream.
        stream: StreamId,
        /// The number of the first.
        from: u64,
        /// The number of the last.
        to: u64,
    },
    /// A peer subscribed.
    #[non_exhaustive]
    Subscribed {
        /// Its address, for people.
        peer: Arc<str>,
        /// Its pipe.
        source: Source,
        /// To what.
        pattern: Pattern,
    },
    /// A peer took a subscription back, or is gone.
    #[non_exhaustive]
    Unsubscribed {
        /// Its address, for people; empty if its connection is gone.
        peer: Arc<str>,
        /// Its pipe.
        source: Source,
        /// To what.
        pattern: Pattern,
    },
    /// A publisher does not take a subscription. Others may have.
    #[non_exhaustive]
    SubscriptionRefused {
        /// Its address, for people.
        peer: Arc<str>,
        /// To what.
        pattern: Pattern,
        /// Why.
        reason: Arc<str>,
    },
    /// So many events were not fetched in time, and are lost to this listener.
    Lagged {
        /// How many.
        count: u64,
    },
}

/// Actors are told of events by [`events`](crate::Sub::events) of a socket that is described.
impl actix::Message for SocketEvent {
    type Result = ();
}

impl Tidings for SocketEvent {
    fn content_bytes(&self) -> u64 {
        match self {
            SocketEvent::SessionEnded { undelivered, .. } => {
                let bytes = undelivered.iter().map(|content| content.byte_len() as u64);
                bytes.sum()
            }
            _ => 0,
        }
    }
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
pub struct SocketEvents {
    pub(crate) inbox: Arc<Inbox<SocketEvent>>,
    pub(crate) actor: Ref<SocketActor>,
}

impl SocketEvents {
    /// The next event, in the order in which they happened; `None` once the socket has
    /// closed. Of those that are not fetched the newest 256 are kept, fewer if the messages
    /// that come with them have more than 32 MiB; [`SocketEvent::Lagged`] says how many are
    /// not.
    ///
    /// Cancel-safe.
    pub async fn next(&mut self) -> Option<SocketEvent> {
        loop {
            if let Some(event) = self.try_next() {
                return Some(event);
            }
            tokio::select! {
                biased;
                () = self.inbox.arrived.notified() => {}
                _ = self.actor.gone() => return self.try_next(),
            }
        }
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<SocketEvent> {
        match self.inbox.next() {
            Fetched::Item(event) => Some(event),
            Fetched::Missed(count) => Some(SocketEvent::Lagged { count }),
            Fetched::Nothing | Fetched::End => None,
        }
    }
}
