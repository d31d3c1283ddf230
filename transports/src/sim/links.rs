//! The three kinds of links over the same ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::end::{End, Sent};
use super::kind::Kind;
use crate::link::{DatagramLink, LinkIo, MessageLink, Packet};

/// The largest datagram, in bytes: what fits into most networks' packets.
const DATAGRAM_BYTES_MAX: usize = 1_200;

pub(super) fn io(kind: Kind, end: End) -> LinkIo {
    match kind {
        Kind::Stream => LinkIo::Stream(Box::new(Stream(end))),
        Kind::Messages => LinkIo::Messages(Box::new(Messages(end))),
        Kind::Datagrams => LinkIo::Datagrams(Box::new(Datagrams(end))),
    }
}

struct Stream(End);

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        self.0.poll_incoming(cx, |path, now| path.read(now, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    /// What is written in one go may arrive in two pieces.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered: usize = slices.iter().map(|slice| slice.len()).sum();
        if offered == 0 {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_outgoing(cx, |path, now, weather| {
            let count = path.room().min(offered);
            if count == 0 {
                return Sent::NoRoom;
            }
            let mut bytes = gather(slices, count);
            let first = bytes.split_to(weather.number_up_to(count));
            for piece in [first, bytes] {
                if !piece.is_empty() && path.send(piece.into(), false, now, weather) {
                    return Sent::CutHere(count);
                }
            }
            Sent::Done(count)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close();
        Poll::Ready(Ok(()))
    }
}

/// The first `count` bytes of the slices.
fn gather(slices: &[IoSlice<'_>], count: usize) -> Bytes {
    let mut bytes = BytesMut::with_capacity(count);
    for slice in slices {
        let missing = count - bytes.len();
        bytes.extend_from_slice(&slice[..slice.len().min(missing)]);
    }
    bytes.freeze()
}

struct Messages(End);

impl MessageLink for Messages {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Packet>>> {
        self.0.poll_incoming(cx, |path, now| path.receive(now))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_outgoing(cx, |path, _, _| match path.room() {
            0 => Sent::NoRoom,
            _ => Sent::Done(()),
        })
    }

    fn start_send(&mut self, packet: Packet) -> io::Result<()> {
        self.0.send_now(
            |path, now, weather| match path.send(packet, true, now, weather) {
                true => Sent::CutHere(()),
                false => Sent::Done(()),
            },
        )
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close();
        Poll::Ready(Ok(()))
    }
}

struct Datagrams(End);

impl DatagramLink for Datagrams {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let received = self.0.poll_incoming(cx, |path, now| path.receive(now));
        received.map(|packet| match packet? {
            Some(packet) => Ok(packet.into_bytes()),
            // Our own end was cut; the other's end nobody hears of.
            None => Err(io::ErrorKind::NotConnected.into()),
        })
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>> {
        if datagram.len() > DATAGRAM_BYTES_MAX {
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        }
        self.0.poll_outgoing(cx, |path, now, weather| {
            if path.room() == 0 {
                return Sent::NoRoom;
            }
            path.throw(datagram, now, weather);
            Sent::Done(())
        })
    }

    fn max_bytes(&self) -> usize {
        DATAGRAM_BYTES_MAX
    }
}
