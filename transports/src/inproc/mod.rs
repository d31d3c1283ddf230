//! Links between sockets of one process: whole messages, bodies never copied.

mod dial;
mod link;
mod listen;
mod namespace;
mod pipe;

use self::dial::Dialing;
use self::listen::InprocAcceptor;
use self::namespace::Namespace;
use crate::{
    Acceptor, BoxFuture, Endpoint, EndpointError, Link, OptionSpec, Transport, TransportError, Use,
};

/// The transport `inproc://name`.
///
/// Its names live in the instance: two instances do not see each other's. Dialing before anybody listens waits. Each
/// direction of a link holds at most 1,024 messages and starts none beyond 16 MiB.
#[derive(Clone, Debug, Default)]
pub struct Inproc(Namespace);

impl Transport for Inproc {
    fn scheme(&self) -> &'static str {
        "inproc"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn check(&self, _endpoint: &Endpoint, _wanted: Use) -> Result<(), EndpointError> {
        // Any address is a name.
        Ok(())
    }

    fn is_local(&self, _endpoint: &Endpoint) -> bool {
        true
    }

    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        Box::pin(Dialing::new(self.0.clone(), endpoint.address().to_owned()))
    }

    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        let acceptor = InprocAcceptor::new(self.0.clone(), endpoint);
        Box::pin(std::future::ready(
            acceptor.map(|acceptor| Box::new(acceptor) as Box<dyn Acceptor>),
        ))
    }
}
