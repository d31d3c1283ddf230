//! What the two ends of a channel tell each other about it.

use serde::{Deserialize, Serialize};

/// What a sender promises about the messages of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Delivery {
    /// At most once, in order.
    #[default]
    BestEffort = 0,
    /// In order, none lost, none doubled, while both processes live.
    Reliable = 1,
    /// The same across the death of either process.
    Durable = 2,
}

/// What one end says about a channel when it asks for it or takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChannel {
    /// The service meant among those of the peer's node; empty when the endpoint has one only.
    pub service: String,
    /// The socket type of this end, `push` for instance.
    pub socket: String,
    /// What this end promises about what it sends.
    pub delivery: Delivery,
    /// The session the channel belongs to; all zero without one.
    pub session: [u8; 16],
    /// Grows with each attempt to resume the session, so that a stale one is told from the current one.
    pub epoch: u64,
    /// The sequence of the last message of the session that this end received; 0 for none.
    pub last_received: u64,
    /// What the peer may send to begin with.
    pub credit: Credit,
    /// Whether an earlier attempt at the session succeeded, so that the peer is to know it.
    pub resumes: bool,
    /// The stream that the dialer's messages belong to, the same over all sessions that it has at this endpoint; all
    /// zero without a session.
    pub stream: [u8; 16],
    /// The number of the last message of the stream that does not come any more, when the session begins; 0 for none.
    pub begins_after: u64,
}

/// What a receiver allows a sender. Messages count from the beginning of the stream, bytes from what was handled when the
/// session began, and both from the channel's opening if there is no session. No figure ever falls, as QUIC's `MAX_DATA`
/// (RFC 9000 §4.1), so a later credit simply replaces an earlier one.
///
/// A sender may send message number `n`, the first being 1, while `n <= messages_max` and the payload bytes of all
/// messages before it are below `bytes_max`. One message larger than the whole window thus passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Credit {
    /// How many messages the receiver has handled.
    pub handled: u64,
    /// The number of the last message the sender may send.
    pub messages_max: u64,
    /// How many bytes sent let the sender start another message.
    pub bytes_max: u64,
}

/// Why a channel was turned down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people.
    pub text: String,
}

/// The kinds of [`Refusal`]; on the wire a number, and numbers of later versions are kept as `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
#[non_exhaustive]
pub enum RefusalCode {
    /// The node has no such service. 1.
    UnknownService,
    /// The two socket types do not talk to each other. 2.
    IncompatibleSocket,
    /// The socket takes no more peers. 3.
    ConnectionLimit,
    /// Something asked for is not supported: a delivery, a feature. 4.
    Unsupported,
    /// The credentials do not allow it. 5.
    NotPermitted,
    /// A newer attempt at the same session is known. 6.
    StaleEpoch,
    /// The session cannot be resumed. 7.
    SessionLost,
    /// The socket is being closed. 8.
    Closing,
    /// A code this version does not know.
    Other(u16),
}

impl From<u16> for RefusalCode {
    fn from(code: u16) -> Self {
        match code {
            1 => Self::UnknownService,
            2 => Self::IncompatibleSocket,
            3 => Self::ConnectionLimit,
            4 => Self::Unsupported,
            5 => Self::NotPermitted,
            6 => Self::StaleEpoch,
            7 => Self::SessionLost,
            8 => Self::Closing,
            other => Self::Other(other),
        }
    }
}

impl From<RefusalCode> for u16 {
    fn from(code: RefusalCode) -> Self {
        match code {
            RefusalCode::UnknownService => 1,
            RefusalCode::IncompatibleSocket => 2,
            RefusalCode::ConnectionLimit => 3,
            RefusalCode::Unsupported => 4,
            RefusalCode::NotPermitted => 5,
            RefusalCode::StaleEpoch => 6,
            RefusalCode::SessionLost => 7,
            RefusalCode::Closing => 8,
            RefusalCode::Other(other) => other,
        }
    }
}

/// What one end says when it ends its direction of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// How many messages of the peer this end has handled so far.
    pub handled: u64,
    /// How many messages this end sent in all.
    pub sent: u64,
    /// For people.
    pub reason: String,
    /// Whether the socket was closed for good, and its session is over.
    pub ends: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_code_survives() {
        for code in 0..20 {
            assert_eq!(u16::from(RefusalCode::from(code)), code);
        }
    }
}
