//! What must survive a connection: the numbers of messages, what the peer has not
//! acknowledged, and who the peer is. Pure: no clock, no connection.

use crate::position::StreamId;

mod incoming;
mod outgoing;
#[cfg(test)]
mod tests;

pub(crate) use incoming::Incoming;
pub(crate) use outgoing::{FalseFigure, Outgoing, Position};

/// What tells a session from all others; its dialer makes it of random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(pub(crate) [u8; 16]);

impl SessionId {
    /// The one that follows it on the same pipe.
    pub(crate) fn next(self) -> Self {
        SessionId(u128::from_le_bytes(self.0).wrapping_add(1).to_le_bytes())
    }

    /// Whether it is that one or one that follows it on the same pipe, maybe after others of
    /// which this end never heard.
    pub(crate) fn follows(self, earlier: SessionId) -> bool {
        let earlier = u128::from_le_bytes(earlier.0);
        u128::from_le_bytes(self.0).wrapping_sub(earlier) <= u128::from(u32::MAX)
    }

    /// Enough to tell it from others, and too little to take it over with.
    pub(crate) fn shown(self) -> String {
        self.0[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// What a dialer makes of random bits for a pipe, once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    /// The pipe's first session.
    pub(crate) session: SessionId,
    /// What it sends, in all its sessions. Another one than the session's, since a receiver
    /// stores it.
    pub(crate) stream: StreamId,
}

/// The instance id of a node.
pub(crate) type Instance = [u8; 16];

/// Which attempts to open a session there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// The number of the latest; the first of a pipe is 1.
    pub(crate) epoch: u64,
    /// Whether one of them succeeded: then the peer is to know the session.
    pub(crate) has_opened: bool,
}
