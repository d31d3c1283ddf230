use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;

/// A connection of datagrams: each arrives whole or not at all, perhaps twice, perhaps out of order.
///
/// There is no end of stream and no closing; a link ends when it is dropped. Nothing blocks: a `Pending` has registered
/// the waker of the task that asked last, one for each direction. What is lost is for [`Repair`](crate::Repair) to bring.
pub trait DatagramLink: Send + Unpin {
    /// The next datagram, which is the caller's. An error that concerns one datagram (a peer's port was unreachable)
    /// is not final: call again.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>>;

    /// Hands one datagram to the network, which may lose it. The bytes stay the caller's; after `Pending` the same
    /// datagram is to be offered again. More than [`max_bytes`](Self::max_bytes) is refused with `InvalidInput`.
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>>;

    /// The largest datagram this link takes, in bytes; it does not change while the link lives.
    fn max_bytes(&self) -> usize;
}
