//! The rules of restarting, pure: time and chance are arguments.

mod backoff;
mod intensity;
mod policy;
mod strategy;
mod verdict;

pub use backoff::Backoff;
pub(crate) use backoff::BackoffState;
pub use intensity::Intensity;
pub(crate) use intensity::RestartWindow;
pub use policy::Restart;
pub use strategy::{AutoShutdown, Strategy};
pub use verdict::Verdict;
