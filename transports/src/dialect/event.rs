use std::time::Duration;

use super::{Close, Credit, NodeHello, OpenChannel, Refusal};
use crate::Envelope;

/// What the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The peer said who it is; the first event of every connection.
    Hello(Box<PeerHello>),
    /// The peer asks for a channel: accept or refuse it.
    Open {
        /// The channel's number.
        channel: u32,
        /// What the peer says about it.
        open: Box<OpenChannel>,
    },
    /// The peer took the channel we asked for; it is open.
    Accepted {
        /// The channel's number.
        channel: u32,
        /// What the peer says about it.
        open: Box<OpenChannel>,
    },
    /// The peer turned the channel we asked for down; it is gone.
    Refused {
        /// The channel's number.
        channel: u32,
        /// Why.
        refusal: Refusal,
    },
    /// A whole message.
    Message {
        /// The channel's number.
        channel: u32,
        /// The message.
        envelope: Envelope,
    },
    /// The peer handled messages of ours, or lets us send more.
    Credit {
        /// The channel's number.
        channel: u32,
        /// What the peer allows.
        credit: Credit,
    },
    /// The peer ended its direction of the channel.
    Close {
        /// The channel's number.
        channel: u32,
        /// What it says about it.
        close: Close,
    },
    /// The peer ends the connection.
    Goodbye {
        /// Why, for people.
        reason: String,
    },
    /// How long a heartbeat took to the peer and back.
    RoundTrip(Duration),
}

/// Who the peer is and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerHello {
    /// Who it is.
    pub node: NodeHello,
    /// The version it speaks: major, minor.
    pub version: (u8, u8),
    /// The largest message it takes, in bytes of all parts and headers.
    pub message_bytes_max: u64,
    /// The largest frame payload it takes, in bytes.
    pub frame_bytes_max: u32,
    /// How often it asks for a sign of life when it hears nothing.
    pub heartbeat_interval: Duration,
    /// What it can do beyond its version.
    pub features: Vec<String>,
}
