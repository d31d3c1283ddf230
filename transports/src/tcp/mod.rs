//! TCP: byte streams between a host and a port.

mod admission;
mod connected;
mod dial;
mod host;
mod listen;
mod race;
mod resolve;
mod tuning;

use crate::{
    Acceptor, BoxFuture, Endpoint, EndpointError, HostPort, Link, OptionSpec, Transport,
    TransportError, Use,
};

/// The transport `tcp://host:port[/service]`.
///
/// Dialing tries every address of a name, IPv6 first, a quarter of a second apart (RFC 8305).
/// A peer that `allow` and `deny` do not admit is turned away before a byte of it is read, and is not dialed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Transport for Tcp {
    fn scheme(&self) -> &'static str {
        "tcp"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &tuning::OPTIONS
    }

    fn check(&self, endpoint: &Endpoint, wanted: Use) -> Result<(), EndpointError> {
        HostPort::of(endpoint, wanted).map(|_| ())
    }

    fn is_local(&self, endpoint: &Endpoint) -> bool {
        HostPort::of(endpoint, Use::Listen).is_ok_and(|address| address.host.is_loopback())
    }

    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        Box::pin(dial::dial(endpoint))
    }

    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        Box::pin(async {
            Ok(Box::new(listen::TcpAcceptor::bind(endpoint).await?) as Box<dyn Acceptor>)
        })
    }
}

#[cfg(test)]
mod tests;
