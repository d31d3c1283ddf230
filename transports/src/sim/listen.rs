use std::io;
use std::task::{Context, Poll};

use super::SimNetwork;
use super::state::{Address, Claim};
use crate::{Acceptor, Cutter, Endpoint, Link, TransportError};

/// Holds a name as long as it lives, or until it is cut.
pub(super) struct SimAcceptor {
    network: SimNetwork,
    address: Address,
    claim: Claim,
    local: Endpoint,
}

impl SimAcceptor {
    pub(super) fn new(
        network: SimNetwork,
        address: Address,
        host: &str,
        local: Endpoint,
    ) -> Result<Self, TransportError> {
        let Some(claim) = network.with(|state| state.listen(&address, host)) else {
            return Err(TransportError::AddressInUse {
                endpoint: local.without_options().to_string(),
            });
        };
        Ok(Self {
            network,
            address,
            claim,
            local,
        })
    }
}

fn unlisten(network: &SimNetwork, address: &Address, claim: Claim) {
    // Links have the network's lock to themselves when they are dropped.
    let waiting = network.with(|state| state.unlisten(address, claim));
    drop(waiting);
}

impl Acceptor for SimAcceptor {
    fn local(&self) -> &Endpoint {
        &self.local
    }

    fn cutter(&self) -> Cutter {
        let (network, address, claim) = (self.network.clone(), self.address.clone(), self.claim);
        Cutter::new(move || unlisten(&network, &address, claim))
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>> {
        let accepted = self
            .network
            .with(|state| state.poll_accept(&self.address, self.claim, cx));
        accepted.map(|link| {
            link.ok_or_else(|| {
                let cut = io::ErrorKind::NotConnected.into();
                TransportError::from_io(self.local.without_options(), cut)
            })
        })
    }
}

impl Drop for SimAcceptor {
    fn drop(&mut self) {
        unlisten(&self.network, &self.address, self.claim);
    }
}
