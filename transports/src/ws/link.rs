use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;
use tokio_util::io::poll_read_buf;

use super::MESSAGE_BYTES_MAX;
use super::decode::{Breach, Decoder, Said};
use super::encode::{BINARY, CLOSE, Encoder, PONG};
use super::halves::Halves;
use super::upgrade::{Progress, Upgrade};
use crate::link::{MessageLink, Packet, StreamLink};

/// Room for one read.
const READ_BYTES: usize = 64 * 1024;

/// What was read into a buffer fills it badly below this size: then it is copied out, so that a small message that is
/// kept does not pin the whole buffer.
const SPARSE_BYTES: usize = READ_BYTES / 8;

/// Messages are taken while fewer bytes than this wait to be written.
const WAITING_BYTES: usize = 128 * 1024;

/// A peer that sends nothing but control frames lets others on after so many.
const CONTROLS: usize = 64;

/// Frames over a stream, after the upgrade.
pub(super) struct WsLink {
    stream: Box<dyn StreamLink>,
    state: State,
    decoder: Decoder,
    input: BytesMut,
    encoder: Encoder,
    output: BytesMut,
    /// The answer to the last ping, once there is room: earlier ones need none.
    pong: Option<Bytes>,
    has_closed: bool,
    peer_has_closed: bool,
    halves: Arc<Halves>,
    waker: Waker,
}

enum State {
    Upgrading(Upgrade),
    Open,
    /// One of us broke the rules; the other was told.
    Failed,
}

impl WsLink {
    pub(super) fn new(stream: Box<dyn StreamLink>, upgrade: Upgrade) -> Self {
        let halves: Arc<Halves> = Arc::default();
        let is_client = upgrade.is_client();
        Self {
            stream,
            decoder: Decoder::new(!is_client, MESSAGE_BYTES_MAX),
            input: BytesMut::new(),
            encoder: match is_client {
                true => Encoder::of_client(),
                false => Encoder::of_server(),
            },
            output: BytesMut::from(&upgrade.begin()[..]),
            state: State::Upgrading(upgrade),
            pong: None,
            has_closed: false,
            peer_has_closed: false,
            waker: halves.waker(),
            halves,
        }
    }

    /// Drives the upgrade; ready when messages may flow.
    fn poll_open(&mut self) -> Poll<io::Result<()>> {
        loop {
            let upgrade = match &self.state {
                State::Open => return Poll::Ready(Ok(())),
                State::Failed => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                State::Upgrading(upgrade) => upgrade,
            };
            match upgrade.receive(&mut self.input) {
                Progress::Done(answer) => {
                    self.output.extend_from_slice(&answer);
                    self.state = State::Open;
                    self.write_what_is_taken();
                }
                Progress::Failed { answer, reason } => {
                    self.output.extend_from_slice(&answer);
                    return Poll::Ready(Err(self.fail(&reason)));
                }
                Progress::Waiting => {
                    self.write_what_is_taken();
                    if ready!(self.poll_read())? == 0 {
                        let text = "the connection ended before its upgrade to WebSocket";
                        let error = io::Error::new(io::ErrorKind::UnexpectedEof, text);
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }

    /// Reads once. Room grows with what has arrived.
    fn poll_read(&mut self) -> Poll<io::Result<usize>> {
        let missing = self.decoder.frame_bytes().saturating_sub(self.input.len());
        let room = missing.min(self.input.len()).max(READ_BYTES);
        self.input.reserve(room);
        let task = &mut Context::from_waker(&self.waker);
        let read = poll_read_buf(Pin::new(&mut self.stream), task, &mut self.input);
        // Nor is room kept for a peer that is silent.
        if self.input.len() < SPARSE_BYTES {
            self.input = BytesMut::from(&self.input[..]);
        }
        read
    }

    /// Writes the output; ready when all of it has left.
    fn poll_write(&mut self) -> Poll<io::Result<()>> {
        let task = &mut Context::from_waker(&self.waker);
        while !self.output.is_empty() {
            let stream = Pin::new(&mut self.stream);
            let count = ready!(stream.poll_write(task, &self.output))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.advance(count);
        }
        self.output = BytesMut::new();
        Pin::new(&mut self.stream).poll_flush(task)
    }

    /// For what is not the sending half's: that gets the error, if there is one.
    fn write_what_is_taken(&mut self) {
        let _ = self.poll_write();
    }

    /// What is said beside messages.
    fn say(&mut self, opcode: tungstenite::protocol::frame::coding::OpCode, payload: &[u8]) {
        // Without keys, from a system out of chance, it stays unsaid.
        let _ = self.encoder.frame(opcode, payload, &[], &mut self.output);
    }

    fn answer_ping(&mut self) {
        if self.output.len() < WAITING_BYTES
            && !self.has_closed
            && let Some(payload) = self.pong.take()
        {
            self.say(PONG, &payload);
            self.write_what_is_taken();
        }
    }

    fn breach(&mut self, breach: Breach) -> io::Error {
        if !self.has_closed {
            let payload = [&breach.code.to_be_bytes(), breach.text.as_bytes()].concat();
            self.say(CLOSE, &payload);
        }
        self.fail(breach.text)
    }

    /// The last words leave, if they can at once. What the peer still sends is read, for the system would take them back
    /// otherwise; not for long.
    fn fail(&mut self, reason: &str) -> io::Error {
        self.state = State::Failed;
        self.has_closed = true;
        self.write_what_is_taken();
        let task = &mut Context::from_waker(Waker::noop());
        let _ = Pin::new(&mut self.stream).poll_shutdown(task);
        let mut unwanted = BytesMut::with_capacity(READ_BYTES);
        while let Poll::Ready(Ok(1..)) =
            poll_read_buf(Pin::new(&mut self.stream), task, &mut unwanted)
            && unwanted.len() < READ_BYTES
        {}
        io::Error::new(io::ErrorKind::InvalidData, reason)
    }
}

impl MessageLink for WsLink {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Packet>>> {
        self.halves.receiving.register(cx.waker());
        if self.peer_has_closed {
            return Poll::Ready(Ok(None));
        }
        ready!(self.poll_open())?;
        for _ in 0..CONTROLS {
            match self.decoder.next(&mut self.input) {
                Err(breach) => return Poll::Ready(Err(self.breach(breach))),
                Ok(Some(Said::Message(message))) => {
                    return Poll::Ready(Ok(Some(message.into())));
                }
                Ok(Some(Said::Ping(payload))) => {
                    self.pong = Some(payload);
                    self.answer_ping();
                }
                Ok(Some(Said::Pong)) => {}
                Ok(Some(Said::Close(reason))) => {
                    if let Some(reason) = reason {
                        tracing::debug!("the peer closed its WebSocket: {reason}");
                    }
                    self.peer_has_closed = true;
                    return Poll::Ready(Ok(None));
                }
                Ok(None) => {
                    if ready!(self.poll_read())? > 0 {
                        continue;
                    }
                    if self.decoder.is_amid(&self.input) {
                        let text = "the connection ended in the middle of a message";
                        let error = io::Error::new(io::ErrorKind::InvalidData, text);
                        return Poll::Ready(Err(error));
                    }
                    self.peer_has_closed = true;
                    return Poll::Ready(Ok(None));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.halves.sending.register(cx.waker());
        ready!(self.poll_open())?;
        self.answer_ping();
        if self.has_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.output.len() >= WAITING_BYTES {
            ready!(self.poll_write())?;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, packet: Packet) -> io::Result<()> {
        let Packet { head, body } = packet;
        self.encoder.frame(BINARY, &head, &body, &mut self.output)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.halves.sending.register(cx.waker());
        ready!(self.poll_open())?;
        self.answer_ping();
        self.poll_write()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.halves.sending.register(cx.waker());
        ready!(self.poll_open())?;
        if !self.has_closed {
            self.say(CLOSE, &1000u16.to_be_bytes());
            self.has_closed = true;
        }
        self.poll_write()
    }
}

impl Drop for WsLink {
    /// A peer that closed gets its answer, any other learns that we go; if the system takes it at once.
    fn drop(&mut self) {
        if matches!(self.state, State::Open) && !self.has_closed {
            self.say(CLOSE, &1000u16.to_be_bytes());
            self.write_what_is_taken();
        }
    }
}
