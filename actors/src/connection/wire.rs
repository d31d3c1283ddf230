//! A link's bytes in and out, whatever kind of link it is.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context as Task, Poll, Waker};
use std::time::Instant;

use bytes::BytesMut;
use tokio::io::AsyncWrite;
use tokio_util::io::poll_read_buf;
use treewire_runtime::{Clock, Failure, Stats};
use treewire_transports::dialect::{AtEnd, EVENTS_MAX};
use treewire_transports::{Dialect, Event, Input, LinkIo, MessageLink, Output, StreamLink};

use super::Trouble;
use super::read_buffer::{self, READ_BYTES};
use super::repaired::Repaired;

/// A rest of a frame up to this size is copied out of the shared buffer.
const REST_BYTES: usize = 4 * 1024;

/// How many pieces one vectored write takes.
const SLICES: usize = 64;

pub(super) struct Wire {
    io: Io,
    /// The rest of a frame that has not arrived whole.
    rest: BytesMut,
    /// The dialect stopped early; `rest` may hold whole frames.
    stalled: bool,
    pub(super) output: Output,
    /// A link of messages holds some that have not left.
    unflushed: bool,
    finished: bool,
    /// The peer ended its direction, and is still owed something.
    input_ended: bool,
}

/// The two ways in which bytes move that nothing is lost on.
enum Io {
    Stream(Box<dyn StreamLink>),
    Messages(Box<dyn MessageLink>),
}

/// What a receive found.
pub(super) enum Received {
    /// So many bytes; the events have what they mean.
    Bytes(usize),
    /// The peer ended its direction, between two frames.
    End,
}

impl Wire {
    /// Gaps are repaired where the link can have them, and nowhere else. `dials` says whether our side dialed.
    pub(super) fn new(
        io: LinkIo,
        dials: bool,
        clock: &Clock,
        stats: &Stats,
    ) -> Result<Self, Failure> {
        let (io, output) = match io {
            LinkIo::Stream(stream) => (Io::Stream(stream), Output::stream()),
            LinkIo::Messages(link) => (Io::Messages(link), Output::packets()),
            LinkIo::Datagrams(link) => {
                let repaired = Repaired::new(link, dials, clock.clone(), stats)?;
                (Io::Stream(Box::new(repaired)), Output::stream())
            }
        };
        Ok(Wire {
            io,
            rest: BytesMut::new(),
            stalled: false,
            output,
            unflushed: false,
            finished: false,
            input_ended: false,
        })
    }

    /// Reads once and lets the dialect make events of it.
    pub(super) fn poll_receive(
        &mut self,
        dialect: &mut dyn Dialect,
        now: Instant,
        events: &mut VecDeque<Event>,
        task: &mut Task<'_>,
    ) -> Result<Poll<Received>, Trouble> {
        if self.input_ended || dialect.is_paused() {
            return Ok(Poll::Pending);
        }
        match &mut self.io {
            Io::Stream(stream) => {
                let mut buffer = if self.rest.is_empty() {
                    read_buffer::take()
                } else {
                    std::mem::take(&mut self.rest)
                };
                let mut count = 0;
                if !self.stalled {
                    let wanted = dialect.wanted_bytes(&buffer);
                    if buffer.capacity() - buffer.len() < wanted.max(REST_BYTES) {
                        buffer.reserve(wanted.max(READ_BYTES));
                    }
                    match poll_read_buf(Pin::new(stream), task, &mut buffer) {
                        Poll::Pending => {
                            self.keep_rest(buffer);
                            return Ok(Poll::Pending);
                        }
                        Poll::Ready(Err(error)) => return Err(error.into()),
                        Poll::Ready(Ok(0)) => {
                            let at_end = dialect.input_ended(&mut buffer, events);
                            let bytes = buffer.len();
                            self.keep_rest(buffer);
                            return match bytes {
                                0 => Ok(Poll::Ready(self.end(at_end?))),
                                _ => Err(Trouble::Truncated { bytes }),
                            };
                        }
                        Poll::Ready(Ok(read)) => count = read,
                    }
                }
                let mut buffer = read_buffer::unpin(buffer);
                let result =
                    dialect.receive(Input::Stream(&mut buffer), now, &mut self.output, events);
                self.stalled = events.len() >= EVENTS_MAX || dialect.is_paused();
                self.keep_rest(buffer);
                result?;
                Ok(Poll::Ready(Received::Bytes(count)))
            }
            Io::Messages(link) => {
                let mut count = 0;
                while events.len() < EVENTS_MAX && !dialect.is_paused() {
                    match link.poll_receive(task) {
                        Poll::Pending if count == 0 => return Ok(Poll::Pending),
                        Poll::Pending => break,
                        Poll::Ready(Err(error)) => return Err(error.into()),
                        Poll::Ready(Ok(None)) if count == 0 => {
                            let at_end = dialect.input_ended(&mut BytesMut::new(), events)?;
                            return Ok(Poll::Ready(self.end(at_end)));
                        }
                        // It says so again next time.
                        Poll::Ready(Ok(None)) => break,
                        Poll::Ready(Ok(Some(packet))) => {
                            count += packet.len();
                            dialect.receive(
                                Input::Packet(packet),
                                now,
                                &mut self.output,
                                events,
                            )?;
                        }
                    }
                }
                Ok(Poll::Ready(Received::Bytes(count)))
            }
        }
    }

    fn end(&mut self, at_end: AtEnd) -> Received {
        match at_end {
            AtEnd::Over => Received::End,
            AtEnd::Answers => {
                self.input_ended = true;
                Received::Bytes(0)
            }
        }
    }

    fn keep_rest(&mut self, buffer: BytesMut) {
        if buffer.is_empty() {
            read_buffer::give_back(buffer);
        } else if buffer.len() <= REST_BYTES && buffer.capacity() >= READ_BYTES / 2 {
            self.rest = BytesMut::from(&buffer[..]);
            read_buffer::give_back(buffer);
        } else {
            self.rest = buffer;
        }
    }

    /// Writes what the link takes of the output; how many bytes.
    pub(super) fn poll_send(&mut self, task: &mut Task<'_>) -> Result<usize, Trouble> {
        let mut written = 0;
        match &mut self.io {
            Io::Stream(stream) => {
                while !self.output.is_empty() {
                    let mut slices = [IoSlice::new(&[]); SLICES];
                    let filled = self.output.io_slices(&mut slices);
                    let stream = Pin::new(&mut *stream);
                    match stream.poll_write_vectored(task, &slices[..filled]) {
                        Poll::Pending => break,
                        Poll::Ready(Err(error)) => return Err(error.into()),
                        Poll::Ready(Ok(0)) => {
                            return Err(io::Error::from(io::ErrorKind::WriteZero).into());
                        }
                        Poll::Ready(Ok(count)) => {
                            self.output.advance(count);
                            written += count;
                        }
                    }
                }
            }
            Io::Messages(link) => {
                while !self.output.is_empty() && link.poll_ready(task)?.is_ready() {
                    if let Some(packet) = self.output.pop_packet() {
                        written += packet.len();
                        link.start_send(packet)?;
                    }
                }
                self.unflushed |= written > 0;
                if self.unflushed {
                    self.unflushed = link.poll_flush(task)?.is_pending();
                }
            }
        }
        Ok(written)
    }

    /// After the last output: ends our direction. The end of the peer's, which
    /// [`poll_receive`](Self::poll_receive) finds, ends the connection.
    pub(super) fn finish(&mut self, task: &mut Task<'_>) -> Result<(), Trouble> {
        if self.finished || !self.output.is_empty() {
            return Ok(());
        }
        let finished = match &mut self.io {
            Io::Stream(stream) => Pin::new(stream).poll_shutdown(task)?,
            Io::Messages(link) => link.poll_close(task)?,
        };
        self.finished = finished.is_ready();
        Ok(())
    }

    /// Whether the peer ended its direction, and the connection did not end with that.
    pub(super) fn has_input_ended(&self) -> bool {
        self.input_ended
    }

    /// Whether our direction has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Tries once to get the output out before the link is dropped.
    pub(super) fn send_last_words(&mut self) {
        let mut task = Task::from_waker(Waker::noop());
        if self.poll_send(&mut task).is_ok() {
            // The link is dropped in any case.
            let _ = self.finish(&mut task);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use treewire_transports::Packet;

    use super::*;

    /// Needs two flushes for what it has taken.
    struct Slow(Arc<AtomicU32>);

    impl MessageLink for Slow {
        fn poll_receive(&mut self, _: &mut Task<'_>) -> Poll<io::Result<Option<Packet>>> {
            Poll::Pending
        }

        fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(&mut self, _: Packet) -> io::Result<()> {
            Ok(())
        }

        fn poll_flush(&mut self, _: &mut Task<'_>) -> Poll<io::Result<()>> {
            match self.0.fetch_add(1, Relaxed) {
                0 => Poll::Pending,
                _ => Poll::Ready(Ok(())),
            }
        }

        fn poll_close(&mut self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
            self.poll_flush(task)
        }
    }

    #[test]
    fn a_flush_that_did_not_end_goes_on_though_nothing_follows() {
        let flushes = Arc::new(AtomicU32::new(0));
        let io = LinkIo::Messages(Box::new(Slow(flushes.clone())));
        let mut wire = Wire::new(io, true, &Clock::default(), &Stats::default()).unwrap();
        let mut task = Task::from_waker(Waker::noop());
        wire.output.frame(b"the last", "message".into());
        assert!(wire.poll_send(&mut task).unwrap() > 0);
        assert_eq!(flushes.load(Relaxed), 1);
        wire.poll_send(&mut task).unwrap();
        wire.poll_send(&mut task).unwrap();
        assert_eq!(flushes.load(Relaxed), 2, "once more, and no more than that");
    }
}
