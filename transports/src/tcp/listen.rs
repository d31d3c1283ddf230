use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, TcpStream};

use super::admission::Admission;
use super::host::host;
use super::resolve::resolve;
use super::tuning::Tuning;
use crate::link::LinkIo;
use crate::{Acceptor, Cutter, Endpoint, Link, TransportError, Use};

/// So many connections may wait in the system to be accepted; it may allow fewer.
const BACKLOG_MAX: u32 = 1_024;

pub(super) struct TcpAcceptor {
    listener: TcpListener,
    tuning: Tuning,
    admission: Admission,
    local: Endpoint,
}

impl TcpAcceptor {
    /// Listens on the first of the host's addresses that can be bound.
    pub(super) async fn bind(endpoint: Endpoint) -> Result<Self, TransportError> {
        let tuning = Tuning::of(&endpoint);
        let failed = |error| TransportError::from_io(endpoint.without_options(), error);
        let mut first_error = None;
        for address in resolve(&endpoint, Use::Listen).await? {
            match listen(address, &tuning) {
                Ok(listener) => {
                    let address = listener.local_addr().map_err(failed)?;
                    return Ok(Self {
                        listener,
                        tuning,
                        admission: Admission::of(&endpoint),
                        local: endpoint.with_address(address.to_string()),
                    });
                }
                Err(error) => _ = first_error.get_or_insert(error),
            }
        }
        Err(failed(
            first_error.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()),
        ))
    }

    fn link(&self, stream: TcpStream, peer: SocketAddr) -> Result<Link, TransportError> {
        let endpoint = || self.local.without_options().to_string();
        if let Err(reason) = self.admission.admits(peer) {
            return Err(TransportError::BadPeer {
                peer: peer.to_string(),
                endpoint: endpoint(),
                reason,
            });
        }
        // A connection that cannot be set up was reset meanwhile; the listener is sound.
        let gone = |source| TransportError::PeerGone {
            endpoint: endpoint(),
            source,
        };
        self.tuning.apply(&stream).map_err(gone)?;
        let local = stream.local_addr().map_err(gone)?;
        Ok(Link {
            cutter: Cutter::of_socket(&stream),
            io: LinkIo::Stream(Box::new(stream)),
            peer: peer.to_string(),
            host: host(peer),
            local: local.to_string(),
        })
    }
}

fn listen(address: SocketAddr, tuning: &Tuning) -> io::Result<TcpListener> {
    let socket = tuning.socket(address)?;
    // Connections of a former life that linger in the system do not hold the port; a live listener does.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG_MAX)
}

impl Acceptor for TcpAcceptor {
    fn local(&self) -> &Endpoint {
        &self.local
    }

    fn cutter(&self) -> Cutter {
        Cutter::of_socket(&self.listener)
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>> {
        Poll::Ready(match ready!(self.listener.poll_accept(cx)) {
            Ok((stream, peer)) => self.link(stream, peer),
            Err(error) => Err(TransportError::from_io(self.local.without_options(), error)),
        })
    }
}
