//! Which topics a subscriber wants, who of many wants one topic, and what a publisher keeps
//! for those that missed something.

mod holders;
mod pattern;
mod prefixes;
mod replay;
mod subscriptions;
#[cfg(test)]
mod tests;
mod token_tree;

pub use pattern::{PATTERN_BYTES_MAX, Pattern, PatternError};
pub(crate) use replay::Replay;
pub(crate) use subscriptions::Subscriptions;
