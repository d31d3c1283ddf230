//! Gap repair: an ordered, reliable byte stream over datagrams that may be lost, doubled, reordered and delayed.
//!
//! It is for [datagram links](crate::DatagramLink) alone; streams need none of it. Pure: no clock, no link, no task.
//! `WIRE.md` draws its packets.

mod congestion;
mod error;
mod figures;
mod incoming;
mod machine;
mod outgoing;
mod packet;
mod round_trip;
#[cfg(test)]
mod tests;

pub use error::RepairError;
pub use figures::RepairFigures;
pub use machine::{Received, Repair};

use std::time::Duration;

/// So many packets from the first that is missing, or unread, on are kept; what is beyond is dropped and comes again.
const PACKETS_MAX: u64 = 256;

/// How long the news of packets that arrived in order waits for more of them, or for a packet to ride on; RFC 9000
/// (§18.2, `max_ack_delay`) has 25 ms.
const ACKNOWLEDGEMENT_DELAY: Duration = Duration::from_millis(20);

/// How long a link lasts on which nothing of what waits gets through (RFC 9293 §3.8.3, R2): longer than the heartbeats
/// of what is spoken above it, which end it as a rule.
const PATIENCE: Duration = Duration::from_secs(30);
