//! What a bench writes down of its results: a [`Report`], as JSON. The benches write it, `cargo xtask bench` reads it.
//!
//! A report is a list of [`Series`]. Each is one figure of one participant under one [`Setup`], with its value in every
//! round; nothing in it is derived from another participant, so that whoever reads it divides as they like.

mod report;
mod series;
mod spread;

pub use report::{Machine, Report, Settings};
pub use series::{Better, Series, Setup, Side};
pub use spread::{Figures, Spread};
