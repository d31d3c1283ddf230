//! What every participant of a bench does alike, so that only the transport differs.
//!
//! A participant is a program that does one [`Task`], given on its command line: it plays one [`Role`], or, where nothing leaves
//! the process, two at once. A listener first says where it
//! listens; whoever measures ends with a report. Both are one JSON [`Line`] on standard output. Every payload is
//! [stamped](stamp) with its sequence, and the receiver [checks](Arrivals) each one.

mod arrivals;
mod fan_out;
mod line;
mod play;
mod role;
pub mod stamp;
mod trips;

pub use arrivals::Arrivals;
pub use fan_out::{Deliveries, FanOut};
pub use line::{Line, RoundTrip, Throughput};
pub use play::{Failure, main, play};
pub use role::{Delivery, Order, Role, Task};
pub use trips::Trips;
