//! A byte stream over a link that loses, doubles and reorders datagrams.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use treewire_runtime::{Clock, Counter, Failure, Stats};
use treewire_transports::{DatagramLink, Received, Repair, RepairError};

use super::timer::Timer;

/// How many datagrams are received in one go.
const DATAGRAMS_MAX: usize = 64;

/// An error concerns one datagram. With so many in a row and no datagram in between, the link is over.
const ERRORS_MAX: u32 = 16;

/// Joins a [`Repair`] to its link and the clock.
///
/// One task has both directions, and polls the one for reading whenever it is woken: that one receives, also what
/// makes room for writing.
pub(super) struct Repaired {
    link: Box<dyn DatagramLink>,
    repair: Repair,
    timer: Timer,
    /// The link had no room for it.
    departing: Option<Bytes>,
    /// Our direction was ended.
    is_closed: bool,
    errors_in_a_row: u32,
    repeated: Arc<Counter>,
    dropped: Arc<Counter>,
}

impl Repaired {
    /// The end that dials makes the link's id.
    pub(super) fn new(
        link: Box<dyn DatagramLink>,
        dials: bool,
        clock: Clock,
        stats: &Stats,
    ) -> Result<Self, Failure> {
        let bytes_max = link.max_bytes();
        let repair = match dials {
            true => {
                let mut id = [0; 8];
                getrandom::fill(&mut id)?;
                Repair::dialing(id, bytes_max)
            }
            false => Repair::dialed(bytes_max),
        };
        Ok(Self {
            link,
            repair,
            timer: Timer::new(clock),
            departing: None,
            is_closed: false,
            errors_in_a_row: 0,
            repeated: stats.gauge("packets sent again"),
            dropped: stats.gauge("packets dropped"),
        })
    }

    /// Takes in what has come.
    fn receive(&mut self, task: &mut Task<'_>) -> io::Result<()> {
        let now = self.timer.clock.now();
        for _ in 0..DATAGRAMS_MAX {
            match self.link.poll_receive(task) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(datagram)) => {
                    self.errors_in_a_row = 0;
                    self.repair.receive(datagram, now).map_err(broken)?;
                }
                Poll::Ready(Err(error)) => self.tolerate(error)?,
            }
        }
        task.waker().wake_by_ref();
        Ok(())
    }

    /// Sends what is to be sent, and does what is due.
    fn send(&mut self, task: &mut Task<'_>) -> io::Result<()> {
        loop {
            let now = self.timer.clock.now();
            self.repair.on_time(now).map_err(broken)?;
            self.transmit(now, task)?;
            if !self.timer.is_due(self.repair.wake_at(), task) {
                break;
            }
        }
        let figures = self.repair.figures();
        self.repeated.set(figures.repeated);
        let dropped = figures.beyond + figures.foreign + figures.malformed;
        self.dropped.set(dropped);
        Ok(())
    }

    fn transmit(&mut self, now: Instant, task: &mut Task<'_>) -> io::Result<()> {
        while let Some(datagram) = self.departing.take().or_else(|| self.repair.transmit(now)) {
            match self.link.poll_send(task, &datagram) {
                Poll::Ready(Ok(())) => {}
                // It is lost, then.
                Poll::Ready(Err(error)) => self.tolerate(error)?,
                Poll::Pending => {
                    self.departing = Some(datagram);
                    break;
                }
            }
        }
        Ok(())
    }

    fn tolerate(&mut self, error: io::Error) -> io::Result<()> {
        self.errors_in_a_row += 1;
        match self.errors_in_a_row < ERRORS_MAX {
            true => Ok(()),
            false => Err(error),
        }
    }

    /// Fills the buffer with what is there; `true` at the end.
    fn read(&mut self, buffer: &mut ReadBuf<'_>) -> Result<bool, RepairError> {
        while buffer.remaining() > 0 {
            match self.repair.read(buffer.remaining()) {
                Ok(Received::Bytes(bytes)) => buffer.put_slice(&bytes),
                Ok(Received::Nothing) => break,
                Ok(Received::End) => return Ok(true),
                // It is told when what came before was taken.
                Err(_) if !buffer.filled().is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

impl AsyncRead for Repaired {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        self.receive(task)?;
        let is_at_end = self.read(buffer).map_err(broken)?;
        // What was read may be news for the peer.
        self.send(task)?;
        match is_at_end || buffer.remaining() == 0 || buffer.filled().len() > before {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}

impl AsyncWrite for Repaired {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Task<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(task, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.repair.is_peer_gone() || self.is_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut written = 0;
        for slice in slices {
            let count = self.repair.write(slice);
            written += count;
            if count < slice.len() {
                break;
            }
        }
        self.send(task)?;
        let is_empty = slices.iter().all(|slice| slice.is_empty());
        match written > 0 || is_empty {
            true => Poll::Ready(Ok(written)),
            false => Poll::Pending,
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Task<'_>) -> Poll<io::Result<()>> {
        // It goes on by itself when it is polled.
        Poll::Ready(Ok(()))
    }

    /// Ready when the peer has everything.
    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.is_closed = true;
        self.repair.finish();
        self.send(task)?;
        match self.repair.is_finished() || self.repair.is_peer_gone() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}

impl Drop for Repaired {
    /// Tells the peer, which would have to find out by itself.
    fn drop(&mut self) {
        if let Some(last) = self.repair.let_go() {
            let mut task = Task::from_waker(Waker::noop());
            let _ = self.link.poll_send(&mut task, &last);
        }
    }
}

/// As [`Trouble`](super::Trouble) finds it again.
fn broken(error: RepairError) -> io::Error {
    io::Error::other(error)
}
