use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use tokio::net::{TcpListener, TcpStream};

use super::admission::Admission;
use super::connected::Connected;
use super::resolve::resolve;
use super::tuning::Tuning;
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

    /// As `poll_accept`, before it is a link.
    pub(super) fn poll_connected(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Connected, TransportError>> {
        Poll::Ready(match ready!(self.listener.poll_accept(cx)) {
            Ok((stream, peer)) => self.connected(stream, peer),
            Err(error) => Err(TransportError::from_io(self.local.without_options(), error)),
        })
    }

    fn connected(&self, stream: TcpStream, peer: SocketAddr) -> Result<Connected, TransportError> {
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
        Ok(Connected {
            stream,
            local,
            remote: peer,
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
        self.poll_connected(cx).map_ok(|connected| {
            let peer = connected.remote.to_string();
            connected.into_link(peer)
        })
    }
}
