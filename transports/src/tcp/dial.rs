use std::io;
use std::net::SocketAddr;

use super::admission::Admission;
use super::connected::Connected;
use super::race::{order, race};
use super::resolve::resolve;
use super::tuning::Tuning;
use crate::{Endpoint, Link, TransportError, Use};

pub(super) async fn dial(endpoint: Endpoint) -> Result<Link, TransportError> {
    let peer = endpoint.address().to_owned();
    Ok(connected(&endpoint).await?.into_link(peer))
}

/// A connection as the endpoint has it.
pub(super) async fn connected(endpoint: &Endpoint) -> Result<Connected, TransportError> {
    let tuning = Tuning::of(endpoint);
    let shown = endpoint.without_options();
    let found = resolve(endpoint, Use::Dial).await?;
    let addresses = order(Admission::of(endpoint).admitted(found, endpoint)?);
    match race(addresses, |address| connect(address, &tuning)).await {
        Some(Ok(connected)) => Ok(connected),
        Some(Err(error)) => Err(TransportError::from_io(shown, error)),
        None => Err(TransportError::NotFound {
            endpoint: shown.to_string(),
            source: None,
        }),
    }
}

async fn connect(address: SocketAddr, tuning: &Tuning) -> io::Result<Connected> {
    let stream = tuning.socket(address)?.connect(address).await?;
    tuning.apply(&stream)?;
    let local = stream.local_addr()?;
    if local == address {
        // Dialing a free port of this machine again and again one day gets that very port as its own: TCP then
        // connects the socket to itself.
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(Connected {
        stream,
        local,
        remote: address,
    })
}
