//! What can be seen of a running tree: counters, snapshots, events.

mod dead_letter;
mod drop_cause;
mod event;
mod snapshot;
mod stats;

pub(crate) use dead_letter::DeadLetterOffice;
pub use dead_letter::{DeadLetter, DeadLetters};
pub use drop_cause::DropCause;
pub(crate) use event::EventSender;
pub use event::{Event, EventKind, Events};
pub use snapshot::{ChildSnapshot, ChildState, MailboxSnapshot, NodeSnapshot, PastExit};
pub use stats::{Counter, Stats};
