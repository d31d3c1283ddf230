use std::io;
use std::time::Duration;

use treewire_runtime::{Failure, Stats};
use treewire_transports::{DialectError, Refusal, RepairError};

use super::{Connection, Phase};
use crate::core::{is_of_a_session, passes};
use crate::handle::OfflineReason;

/// Why a connection ended before its time, sorted by who is at fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Peer: it broke the dialect's rules, or does not speak it.
    #[error(transparent)]
    Dialect(#[from] DialectError),
    /// Peer: it sent more than it was allowed to.
    #[error("the peer sent more than the {messages_max} messages it had credit for")]
    BeyondCredit { messages_max: u64 },
    /// Peer: it says that it handled what it was not sent.
    #[error("the peer says that it handled {handled} messages, it was sent {sent}")]
    FalseCredit { handled: u64, sent: u64 },
    /// Peer: it resumes a session with figures that cannot be.
    #[error("{0}")]
    FalseSession(String),
    /// Peer: it did not finish the handshake.
    #[error("the peer did not finish its handshake within {0:?}")]
    HandshakeTimedOut(Duration),
    /// Peer: it does not read.
    #[error("the peer read nothing of what it was sent for {0:?}")]
    Stalled(Duration),
    /// Peer: the stream ended inside a frame.
    #[error("the connection ended in the middle of a frame, after {bytes} bytes of it")]
    Truncated { bytes: usize },
    /// Peer: it said something at the wrong time.
    #[error("the peer sent {0} out of turn")]
    OutOfTurn(&'static str),
    /// Configuration: the peer does not want us.
    #[error("the peer refused: {}", .0.text)]
    Refused(Refusal),
    /// Configuration: we do not want the peer.
    #[error("refused the peer: {}", .0.text)]
    Refusing(Refusal),
    /// Nobody: another node answers, and it is not decided what becomes of the session.
    #[error("another node answers than the session is with: nobody has decided what becomes of it")]
    Undecided,
    /// Nobody: another connection of the session is up.
    #[error("a newer connection took its place")]
    Superseded,
    /// The peer said that it is going.
    #[error("the peer said goodbye: {0}")]
    Goodbye(String),
    /// Peer or network: datagrams were not to be repaired.
    #[error(transparent)]
    Repair(RepairError),
    /// Peer: it broke the rules of the transport below the dialect.
    #[error("{0}")]
    Link(io::Error),
    /// The link broke.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.downcast() {
            Ok(of_repair) => Trouble::Repair(of_repair),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Trouble::Link(error),
            Err(error) => Trouble::Broken(error),
        }
    }
}

impl Trouble {
    /// Whether the peer is to blame.
    fn is_bad_peer(&self) -> bool {
        match self {
            Trouble::Dialect(_)
            | Trouble::Link(_)
            | Trouble::BeyondCredit { .. }
            | Trouble::FalseCredit { .. }
            | Trouble::FalseSession(_)
            | Trouble::HandshakeTimedOut(_)
            | Trouble::Truncated { .. }
            | Trouble::Stalled(_)
            | Trouble::OutOfTurn(_) => true,
            Trouble::Repair(error) => matches!(error, RepairError::NeverSent { .. }),
            Trouble::Refusing(refusal) => !passes(refusal) && !is_of_a_session(refusal),
            Trouble::Refused(_)
            | Trouble::Undecided
            | Trouble::Superseded
            | Trouble::Goodbye(_)
            | Trouble::Broken(_) => false,
        }
    }

    /// What is told of it.
    pub(super) fn offline_reason(&self) -> OfflineReason {
        match self {
            Trouble::Dialect(DialectError::PeerSilent { .. })
            | Trouble::Repair(RepairError::Unanswered(_))
            | Trouble::HandshakeTimedOut(_)
            | Trouble::Stalled(_) => OfflineReason::Silent,
            Trouble::Dialect(_)
            | Trouble::Link(_)
            | Trouble::Repair(RepairError::NeverSent { .. })
            | Trouble::BeyondCredit { .. }
            | Trouble::FalseCredit { .. }
            | Trouble::FalseSession(_)
            | Trouble::OutOfTurn(_) => OfflineReason::Misbehaved(self.to_string().into()),
            Trouble::Truncated { .. } | Trouble::Repair(_) | Trouble::Broken(_) => {
                OfflineReason::Lost(self.to_string().into())
            }
            Trouble::Refused(refusal) => OfflineReason::Refused(refusal.clone()),
            Trouble::Refusing(refusal) => OfflineReason::TurnedAway(refusal.clone()),
            Trouble::Undecided => OfflineReason::PeerReplaced,
            Trouble::Superseded => OfflineReason::Superseded,
            Trouble::Goodbye(text) => OfflineReason::PeerEnded(text.as_str().into()),
        }
    }

    pub(crate) fn into_failure(self, peer: &str) -> Failure {
        let text = format!("{peer}: {self}");
        match self {
            Trouble::Refused(refusal) | Trouble::Refusing(refusal) if passes(&refusal) => {
                Failure::new(text)
            }
            // The next attempt begins another session.
            Trouble::Refused(refusal) if is_of_a_session(&refusal) => Failure::new(text),
            Trouble::Refused(_) | Trouble::Refusing(_) | Trouble::Dialect(_) | Trouble::Link(_) => {
                Failure::refused(text)
            }
            _ => Failure::new(text),
        }
    }
}

impl Connection {
    /// Keeps in mind why it ends, for those who are told that the peer is gone.
    pub(super) fn note_end(&mut self, end: &Result<(), Trouble>) {
        use OfflineReason::{Lost, Misbehaved, PeerClosed, Stopped, Superseded};
        let has_closed = matches!(&self.phase, Phase::Open(channel) if channel.peer_closed);
        let reason = match end {
            Err(trouble) => trouble.offline_reason(),
            Ok(()) => Lost("the peer ended the connection without a word".into()),
        };
        self.ended_by = Some(match reason {
            reason @ (Misbehaved(_) | Superseded) => reason,
            _ if self.leaving || self.config.shared.is_closing() || self.parts() => Stopped,
            _ if has_closed => PeerClosed,
            reason => reason,
        });
    }

    /// Whether its peer is dialed no more.
    fn parts(&self) -> bool {
        self.inlet.get().is_some_and(|inlet| inlet.ends_its_pipe())
    }

    /// Why it is over.
    pub(super) fn end_reason(&mut self) -> OfflineReason {
        self.ended_by.take().unwrap_or(match self.leaving {
            true => OfflineReason::Stopped,
            false => OfflineReason::Killed,
        })
    }

    /// Says once in the log who misbehaved, counts it, and tells the peer if it
    /// speaks our dialect.
    pub(super) fn report(&mut self, trouble: &Trouble, stats: &Stats) {
        stats.describe("ended by", trouble.to_string());
        if let (Trouble::Goodbye(reason), Phase::Open(channel)) = (trouble, &self.phase)
            && let Some(stored) = channel
                .resumed_at
                .filter(|&at| at == channel.received && !channel.peer_closed)
        {
            return tracing::warn!(
                peer = %self.peer.address,
                "the peer left when it was told that its stream is stored up to message {stored}: {reason}"
            );
        }
        if !trouble.is_bad_peer() {
            return tracing::debug!(peer = %self.peer.address, "{trouble}");
        }
        self.config.shared.bad_peers.add_shared(1);
        tracing::warn!(peer = %self.peer.address, "dropped a bad peer: {trouble}");
        if !matches!(self.phase, Phase::ExpectHello) && !matches!(trouble, Trouble::Refusing(_)) {
            self.dialect
                .goodbye(&trouble.to_string(), &mut self.wire.output);
            self.wire.send_last_words();
        }
    }
}
