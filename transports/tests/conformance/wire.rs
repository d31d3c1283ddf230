use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use treewire_transports::{Cutter, Link, LinkIo, MessageLink, Packet};

/// One end of a reliable link, streams and messages alike: bytes in, bytes out.
pub(crate) struct Wire {
    pub(crate) peer: String,
    pub(crate) host: String,
    pub(crate) local: String,
    io: LinkIo,
    /// Dropped after the link, which needs it no longer.
    pub(crate) cutter: Option<Cutter>,
    unread: BytesMut,
}

impl Wire {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            peer: link.peer,
            host: link.host,
            local: link.local,
            io: link.io,
            cutter: Some(link.cutter),
            unread: BytesMut::new(),
        }
    }

    /// Sends the bytes, as one message where there are messages.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.io {
            LinkIo::Stream(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            LinkIo::Messages(link) => {
                poll_fn(|cx| link.poll_ready(cx)).await?;
                link.start_send(packet(bytes))?;
                poll_fn(|cx| link.poll_flush(cx)).await
            }
            LinkIo::Datagrams(_) => panic!("the suite is for reliable links"),
        }
    }

    /// Waits until all that was sent has left.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        match &mut self.io {
            LinkIo::Stream(stream) => stream.flush().await,
            LinkIo::Messages(link) => poll_fn(|cx| link.poll_flush(cx)).await,
            LinkIo::Datagrams(_) => panic!("the suite is for reliable links"),
        }
    }

    /// The next `count` bytes.
    pub(crate) async fn receive(&mut self, count: usize) -> io::Result<Bytes> {
        while self.unread.len() < count {
            if !self.receive_some().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.unread.split_to(count).freeze())
    }

    /// Whether the peer has ended its direction, without anything unread before.
    pub(crate) async fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.unread.is_empty() && !self.receive_some().await?)
    }

    /// Ends our direction.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        match &mut self.io {
            LinkIo::Stream(stream) => stream.shutdown().await,
            LinkIo::Messages(link) => poll_fn(|cx| link.poll_close(cx)).await,
            LinkIo::Datagrams(_) => panic!("the suite is for reliable links"),
        }
    }

    /// Sends one piece after the other until the link takes no more; how many pieces it took whole, and how many bytes
    /// of the next.
    pub(crate) async fn fill(&mut self, piece: &[u8]) -> io::Result<(usize, usize)> {
        let mut whole = 0;
        loop {
            let taken = match &mut self.io {
                LinkIo::Stream(stream) => fill_stream(Pin::new(stream), piece).await?,
                LinkIo::Messages(link) => fill_messages(link.as_mut(), piece).await?,
                LinkIo::Datagrams(_) => panic!("the suite is for reliable links"),
            };
            if taken < piece.len() {
                return Ok((whole, taken));
            }
            whole += 1;
        }
    }

    async fn receive_some(&mut self) -> io::Result<bool> {
        match &mut self.io {
            LinkIo::Stream(stream) => Ok(stream.read_buf(&mut self.unread).await? > 0),
            LinkIo::Messages(link) => {
                let packet = poll_fn(|cx| link.poll_receive(cx)).await?;
                self.unread
                    .extend_from_slice(&packet.clone().unwrap_or_default().into_bytes());
                Ok(packet.is_some())
            }
            LinkIo::Datagrams(_) => panic!("the suite is for reliable links"),
        }
    }
}

/// Head and body are cut somewhere, and mean nothing by it.
fn packet(bytes: &[u8]) -> Packet {
    let mut body = Bytes::copy_from_slice(bytes);
    let head = body.split_to(bytes.len().min(3));
    Packet { head, body }
}

/// How many bytes of the piece the stream takes before it makes its writer wait.
async fn fill_stream(
    mut stream: Pin<&mut Box<dyn treewire_transports::StreamLink>>,
    piece: &[u8],
) -> io::Result<usize> {
    let mut taken = 0;
    while taken < piece.len() {
        let write = poll_fn(|cx| {
            Poll::Ready(match stream.as_mut().poll_write(cx, &piece[taken..]) {
                Poll::Ready(result) => Some(result),
                Poll::Pending => None,
            })
        });
        match write.await {
            Some(count) => taken += count?,
            None => break,
        }
    }
    Ok(taken)
}

/// The whole piece or nothing of it.
async fn fill_messages(link: &mut dyn MessageLink, piece: &[u8]) -> io::Result<usize> {
    let is_ready = poll_fn(|cx| {
        Poll::Ready(match link.poll_ready(cx) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    });
    let Some(ready) = is_ready.await else {
        return Ok(0);
    };
    ready?;
    link.start_send(packet(piece))?;
    Ok(piece.len())
}
