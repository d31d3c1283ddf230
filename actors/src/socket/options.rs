use std::time::Duration;

use treewire_runtime::Identity;
use treewire_transports::{Delivery, NodeHello, Role, Settings};

use crate::bound::{Bound, Overflow};
use crate::core::{LEASE, Perseverance, Stickiness};
use crate::pattern::SocketType;

/// How a socket is to be. Each field has a builder method of the same name.
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    pub(crate) socket_type: SocketType,
    pub(crate) listen: Vec<String>,
    pub(crate) dial: Vec<String>,
    pub(crate) reconnect: bool,
    pub(crate) reconnect_first: Option<Duration>,
    pub(crate) reconnect_ceiling: Option<Duration>,
    pub(crate) perseverance: Perseverance,
    pub(crate) send_bound: Bound,
    pub(crate) receive_bound: Bound,
    pub(crate) overflow: Overflow,
    pub(crate) immediate: bool,
    pub(crate) linger: Duration,
    pub(crate) handshake_deadline: Duration,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) dead_after: Duration,
    pub(crate) message_bytes_max: u64,
    pub(crate) delivery: Delivery,
    pub(crate) stickiness: Stickiness,
    pub(crate) lease: Duration,
    /// Whether it goes on from where streams were stored.
    pub(crate) resumes: bool,
    /// The only node that may answer where it dials.
    pub(crate) expected_peer: Option<[u8; 16]>,
    /// What is wrong with how it was described: it does not start.
    pub(crate) mistake: Option<String>,
}

impl SocketOptions {
    pub(crate) fn new(socket_type: SocketType) -> Self {
        SocketOptions {
            socket_type,
            listen: Vec::new(),
            dial: Vec::new(),
            reconnect: true,
            reconnect_first: None,
            reconnect_ceiling: None,
            perseverance: Perseverance::default(),
            send_bound: Bound::default(),
            receive_bound: Bound::default(),
            overflow: match socket_type.publishes() {
                true => Overflow::DropNewest,
                false => Overflow::Wait,
            },
            immediate: false,
            linger: Duration::from_secs(1),
            handshake_deadline: Duration::from_secs(5),
            heartbeat_interval: Duration::from_secs(5),
            dead_after: Duration::from_secs(15),
            message_bytes_max: 64 * 1024 * 1024,
            delivery: Delivery::BestEffort,
            stickiness: Stickiness::default(),
            lease: LEASE,
            resumes: false,
            expected_peer: None,
            mistake: None,
        }
    }

    /// What a connection tells its dialect.
    pub(crate) fn settings(&self, identity: &Identity, role: Role) -> Settings {
        let node = NodeHello {
            name: identity.name.clone(),
            instance: identity.instance,
            incarnation: identity.incarnation,
        };
        Settings {
            message_bytes_max: self.message_bytes_max,
            heartbeat_interval: self.heartbeat_interval,
            dead_after: self.dead_after,
            socket: self.socket_type.name.to_owned(),
            peer_socket: self.socket_type.peer.to_owned(),
            ..Settings::new(node, role)
        }
    }
}
