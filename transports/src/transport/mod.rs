//! The seam between transports and everything above: how links are made.

mod error;

use std::task::{Context, Poll};

pub use error::TransportError;
pub use futures_util::future::BoxFuture;

use crate::{Cutter, Endpoint, EndpointError, Link, OptionSpec, Use};

/// One way to make links; an implementation is registered under its scheme.
pub trait Transport: Send + Sync {
    /// The name before `://`; lower case.
    fn scheme(&self) -> &'static str;

    /// The options its endpoints take beside the socket's and the dialect's own.
    fn options(&self) -> &'static [OptionSpec];

    /// Whether the address of `endpoint` has the transport's form and fits the use. Called before [`dial`](Self::dial)
    /// and [`listen`](Self::listen), after the options were checked; it neither blocks nor looks outside.
    ///
    /// # Errors
    /// [`EndpointError::BadAddress`], which says what is allowed.
    fn check(&self, endpoint: &Endpoint, wanted: Use) -> Result<(), EndpointError>;

    /// Whether the endpoint certainly lies on this machine, so that retrying is cheap. Called on checked endpoints.
    fn is_local(&self, endpoint: &Endpoint) -> bool;

    /// Makes one link to a checked endpoint. The future resolves once the peer's side took the connection; dropping it
    /// gives the attempt up. It sets no deadline of its own. What the transport itself says before the first byte of a
    /// dialect, such as an upgrade, is said when the link is polled, on both sides: an `InvalidData` of it is the peer's
    /// fault.
    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>>;

    /// Starts to accept links at a checked endpoint. When the future resolves, peers can dial it.
    ///
    /// # Errors
    /// [`TransportError::AddressInUse`] when somebody else accepts there; a transport never takes an address over.
    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>>;
}

/// Accepts links at one address until it is dropped; then the address is free at once and established links go on.
pub trait Acceptor: Send {
    /// Where peers dial: the endpoint with wildcard host and port replaced by what they became.
    fn local(&self) -> &Endpoint;

    /// Frees the address from another thread, while the acceptor lives.
    fn cutter(&self) -> Cutter;

    /// The next link. `Pending` has registered the waker of the task that asked last. It waits for no peer: handshakes
    /// are not done here. After an error that [is transient](TransportError::is_transient) call again, after a pause
    /// when it is [`Exhausted`](TransportError::Exhausted); any other error is final.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>>;
}
