//! What an endpoint's options do to its sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

use crate::{Endpoint, OptionKind, OptionSpec};

const PROBES: OptionKind = OptionKind::Time {
    min: Duration::from_secs(1),
    // What Linux takes.
    max: Duration::from_secs(32_767),
};

pub(super) const OPTIONS: [OptionSpec; 9] = [
    OptionSpec {
        name: "nodelay",
        value: OptionKind::Bool,
        help: "send small writes at once instead of waiting for more (TCP_NODELAY); default on",
    },
    OptionSpec {
        name: "keepalive",
        value: OptionKind::Bool,
        help: "let the system probe idle connections (SO_KEEPALIVE), beside the dialect's heartbeats; default off, or on if an option of the probes is given",
    },
    OptionSpec {
        name: "keepalive-idle",
        value: PROBES,
        help: "how long a connection is idle before the system probes it (TCP_KEEPIDLE), in whole seconds; default: the system decides",
    },
    OptionSpec {
        name: "keepalive-interval",
        value: PROBES,
        help: "time between two probes of an idle connection (TCP_KEEPINTVL), in whole seconds; default: the system decides",
    },
    OptionSpec {
        name: "keepalive-probes",
        value: OptionKind::Integer { min: 1, max: 127 },
        help: "after how many probes without an answer a connection ends (TCP_KEEPCNT); default: the system decides",
    },
    OptionSpec {
        name: "send-buffer-bytes",
        value: OptionKind::BUFFER,
        help: "size of the system's send buffer (SO_SNDBUF); default: the system decides",
    },
    OptionSpec {
        name: "receive-buffer-bytes",
        value: OptionKind::BUFFER,
        help: "size of the system's receive buffer (SO_RCVBUF); default: the system decides",
    },
    OptionSpec {
        name: "allow",
        value: OptionKind::Networks,
        help: "addresses and networks, separated by commas: only hosts with one of these are spoken with; default: any",
    },
    OptionSpec {
        name: "deny",
        value: OptionKind::Networks,
        help: "addresses and networks, separated by commas: hosts with one of these are not spoken with, also if allow lists them; default: none",
    },
];

/// The options as read from a checked endpoint.
#[derive(Clone, Debug)]
pub(super) struct Tuning {
    nodelay: bool,
    keepalive: Option<TcpKeepalive>,
    send_buffer_bytes: Option<u32>,
    receive_buffer_bytes: Option<u32>,
}

impl Tuning {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let bytes = |name| {
            endpoint
                .bytes(name)
                .and_then(|bytes| u32::try_from(bytes).ok())
        };
        Self {
            nodelay: endpoint.flag("nodelay", true),
            keepalive: keepalive(endpoint),
            send_buffer_bytes: bytes("send-buffer-bytes"),
            receive_buffer_bytes: bytes("receive-buffer-bytes"),
        }
    }

    /// A socket for this kind of address. Buffers are set before it is used, since the window is agreed in the
    /// handshake.
    pub(super) fn socket(&self, address: SocketAddr) -> io::Result<TcpSocket> {
        let socket = if address.is_ipv6() {
            TcpSocket::new_v6()?
        } else {
            TcpSocket::new_v4()?
        };
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        Ok(socket)
    }

    /// Sets on a connection what a listening socket does not pass on everywhere.
    pub(super) fn apply(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(self.nodelay)?;
        match &self.keepalive {
            Some(probes) => SockRef::from(stream).set_tcp_keepalive(probes),
            None => SockRef::from(stream).set_keepalive(false),
        }
    }
}

/// How the system probes an idle connection, if it is to.
fn keepalive(endpoint: &Endpoint) -> Option<TcpKeepalive> {
    // A part of a second is a second to the system.
    let whole = |time: Duration| Duration::from_secs(time.as_millis().div_ceil(1_000) as u64);
    let seconds = |name| endpoint.time(name).map(whole);
    let idle = seconds("keepalive-idle");
    let interval = seconds("keepalive-interval");
    let probes = endpoint.integer("keepalive-probes");
    let is_described = idle.is_some() || interval.is_some() || probes.is_some();
    if !endpoint.flag("keepalive", is_described) {
        return None;
    }
    let mut keepalive = TcpKeepalive::new();
    if let Some(idle) = idle {
        keepalive = keepalive.with_time(idle);
    }
    if let Some(interval) = interval {
        keepalive = keepalive.with_interval(interval);
    }
    if let Some(probes) = probes.and_then(|probes| u32::try_from(probes).ok()) {
        keepalive = keepalive.with_retries(probes);
    }
    Some(keepalive)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system says of a socket with these options: nodelay, keepalive, and of the
    /// probes idle seconds, interval seconds and count.
    async fn applied(options: &str) -> (bool, bool, u64, u64, u32) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint: Endpoint = format!("tcp://{address}{options}").parse().unwrap();
        let tuning = Tuning::of(&endpoint);
        let socket = tuning.socket(address).unwrap();
        let stream = socket.connect(address).await.unwrap();
        tuning.apply(&stream).unwrap();
        let socket = SockRef::from(&stream);
        (
            socket.tcp_nodelay().unwrap(),
            socket.keepalive().unwrap(),
            socket.tcp_keepalive_time().unwrap().as_secs(),
            socket.tcp_keepalive_interval().unwrap().as_secs(),
            socket.tcp_keepalive_retries().unwrap(),
        )
    }

    #[tokio::test]
    async fn the_system_has_what_the_options_say() {
        let (nodelay, keepalive, idle, interval, probes) = applied("").await;
        assert!(nodelay && !keepalive);
        let system_s = (idle, interval, probes);
        let (nodelay, keepalive, idle, interval, probes) =
            applied("?nodelay=false&keepalive=true").await;
        assert!(!nodelay && keepalive);
        assert_eq!((idle, interval, probes), system_s);
        let probed = "keepalive-idle=33s&keepalive-interval=6500ms&keepalive-probes=4";
        let described = applied(&format!("?{probed}")).await;
        assert_eq!(described, (true, true, 33, 7, 4));
        let off = applied(&format!("?keepalive=false&{probed}")).await;
        assert!(!off.1);
    }
}
