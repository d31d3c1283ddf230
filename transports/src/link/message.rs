use std::io;
use std::task::{Context, Poll};

use super::Packet;

/// An ordered, reliable connection that keeps message boundaries.
///
/// The sending half is used as a `Sink` is: `poll_ready`, `start_send`, any number of times, then `poll_flush`. Both
/// halves are independent; an error on one says nothing about what the other still holds. Nothing blocks: a `Pending`
/// has registered the waker of the task that asked last, one for each half.
pub trait MessageLink: Send + Unpin {
    /// The next message. `None` once the peer ended its direction and everything it sent before was given out, and on
    /// every call after that. An error is final for this half. The packet is the caller's.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Packet>>>;

    /// Waits for room for one message. An error (`BrokenPipe` when the peer is gone) is final for this half.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Takes one message over; called once after each `poll_ready` that was ready. It is only on its way after the next
    /// `poll_flush`. On an error the packet is lost with the link.
    fn start_send(&mut self, packet: Packet) -> io::Result<()>;

    /// Waits until the link is set up and all that was taken over has left for the peer. That the peer handles it is not promised.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Flushes, then ends our direction: the peer receives what was sent and then `None`. Receiving goes on. May be
    /// called again after it was ready.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
