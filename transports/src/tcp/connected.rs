use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::host::host;
use crate::link::LinkIo;
use crate::{Cutter, Link};

/// A connection with the options of its endpoint, dialed or accepted.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) stream: TcpStream,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

impl Connected {
    /// The link to that peer, as people call it.
    pub(super) fn into_link(self, peer: String) -> Link {
        Link {
            cutter: Cutter::of_socket(&self.stream),
            io: LinkIo::Stream(Box::new(self.stream)),
            peer,
            host: host(self.remote),
            local: self.local.to_string(),
        }
    }
}
