use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which end of a connection we are; it decides who numbers channels how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// We dialed.
    Dialer,
    /// We accepted.
    Listener,
}

/// Who a node says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeHello {
    /// Its name, for people.
    pub name: String,
    /// 128 random bits it made itself.
    pub instance: [u8; 16],
    /// Grows with each start of a durable instance.
    pub incarnation: u64,
}

/// What one end of a connection is told when it starts to speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who we are.
    pub node: NodeHello,
    /// The largest message we take: bytes of all parts and headers. Default 64 MiB.
    pub message_bytes_max: u64,
    /// The largest frame payload we take, in bytes. Default 1 MiB; raised to the dialect's minimum where it is below.
    pub frame_bytes_max: u32,
    /// After this long without a byte from the peer it is asked for a sign of life. Default 5 s.
    pub heartbeat_interval: Duration,
    /// After this long without a byte from the peer it is taken for dead. Default 15 s.
    pub dead_after: Duration,
    /// Which end we are.
    pub role: Role,
    /// The type of our socket, as it stands in [`OpenChannel`](super::OpenChannel).
    pub socket: String,
    /// The type of the sockets it talks to, for dialects whose peers do not say theirs.
    pub peer_socket: String,
}

impl Settings {
    /// The defaults for this node at this end, of a socket without a type.
    pub fn new(node: NodeHello, role: Role) -> Self {
        Self {
            node,
            message_bytes_max: 64 * 1024 * 1024,
            frame_bytes_max: 1024 * 1024,
            heartbeat_interval: Duration::from_secs(5),
            dead_after: Duration::from_secs(15),
            role,
            socket: String::new(),
            peer_socket: String::new(),
        }
    }
}
