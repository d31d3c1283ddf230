//! What every participant of the actors bench does alike, so that only the framework differs.
//!
//! A participant is a program that runs one [`Case`], given on its command line, on its [`Framework`], and prints a
//! [`Report`] as one JSON line on standard output. Every message carries an amount that its actor adds up, and the
//! totals are checked: a message that is lost or doubled fails the run.

mod children;
mod framework;
mod messages;
mod order;
mod pace;
mod play;
mod report;
pub mod resident;

pub use framework::{Failure, Framework};
pub use messages::QUEUED_MESSAGES_MAX;
pub use order::{Case, Order};
pub use play::{main, play};
pub use report::Report;
