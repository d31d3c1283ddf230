//! Unix domain sockets: byte streams between processes of one machine.

mod address;
mod dial;
mod file;
mod held;
mod listen;
mod peer;
mod stale;
mod tuning;

use self::address::Address;
use crate::{
    Acceptor, BoxFuture, Endpoint, EndpointError, Link, OptionSpec, Transport, TransportError, Use,
};

/// The transport `ipc://path` and, on Linux, `ipc://@name`.
///
/// A relative path begins at the working directory. The file appears with its owner and mode when peers can connect, and
/// goes with its listener. One that a dead process left is replaced, a live listener never. A name behind `@` needs no
/// file (Linux' abstract namespace), so any process of the machine can connect to it unless `peer-uid` or `peer-gid`
/// say who may.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ipc;

impl Transport for Ipc {
    fn scheme(&self) -> &'static str {
        "ipc"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &tuning::OPTIONS
    }

    fn check(&self, endpoint: &Endpoint, wanted: Use) -> Result<(), EndpointError> {
        Address::of(endpoint, wanted).map(|_| ())
    }

    fn is_local(&self, _endpoint: &Endpoint) -> bool {
        true
    }

    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        Box::pin(dial::dial(endpoint))
    }

    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        Box::pin(async {
            Ok(Box::new(listen::IpcAcceptor::bind(endpoint).await?) as Box<dyn Acceptor>)
        })
    }
}
