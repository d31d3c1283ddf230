use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use treewire_runtime::Ref;
use treewire_transports::Content;

use super::{OfflineReason, PipeState};
use crate::core::{Fetched, Inbox, Tidings};
use crate::message::Source;
use crate::pattern::Pattern;
use crate::position::StreamId;
use crate::socket::SocketActor;

/// What happens to a socket; see [`SocketHandle::events`](crate::SocketHandle::events).
///
/// Of a listener come [`Listening`](Self::Listening) and [`ListenerClosed`](Self::ListenerClosed) in turns, and
/// [`BindFailed`](Self::BindFailed) in between; of each peer that dials it
/// [`Accepted`](Self::Accepted) and then `Online` or [`HandshakeFailed`](Self::HandshakeFailed).
///
/// Of each attempt of a dialer come the state `Connecting`, [`Connected`](Self::Connected)
/// unless there is no link to be had, and then either the state `Ready` and `Online`, or
/// `HandshakeFailed` if there was a link, and the state `Disconnected` with the reason. When a
/// connection ends come `Offline` and that state; then [`Retrying`](Self::Retrying), if the
/// next attempt is not made at once. The state `Closed` is the last of a dialer, unless it gave
/// up and is told to dial again.
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
    /// The socket listens: an endpoint was bound, or bound again.
    #[non_exhaustive]
    Listening {
        /// Where, wildcards replaced.
        endpoint: Arc<str>,
    },
    /// An endpoint could not be bound. `Retrying` follows if that is tried again: not if the
    /// socket never listened there.
    #[non_exhaustive]
    BindFailed {
        /// The endpoint, as it was given or was bound before.
        endpoint: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// The socket does not listen there any more: it is not to, or its listener ended and is
    /// about to be restarted.
    #[non_exhaustive]
    ListenerClosed {
        /// Where it listened.
        endpoint: Arc<str>,
    },
    /// A peer that dialed this socket has a link; the handshake follows.
    #[non_exhaustive]
    Accepted {
        /// Where the socket listens.
        endpoint: Arc<str>,
        /// The peer's address, for people.
        peer: Arc<str>,
    },
    /// Somebody was not accepted: turned away, gone by then, or one too many for the machine,
    /// which is told once until another was accepted.
    #[non_exhaustive]
    AcceptFailed {
        /// Where the socket listens.
        endpoint: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// A dialer has a link; the handshake follows.
    #[non_exhaustive]
    Connected {
        /// The endpoint, as it was given.
        endpoint: Arc<str>,
        /// The peer's address, for people.
        peer: Arc<str>,
    },
    /// There was a link, dialed or accepted, and the handshake came to nothing.
    #[non_exhaustive]
    HandshakeFailed {
        /// The endpoint that is dialed, or where the socket listens.
        endpoint: Arc<str>,
        /// The peer's address, for people.
        peer: Arc<str>,
        /// Why: [`Refused`](OfflineReason::Refused) or
        /// [`TurnedAway`](OfflineReason::TurnedAway) say what one end does not want,
        /// [`Misbehaved`](OfflineReason::Misbehaved) which rule was broken,
        /// [`Silent`](OfflineReason::Silent) that there was no time left;
        /// [`Lost`](OfflineReason::Lost) has no more than how the link ended.
        reason: OfflineReason,
    },
    /// The next attempt to dial an endpoint, or to listen there again, is made after a wait.
    #[non_exhaustive]
    Retrying {
        /// The endpoint that is dialed, as it was given, or where the socket listened.
        endpoint: Arc<str>,
        /// How long that is.
        after: Duration,
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
    /// This socket dials the peer no more.
    Undialed,
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
            SessionEnd::Undialed => "undialed",
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
            SessionEnd::Undialed => "this socket dials its peer no more",
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
