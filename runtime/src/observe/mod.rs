//! What can be seen of a running tree: counters, snapshots, events.

mod event;
mod snapshot;
mod stats;

pub(crate) use event::EventSender;
pub use event::{Event, EventKind, Events};
pub use snapshot::{ChildSnapshot, ChildState, MailboxSnapshot, NodeSnapshot, PastExit};
pub use stats::{Counter, Stats};
