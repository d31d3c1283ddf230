//! A peer that speaks `tw` byte by byte, or does not.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::in_time;

/// The bytes of a connection, whatever carries them.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<B: AsyncRead + AsyncWrite + Send + Unpin> Bytes for B {}

/// A connection of which nothing is expected.
pub(crate) struct Raw {
    stream: Box<dyn Bytes>,
    /// Its own address, by which the log names it; nothing over ipc.
    pub(crate) name: String,
}

impl Raw {
    /// Connects to `tcp://…`, `ws://…` or `ipc://…`.
    pub(crate) async fn connect(address: &str) -> Raw {
        let (_scheme, address) = address.split_once("://").unwrap();
        #[cfg(unix)]
        if _scheme == "ipc" {
            let stream = in_time(UnixStream::connect(address)).await.unwrap();
            return Raw {
                stream: Box::new(stream),
                name: String::new(),
            };
        }
        Raw::of(in_time(TcpStream::connect(address)).await.unwrap())
    }

    /// Of a connection that was accepted, or made elsewhere.
    pub(crate) fn of(stream: TcpStream) -> Raw {
        let name = stream.local_addr().unwrap().to_string();
        Raw {
            stream: Box::new(stream),
            name,
        }
    }

    /// Connects and opens channel 1 as a socket of type `socket`; the other side is an `other`.
    pub(crate) async fn open(address: &str, socket: &str, other: &str) -> Raw {
        Raw::open_with(address, &[hello(), open(socket)].concat(), other).await
    }

    /// The same with a hello and an open of one's own. Messages may flow when it returns.
    pub(crate) async fn open_with(address: &str, hello_and_open: &[u8], other: &str) -> Raw {
        let mut raw = Raw::connect(address).await;
        raw.say(hello_and_open).await;
        // ACCEPT names the type of the socket.
        raw.hear_until(&text(other), 0).await;
        raw
    }

    /// What the other side says up to those bytes, and `more` after them.
    pub(crate) async fn hear_until(&mut self, bytes: &[u8], more: usize) -> Vec<u8> {
        let mut heard = Vec::new();
        loop {
            let mut windows = heard.windows(bytes.len());
            let found = windows.position(|window| window == bytes);
            if let Some(end) = found.map(|at| at + bytes.len() + more)
                && end <= heard.len()
            {
                heard.truncate(end);
                return heard;
            }
            let mut buffer = [0; 4_096];
            let count = in_time(self.stream.read(&mut buffer)).await.unwrap();
            assert!(count > 0, "the other side hung up: {heard:?}");
            heard.extend_from_slice(&buffer[..count]);
        }
    }

    /// Sends what the other side still takes.
    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        // It may have hung up already, which is its right.
        let _ = in_time(self.stream.write_all(bytes)).await;
    }

    /// Ends its direction.
    pub(crate) async fn finish(&mut self) {
        let _ = in_time(self.stream.shutdown()).await;
    }

    /// Reads until the other side hangs up; all it said.
    pub(crate) async fn hear_all(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let mut buffer = [0; 4_096];
        // A reset is an end, too.
        while let Ok(count @ 1..) = in_time(self.stream.read(&mut buffer)).await {
            heard.extend_from_slice(&buffer[..count]);
        }
        heard
    }

    /// What the other side says next; nothing once it has hung up.
    ///
    /// Cancel-safe.
    pub(crate) async fn hear_next(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 64 * 1024];
        let count = self.stream.read(&mut buffer).await.unwrap_or(0);
        buffer.truncate(count);
        buffer
    }

    /// What the other side says within that time.
    pub(crate) async fn hear_for(&mut self, time: Duration) -> Vec<u8> {
        let mut heard = Vec::new();
        let mut buffer = [0; 4_096];
        let listening = async {
            while let Ok(count @ 1..) = self.stream.read(&mut buffer).await {
                heard.extend_from_slice(&buffer[..count]);
            }
        };
        let _ = tokio::time::timeout(time, listening).await;
        heard
    }
}

pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// The greeting of a node named `raw` that speaks major version `major`.
pub(crate) fn hello_of_version(major: u8) -> Vec<u8> {
    hello_of(major, [0x11; 16])
}

/// The same of another instance.
pub(crate) fn hello_of(major: u8, instance: [u8; 16]) -> Vec<u8> {
    let body = [
        text("raw"),
        instance.to_vec(),
        varint(1),
        varint(64 * 1024 * 1024),
        varint(1024 * 1024),
        varint(5_000),
        varint(0),
    ]
    .concat();
    let length = (body.len() as u16).to_be_bytes();
    [&b"\xf7TWR"[..], &[major, 0], &length, &body].concat()
}

pub(crate) fn hello() -> Vec<u8> {
    hello_of_version(1)
}

/// The head of a frame of that kind and flags.
pub(crate) fn head(kind_and_flags: u8, channel: u64, length: u64) -> Vec<u8> {
    [vec![kind_and_flags], varint(channel), varint(length)].concat()
}

pub(crate) fn frame(kind_and_flags: u8, channel: u64, body: &[u8]) -> Vec<u8> {
    let head = head(kind_and_flags, channel, body.len() as u64);
    [&head[..], body].concat()
}

/// Three figures, as in CREDIT.
pub(crate) fn credit_figures(handled: u64, messages_max: u64, bytes_max: u64) -> Vec<u8> {
    [varint(handled), varint(messages_max), varint(bytes_max)].concat()
}

/// OPEN of channel 1 by a socket of that type.
pub(crate) fn open(socket: &str) -> Vec<u8> {
    open_with(socket, &credit_figures(0, 1_000, 1 << 24))
}

pub(crate) fn open_with(socket: &str, credit: &[u8]) -> Vec<u8> {
    let session = Session {
        delivery: 0,
        id: [0; 16],
        epoch: 0,
        received: 0,
        resumes: false,
        stream: [0; 16],
        begins_after: 0,
    };
    frame(0x40, 1, &channel(socket, session, credit))
}

/// What OPEN and ACCEPT say of a session.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) delivery: u64,
    pub(crate) id: [u8; 16],
    pub(crate) epoch: u64,
    pub(crate) received: u64,
    pub(crate) resumes: bool,
    pub(crate) stream: [u8; 16],
    pub(crate) begins_after: u64,
}

impl Session {
    /// A reliable one of which nothing was received.
    pub(crate) fn reliable(id: [u8; 16], epoch: u64) -> Session {
        Session {
            delivery: 1,
            id,
            epoch,
            received: 0,
            resumes: epoch > 1,
            stream: [0x55; 16],
            begins_after: 0,
        }
    }
}

/// The body of OPEN and of ACCEPT.
pub(crate) fn channel(socket: &str, session: Session, credit: &[u8]) -> Vec<u8> {
    [
        text(""),
        text(socket),
        varint(session.delivery),
        session.id.to_vec(),
        varint(session.epoch),
        varint(session.received),
        credit.to_vec(),
        vec![u8::from(session.resumes)],
        session.stream.to_vec(),
        varint(session.begins_after),
    ]
    .concat()
}

pub(crate) fn data(payload: &[u8]) -> Vec<u8> {
    frame(0x10, 1, payload)
}

/// CREDIT on channel 1.
pub(crate) fn credit(figures: &[u8]) -> Vec<u8> {
    frame(0x70, 1, figures)
}

/// CANCEL of that request on channel 1.
pub(crate) fn cancel(correlation: u64) -> Vec<u8> {
    frame(0x38, 1, &varint(correlation))
}
