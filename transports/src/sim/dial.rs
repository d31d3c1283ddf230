use std::io;
use std::pin::pin;
use std::time::Duration;

use super::SimNetwork;
use super::end::End;
use super::links;
use super::state::{Address, Reached};
use crate::{Endpoint, Link, TransportError};

/// Asks and is answered, each in the time of one way. A partition lets neither through: chance has the dialer told, or
/// leaves it to wait for the end of the partition.
pub(super) async fn dial(
    network: SimNetwork,
    address: Address,
    host: String,
    endpoint: Endpoint,
) -> Result<Link, TransportError> {
    let shown = endpoint.without_options().to_string();
    travel(&network, &host, &address, &shown).await?;
    let refused = || TransportError::Refused {
        endpoint: shown.clone(),
    };
    let link = match network.with(|state| state.reach(&host, &address)) {
        Reached::Listener => connect(&network, &host, &address),
        _ => None,
    };
    // The answer takes its time whatever it is.
    travel(&network, &host, &address, &shown).await?;
    link.ok_or_else(refused)
}

/// Lasts as long as one way; when it is over, nothing was between the two.
async fn travel(
    network: &SimNetwork,
    host: &str,
    address: &Address,
    shown: &str,
) -> Result<(), TransportError> {
    loop {
        let delay = network.with(|state| state.weather.delay());
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        let mut changed = pin!(network.healed());
        changed.as_mut().enable();
        let (reached, is_told) =
            network.with(|state| (state.reach(host, address), state.weather.tells()));
        match reached {
            Reached::Nothing if is_told => {
                let source = io::ErrorKind::HostUnreachable.into();
                return Err(TransportError::from_io(shown, source));
            }
            Reached::Nothing => changed.await,
            _ => return Ok(()),
        }
    }
}

/// Makes a link, of which the listener has its end at once.
fn connect(network: &SimNetwork, host: &str, address: &Address) -> Option<Link> {
    let (id, listeners_host) = network.with(|state| state.connect(host, address))?;
    let (dialer, listener) = (format!("{host}#{id}"), address.1.clone());
    let link = |side, peer: &str, host: &str, local: &str| {
        let end = End::new(network.clone(), id, side);
        Link {
            cutter: end.cutter(),
            io: links::io(address.0, end),
            peer: peer.to_owned(),
            host: host.to_owned(),
            local: local.to_owned(),
        }
    };
    let dialed = link(0, &listener, &listeners_host, &dialer);
    let accepted = link(1, &dialer, host, &listener);
    match network.with(|state| state.offer(address, accepted)) {
        Ok(()) => Some(dialed),
        // It is dropped here, outside the lock.
        Err(_accepted) => None,
    }
}
