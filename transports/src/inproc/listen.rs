use std::io;
use std::task::{Context, Poll};

use super::namespace::{Claim, Namespace};
use crate::{Acceptor, Cutter, Endpoint, Link, TransportError};

/// Holds a name as long as it lives, or until it is cut.
pub(super) struct InprocAcceptor {
    namespace: Namespace,
    claim: Claim,
    local: Endpoint,
}

impl InprocAcceptor {
    pub(super) fn new(namespace: Namespace, local: Endpoint) -> Result<Self, TransportError> {
        let Some(claim) = namespace.listen(local.address()) else {
            return Err(TransportError::AddressInUse {
                endpoint: local.without_options().to_string(),
            });
        };
        Ok(Self {
            namespace,
            claim,
            local,
        })
    }
}

impl Acceptor for InprocAcceptor {
    fn local(&self) -> &Endpoint {
        &self.local
    }

    fn cutter(&self) -> Cutter {
        let (namespace, claim) = (self.namespace.clone(), self.claim);
        let name = self.local.address().to_owned();
        Cutter::new(move || namespace.unlisten(&name, claim))
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>> {
        let name = self.local.address();
        self.namespace
            .poll_accept(name, self.claim, cx)
            .map(|link| {
                link.ok_or_else(|| {
                    let cut = io::ErrorKind::NotConnected.into();
                    TransportError::from_io(self.local.without_options(), cut)
                })
            })
    }
}

impl Drop for InprocAcceptor {
    fn drop(&mut self) {
        self.namespace.unlisten(self.local.address(), self.claim);
    }
}
