use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::admission::Admission;
use super::host::host;
use super::race::{order, race};
use super::resolve::resolve;
use super::tuning::Tuning;
use crate::link::LinkIo;
use crate::{Cutter, Endpoint, Link, TransportError, Use};

pub(super) async fn dial(endpoint: Endpoint) -> Result<Link, TransportError> {
    let tuning = Tuning::of(&endpoint);
    let shown = endpoint.without_options();
    let found = resolve(&endpoint, Use::Dial).await?;
    let addresses = order(Admission::of(&endpoint).admitted(found, &endpoint)?);
    match race(addresses, |address| connect(address, &tuning)).await {
        Some(Ok((stream, local, remote))) => Ok(Link {
            cutter: Cutter::of_socket(&stream),
            io: LinkIo::Stream(Box::new(stream)),
            peer: endpoint.address().to_owned(),
            host: host(remote),
            local: local.to_string(),
        }),
        Some(Err(error)) => Err(TransportError::from_io(shown, error)),
        None => Err(TransportError::NotFound {
            endpoint: shown.to_string(),
            source: None,
        }),
    }
}

async fn connect(
    address: SocketAddr,
    tuning: &Tuning,
) -> io::Result<(TcpStream, SocketAddr, SocketAddr)> {
    let stream = tuning.socket(address)?.connect(address).await?;
    tuning.apply(&stream)?;
    let local = stream.local_addr()?;
    if local == address {
        // Dialing a free port of this machine again and again one day gets that very port as its own: TCP then
        // connects the socket to itself.
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok((stream, local, address))
}
