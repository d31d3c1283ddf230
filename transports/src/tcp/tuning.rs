//! What an endpoint's options do to its sockets.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpSocket, TcpStream};

use crate::{Endpoint, OptionKind, OptionSpec};

const BUFFER_BYTES: OptionKind = OptionKind::Integer {
    min: 4_096,
    max: 1 << 30,
};

pub(super) const OPTIONS: [OptionSpec; 4] = [
    OptionSpec {
        name: "nodelay",
        value: OptionKind::Bool,
        help: "send small writes at once instead of waiting for more (TCP_NODELAY); default true",
    },
    OptionSpec {
        name: "keepalive",
        value: OptionKind::Bool,
        help: "let the system probe idle connections (SO_KEEPALIVE), beside the dialect's heartbeats; default false",
    },
    OptionSpec {
        name: "send_buffer_bytes",
        value: BUFFER_BYTES,
        help: "size of the system's send buffer (SO_SNDBUF), in bytes; default: the system decides",
    },
    OptionSpec {
        name: "receive_buffer_bytes",
        value: BUFFER_BYTES,
        help: "size of the system's receive buffer (SO_RCVBUF), in bytes; default: the system decides",
    },
];

/// The options as read from a checked endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    nodelay: bool,
    keepalive: bool,
    send_buffer_bytes: Option<u32>,
    receive_buffer_bytes: Option<u32>,
}

impl Tuning {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let bytes = |name| {
            endpoint
                .integer(name)
                .and_then(|bytes| u32::try_from(bytes).ok())
        };
        Self {
            nodelay: endpoint.flag("nodelay", true),
            keepalive: endpoint.flag("keepalive", false),
            send_buffer_bytes: bytes("send_buffer_bytes"),
            receive_buffer_bytes: bytes("receive_buffer_bytes"),
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
        socket.set_keepalive(self.keepalive)?;
        Ok(socket)
    }

    /// Sets on a connection what a listening socket does not pass on everywhere.
    pub(super) fn apply(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(self.nodelay)?;
        socket2::SockRef::from(stream).set_keepalive(self.keepalive)
    }
}
