use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::host::host;
use crate::Link;
use crate::link::cuttable;

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
        let (io, cutter) = cuttable::tcp(self.stream);
        Link {
            io,
            cutter,
            peer,
            host: host(self.remote),
            local: self.local.to_string(),
        }
    }
}
