//! Peers that speak lines of text, by hand, as programs, and as Treewire at both ends.

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod both_ends;
mod messages;
mod peer;
mod programs;
mod requests;
mod typed;

/// Where a test listens for lines.
const LINES: &str = "lines+tcp://127.0.0.1:0";
