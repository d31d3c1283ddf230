//! One command a pattern: a socket, and the shell at its other end.

mod batch;
mod closing;
mod publish;
mod pull;
mod push;
mod refusals;
mod rep;
mod req;
mod subscribe;

pub(crate) use publish::publish;
pub(crate) use pull::pull;
pub(crate) use push::push;
pub(crate) use rep::rep;
pub(crate) use req::req;
pub(crate) use subscribe::subscribe;

/// The largest message, the sockets' own default.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
