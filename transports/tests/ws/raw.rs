//! A peer that speaks WebSocket byte by byte, or does not.

use std::future::poll_fn;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use treewire_transports::{Acceptor, Link, LinkIo, MessageLink};

use super::conformance::accept;

/// A connection of which nothing is expected.
pub(crate) struct Raw(TcpStream);

impl Raw {
    /// Connects and is accepted; its upgrade is still to come.
    pub(crate) async fn connect(acceptor: &mut dyn Acceptor) -> (Raw, Box<dyn MessageLink>) {
        let address = acceptor.local().address().split('/').next().unwrap();
        let stream = TcpStream::connect(address.to_owned()).await.unwrap();
        let link = accept(acceptor).await.unwrap();
        (Raw(stream), messages(link))
    }

    /// The same after its upgrade.
    pub(crate) async fn upgraded(acceptor: &mut dyn Acceptor) -> (Raw, Box<dyn MessageLink>) {
        let (mut raw, mut link) = Raw::connect(acceptor).await;
        raw.say(request("/", "").as_bytes()).await;
        poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
        let answer = raw.hear_head().await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        (raw, link)
    }

    pub(crate) fn of(stream: TcpStream) -> Raw {
        Raw(stream)
    }

    /// Sends what the other side still takes.
    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    pub(crate) async fn hear(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    /// A head of HTTP.
    pub(crate) async fn hear_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// All until the other side ends.
    pub(crate) async fn hear_all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).await.unwrap();
        bytes
    }
}

pub(crate) fn messages(link: Link) -> Box<dyn MessageLink> {
    match link.io {
        LinkIo::Messages(link) => link,
        other => panic!("expected messages, found {other:?}"),
    }
}

/// A request as it should be, with more headers.
pub(crate) fn request(path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// A short frame as a client sends it; its mask changes nothing.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}
