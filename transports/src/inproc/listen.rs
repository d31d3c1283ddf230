use std::task::{Context, Poll};

use super::namespace::Namespace;
use crate::{Acceptor, Endpoint, Link, TransportError};

/// Holds a name as long as it lives.
pub(super) struct InprocAcceptor {
    namespace: Namespace,
    local: Endpoint,
}

impl InprocAcceptor {
    pub(super) fn new(namespace: Namespace, local: Endpoint) -> Result<Self, TransportError> {
        if !namespace.listen(local.address()) {
            return Err(TransportError::AddressInUse {
                endpoint: local.without_options().to_string(),
            });
        }
        Ok(Self { namespace, local })
    }
}

impl Acceptor for InprocAcceptor {
    fn local(&self) -> &Endpoint {
        &self.local
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>> {
        self.namespace.poll_accept(self.local.address(), cx).map(Ok)
    }
}

impl Drop for InprocAcceptor {
    fn drop(&mut self) {
        self.namespace.unlisten(self.local.address());
    }
}
