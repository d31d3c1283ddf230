//! One command a pattern: a socket, and the shell at its other end.

mod batch;
mod closing;
mod publish;
mod pull;
mod push;
mod reach;
mod refusals;
mod rep;
mod req;
mod subscribe;

pub(crate) use publish::publish;
pub(crate) use pull::pull;
pub(crate) use push::push;
pub(crate) use reach::Unreachable;
pub(crate) use rep::rep;
pub(crate) use req::req;
pub(crate) use subscribe::subscribe;
