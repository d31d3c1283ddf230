use std::time::Duration;

/// Why a repaired link is over before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum RepairError {
    /// Peer: it confirmed what it cannot have.
    #[error("the peer says that {claimed} packets arrived, it was sent {sent}")]
    NeverSent { claimed: u64, sent: u64 },

    /// Network or peer: nothing gets through.
    #[error("the peer confirmed none of the packets that were sent for {0:?}")]
    Unanswered(Duration),

    /// The peer let go of the link, and what it had sent did not all arrive.
    #[error("the peer is gone, and something of what it sent is missing")]
    PeerGone,
}
