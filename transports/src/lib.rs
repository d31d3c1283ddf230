//! How bytes and messages move: endpoints, transports and dialects.
//!
//! A *transport* makes [`Link`]s: byte streams, whole messages or datagrams, of which [`Repair`] makes byte streams. A
//! *dialect* turns the bytes of a link into [`dialect::Event`]s and back; it is sans-io, time is an argument. The
//! [`Registry`] knows which of both there are.
//! Nothing here knows actors, sockets or sessions.

mod content;
pub mod dialect;
mod endpoint;
mod envelope;
mod failure;
mod headers;
mod inproc;
#[cfg(unix)]
mod ipc;
mod link;
mod payload;
mod registry;
mod repair;
#[cfg(feature = "driven")]
mod sim;
mod tcp;
mod transport;
mod ws;

pub use content::Content;
pub use dialect::{
    AtEnd, Close, Credit, Delivery, Dialect, DialectError, DialectFactory, Event, Input, NodeHello,
    OpenChannel, Output, PeerHello, Refusal, RefusalCode, Role, Settings, Unsendable, Violation,
};
pub use endpoint::nearest::nearest;
pub use endpoint::{
    DEFAULT_DIALECT, Endpoint, EndpointError, Host, HostPort, OptionKind, OptionSpec, Use, value,
};
pub use envelope::{Envelope, Kind};
pub use failure::{Failure, MalformedFailure};
pub use headers::{HEADERS_BYTES_MAX, HEADERS_MAX, Headers, HeadersError};
pub use inproc::Inproc;
#[cfg(unix)]
pub use ipc::Ipc;
pub use link::{Cutter, DatagramLink, Link, LinkIo, MessageLink, Packet, StreamLink};
pub use payload::{INLINE_BYTES_MAX, Payload};
pub use registry::Registry;
pub use repair::{Received, Repair, RepairError, RepairFigures};
#[cfg(feature = "driven")]
pub use sim::{Conditions, Sim, SimNetwork};
pub use tcp::Tcp;
pub use transport::{Acceptor, BoxFuture, Transport, TransportError};
pub use ws::Ws;
