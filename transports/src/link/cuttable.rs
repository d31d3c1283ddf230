use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, tcp};
#[cfg(unix)]
use tokio::net::{UnixStream, unix};

use super::{Cutter, LinkIo};

/// A stream of the system whose cutter has no descriptor of its own: both reach the same socket.
///
/// Only writing is shared. Its lock is held during one call of the system that does not block, so that whoever
/// cuts gets it though the thread of the owner is blocked.
struct Cuttable<R, W: WriteHalf> {
    reading: R,
    /// There until it is dropped.
    writing: Option<Arc<Mutex<W>>>,
}

/// Our direction of a stream.
trait WriteHalf: AsyncWrite + Send + Unpin + 'static {
    fn socket(&self) -> SockRef<'_>;

    /// Drops it without ending our direction: the socket's last descriptor does so.
    fn forget(self);
}

/// How a connection of TCP moves its bytes, and what cuts it.
pub(crate) fn tcp(stream: TcpStream) -> (LinkIo, Cutter) {
    let (reading, writing) = stream.into_split();
    cuttable(reading, writing)
}

/// The same of a connection inside the machine.
#[cfg(unix)]
pub(crate) fn unix(stream: UnixStream) -> (LinkIo, Cutter) {
    let (reading, writing) = stream.into_split();
    cuttable(reading, writing)
}

fn cuttable<R, W>(reading: R, writing: W) -> (LinkIo, Cutter)
where
    R: AsyncRead + Send + Unpin + 'static,
    W: WriteHalf,
{
    let writing = Arc::new(Mutex::new(writing));
    let of_cutter = Arc::downgrade(&writing);
    let cutter = Cutter::new(move || {
        if let Some(writing) = of_cutter.upgrade() {
            // An error only says that it is not connected any more.
            let _ = writing.lock().socket().shutdown(Shutdown::Both);
        }
    });
    let writing = Some(writing);
    (
        LinkIo::Stream(Box::new(Cuttable { reading, writing })),
        cutter,
    )
}

impl<R, W: WriteHalf> Cuttable<R, W> {
    fn write<T>(
        &self,
        call: impl FnOnce(Pin<&mut W>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &self.writing {
            Some(writing) => call(Pin::new(&mut *writing.lock())),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<R, W: WriteHalf> Drop for Cuttable<R, W> {
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take().and_then(Arc::into_inner) {
            writing.into_inner().forget();
        }
    }
}

impl<R: AsyncRead + Unpin, W: WriteHalf> AsyncRead for Cuttable<R, W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reading).poll_read(task, buffer)
    }
}

impl<R: Unpin, W: WriteHalf> AsyncWrite for Cuttable<R, W> {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(|half| half.poll_write(task, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(|half| half.poll_write_vectored(task, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(|half| half.poll_flush(task))
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(|half| half.poll_shutdown(task))
    }
}

impl WriteHalf for tcp::OwnedWriteHalf {
    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.as_ref())
    }

    fn forget(self) {
        self.forget();
    }
}

#[cfg(unix)]
impl WriteHalf for unix::OwnedWriteHalf {
    fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.as_ref())
    }

    fn forget(self) {
        self.forget();
    }
}
