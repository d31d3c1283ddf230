use std::fmt;
use std::sync::Arc;

use treewire_transports::Refusal;

use crate::message::Source;

/// Where a pipe of a socket stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PipeState {
    /// There is no connection. A dialer tries again, unless it waits to be told so; the
    /// peer of a session may come back.
    #[default]
    Disconnected,
    /// A dialer is at it: it connects, or shakes hands.
    Connecting,
    /// The peer is there.
    Ready,
    /// Nothing goes through it any more; through one that was
    /// [given up](OfflineReason::GivenUp), until it is dialed again.
    Closed,
}

/// Why a peer is not there any more, or an attempt to reach it came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfflineReason {
    /// The peer closed its socket or its connection in order.
    PeerClosed,
    /// The peer ended the connection, and says why.
    PeerEnded(Arc<str>),
    /// The connection broke, or there was no way to make one: why.
    Lost(Arc<str>),
    /// The peer was silent for longer than the heartbeat's deadline, read nothing for as
    /// long, or did not finish its handshake in time.
    Silent,
    /// The peer broke the rules: which.
    Misbehaved(Arc<str>),
    /// The peer does not want this socket.
    Refused(Refusal),
    /// This socket does not want the peer.
    TurnedAway(Refusal),
    /// Another node answers where the peer of the session was.
    PeerReplaced,
    /// The endpoint is not dialed any more, since that came to nothing too often, or for a
    /// reason that does not pass ([`ReconnectStop`](crate::ReconnectStop)), until
    /// [`redial`](crate::SocketHandle::redial) is called.
    #[non_exhaustive]
    GivenUp {
        /// How often in a row it was tried in vain.
        attempts: u32,
        /// What became of the last attempt.
        last: Box<OfflineReason>,
    },
    /// Another connection took its place.
    Superseded,
    /// This end was stopped or closed in order.
    Stopped,
    /// This end was killed, panicked, or was given up with its thread.
    Killed,
}

impl fmt::Display for OfflineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfflineReason::PeerClosed => f.write_str("the peer closed"),
            OfflineReason::PeerEnded(text) => write!(f, "the peer ended the connection: {text}"),
            OfflineReason::Lost(text) | OfflineReason::Misbehaved(text) => f.write_str(text),
            OfflineReason::Silent => f.write_str("the peer was silent for too long"),
            OfflineReason::Refused(refusal) => write!(f, "the peer refused: {}", refusal.text),
            OfflineReason::TurnedAway(refusal) => write!(f, "refused the peer: {}", refusal.text),
            OfflineReason::PeerReplaced => {
                f.write_str("another node answers where the peer of the session was")
            }
            OfflineReason::GivenUp { attempts, last } => {
                write!(
                    f,
                    "given up after {attempts} attempts, call redial to try again: {last}"
                )
            }
            OfflineReason::Superseded => f.write_str("another connection took its place"),
            OfflineReason::Stopped => f.write_str("this end was stopped"),
            OfflineReason::Killed => f.write_str("this end was killed"),
        }
    }
}

/// A pipe of a socket at one moment; see [`SocketHandle::pipes`](crate::SocketHandle::pipes).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PipeStatus {
    /// What is dialed, as it was given; `None` for a peer that dialed this socket.
    pub endpoint: Option<Arc<str>>,
    /// Where it stands.
    pub state: PipeState,
    /// The address of the peer, for people, if it is there.
    pub peer: Option<Arc<str>>,
    /// Names the pipe: to send to it, where the socket sends to sources.
    pub source: Source,
    /// Why it is not ready, if it was once or was tried.
    pub reason: Option<OfflineReason>,
}
