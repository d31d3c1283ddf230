use treewire_runtime::Identity;
use treewire_transports::{NodeHello, Role, Settings};

use crate::options::SocketOptions;

/// Where a socket's endpoints are, and from where it goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) listen: Vec<String>,
    pub(crate) dial: Vec<String>,
    /// Whether it goes on from where streams were stored.
    pub(crate) resumes: bool,
    /// What is wrong with how it was described: it does not start.
    pub(crate) mistake: Option<String>,
}

/// What a connection tells its dialect.
pub(super) fn settings(options: &SocketOptions, identity: &Identity, role: Role) -> Settings {
    let node = NodeHello {
        name: identity.name.clone(),
        instance: identity.instance,
        incarnation: identity.incarnation,
    };
    Settings {
        message_bytes_max: options.message_bytes_max,
        heartbeat_interval: options.heartbeat_interval,
        dead_after: options.dead_after,
        socket: options.socket_type.name.to_owned(),
        peer_socket: options.socket_type.peer.to_owned(),
        ..Settings::new(node, role)
    }
}
