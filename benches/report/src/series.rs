use serde::{Deserialize, Serialize};

use crate::Figures;

/// One figure of one participant under one setup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// As the tables call it.
    pub participant: String,
    /// What it is to Treewire.
    pub side: Side,
    /// What was done, where a bench does several things: `ask-same`.
    pub case: String,
    /// Under which circumstances.
    #[serde(flatten)]
    pub setup: Setup,
    /// What was measured: `throughput`, `p99`.
    pub figure: String,
    /// In which unit: `messages/s`, `µs`.
    pub unit: String,
    /// Which way is good.
    pub better: Better,
    /// The values.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What two figures must have in common to be compared. What a bench does not vary is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Setup {
    /// `tcp`, `ipc` or `inproc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Connections of the one who is many: pushes, subscribers, idle peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Requests under way at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u64>,
    /// Bytes in one payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Whatever else the bench varies, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
}

/// What a participant is to Treewire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Treewire itself.
    Ours,
    /// Somebody who does the same.
    Peer,
    /// What lies below both: bare sockets.
    Bare,
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Throughput, say.
    More,
    /// Latency or memory, say.
    Less,
}
