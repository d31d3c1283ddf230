//! Typed mailboxes on the wire: a message type with a wire name reaches an actor
//! in another process as it would one in this.

mod again;
mod codec;
mod deliver;
mod delivered;
mod descriptor;
mod error;
mod offender;
mod recipient;
mod remote;
mod routes;
mod serve;
mod told;
mod wire_message;

pub use codec::Codec;
pub use delivered::Delivered;
pub use error::RemoteError;
pub(crate) use error::{HANDLER_FAILED, LOST_IN_CRASH, NOT_SENDABLE, QUARANTINED};
pub use remote::{AskingTyped, Remote};
pub(crate) use routes::Routes;
pub(crate) use told::{published, told};
pub use wire_message::{WireMessage, WireType, schema_of};
