use std::io;
use std::time::Duration;

use tokio::net::UnixStream;

use super::address::Address;
use super::peer::{Admission, Process};
use super::tuning::Tuning;
use crate::link::cuttable;
use crate::{Endpoint, Link, TransportError, Use};

/// The system does not say when a listener whose row of waiting connections is full has room again.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn dial(endpoint: Endpoint) -> Result<Link, TransportError> {
    let address = Address::of(&endpoint, Use::Dial)?;
    let tuning = Tuning::of(&endpoint);
    let stream = loop {
        match connect(&address, tuning) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            other => break other.map_err(|error| failed(&endpoint, error))?,
        }
    };
    let with = Process::at_the_other_end_of(&stream);
    let with = with.map_err(|error| failed(&endpoint, error))?;
    if let Err(reason) = Admission::of(&endpoint).admits(&with) {
        return Err(TransportError::BadPeer {
            peer: with.to_string(),
            endpoint: endpoint.without_options().to_string(),
            reason,
        });
    }
    let ourselves = Process::this().map_err(|error| failed(&endpoint, error))?;
    let (io, cutter) = cuttable::unix(stream);
    Ok(Link {
        io,
        cutter,
        peer: endpoint.address().to_owned(),
        host: with.host(),
        local: ourselves.to_string(),
    })
}

fn connect(address: &Address, tuning: Tuning) -> io::Result<UnixStream> {
    let socket = tuning.socket()?;
    socket.connect(&address.to_system()?)?;
    UnixStream::from_std(socket.into())
}

fn failed(endpoint: &Endpoint, error: io::Error) -> TransportError {
    let shown = endpoint.without_options().to_string();
    match error.kind() {
        // Its listener makes the file.
        io::ErrorKind::NotFound => TransportError::Refused { endpoint: shown },
        io::ErrorKind::NotADirectory => TransportError::NoFolder { endpoint: shown },
        _ => TransportError::from_io(shown, error),
    }
}
