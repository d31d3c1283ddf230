//! One direction of a link: a bounded queue that both ends lock once a batch.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use crate::link::Packet;

const PACKETS_MAX: usize = 1_024;
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// The sender hands over when it holds this many packets or bytes, even before it is flushed.
const BATCH_PACKETS: usize = 64;
const BATCH_BYTES: usize = 256 * 1024;

pub(super) fn pipe() -> (Sender, Receiver) {
    let queue = Arc::new(Mutex::new(Queue::default()));
    let sender = Sender {
        queue: queue.clone(),
        batch: VecDeque::new(),
        bytes: 0,
        is_closed: false,
    };
    (
        sender,
        Receiver {
            queue,
            batch: VecDeque::new(),
        },
    )
}

#[derive(Default)]
struct Queue {
    packets: VecDeque<Packet>,
    bytes: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
    writer_is_gone: bool,
    reader_is_gone: bool,
}

pub(super) struct Sender {
    queue: Arc<Mutex<Queue>>,
    /// Taken over, not handed over yet.
    batch: VecDeque<Packet>,
    bytes: usize,
    is_closed: bool,
}

/// Ends a direction, whatever its ends do: the reader finds its end after what was handed over before, the writer a
/// broken pipe.
fn cut(queue: &Arc<Mutex<Queue>>) -> impl FnOnce() + Send + 'static {
    let queue = queue.clone();
    move || {
        let mut queue = queue.lock();
        (queue.writer_is_gone, queue.reader_is_gone) = (true, true);
        let (reader, writer) = (queue.reader.take(), queue.writer.take());
        drop(queue);
        wake(reader);
        wake(writer);
    }
}

impl Sender {
    pub(super) fn cut(&self) -> impl FnOnce() + Send + 'static {
        cut(&self.queue)
    }

    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.batch.len() < BATCH_PACKETS && self.bytes < BATCH_BYTES {
            return Poll::Ready(Ok(()));
        }
        self.poll_flush(cx)
    }

    pub(super) fn start_send(&mut self, packet: Packet) -> io::Result<()> {
        if self.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.bytes += packet.len();
        self.batch.push_back(packet);
        Ok(())
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut queue = self.queue.lock();
        if queue.reader_is_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let had = queue.packets.len();
        while queue.packets.len() < PACKETS_MAX && queue.bytes < BYTES_MAX {
            let Some(packet) = self.batch.pop_front() else {
                break;
            };
            self.bytes -= packet.len();
            queue.bytes += packet.len();
            queue.packets.push_back(packet);
        }
        let reader = if queue.packets.len() > had {
            queue.reader.take()
        } else {
            None
        };
        let is_flushed = self.batch.is_empty();
        if !is_flushed {
            queue.writer = Some(cx.waker().clone());
        }
        drop(queue);
        wake(reader);
        if is_flushed {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closed {
            return Poll::Ready(Ok(()));
        }
        std::task::ready!(self.poll_flush(cx))?;
        self.end();
        Poll::Ready(Ok(()))
    }

    fn end(&mut self) {
        self.is_closed = true;
        let mut queue = self.queue.lock();
        queue.writer_is_gone = true;
        let reader = queue.reader.take();
        drop(queue);
        wake(reader);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.end();
    }
}

pub(super) struct Receiver {
    queue: Arc<Mutex<Queue>>,
    /// Taken out of the queue in one go.
    batch: VecDeque<Packet>,
}

impl Receiver {
    pub(super) fn cut(&self) -> impl FnOnce() + Send + 'static {
        cut(&self.queue)
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Packet>> {
        if let Some(packet) = self.batch.pop_front() {
            return Poll::Ready(Some(packet));
        }
        let mut queue = self.queue.lock();
        std::mem::swap(&mut queue.packets, &mut self.batch);
        queue.bytes = 0;
        let Some(packet) = self.batch.pop_front() else {
            if queue.writer_is_gone {
                return Poll::Ready(None);
            }
            queue.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let writer = queue.writer.take();
        drop(queue);
        wake(writer);
        Poll::Ready(Some(packet))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut queue = self.queue.lock();
        queue.reader_is_gone = true;
        let unread = std::mem::take(&mut queue.packets);
        let writer = queue.writer.take();
        drop(queue);
        drop(unread);
        wake(writer);
    }
}

/// Outside the lock: whoever wakes may come straight back.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
