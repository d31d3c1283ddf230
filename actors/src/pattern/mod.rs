//! The rules of socket types: who may send what to whom, and when. Plain
//! structs, without sockets, tasks or clocks.

mod balance;
mod connector;
mod lock_step;
mod note;
mod receiver;
mod requests;
mod sender;
mod socket_type;
mod topic;

pub use balance::Balance;
pub(crate) use balance::RoundRobin;
pub use connector::Connector;
pub use lock_step::LockStep;
pub(crate) use note::Note;
pub(crate) use receiver::FairTurns;
pub use receiver::Receiver;
pub(crate) use requests::{Answer, Requests};
pub use sender::Sender;
pub(crate) use sender::{LeastOutstanding, Load};
pub use socket_type::SocketType;
pub use topic::{PATTERN_BYTES_MAX, Pattern, PatternError};
pub(crate) use topic::{Replay, Subscriptions};
