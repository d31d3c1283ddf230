//! A peer that knows nothing but lines.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use treewire::SocketHandle;

use crate::support::{address, in_time};

pub(crate) struct Peer {
    reads: BufReader<OwnedReadHalf>,
    pub(crate) writes: OwnedWriteHalf,
}

impl Peer {
    /// Connects to a socket that listens for lines.
    pub(crate) async fn of(socket: &SocketHandle) -> Peer {
        let address = address(socket);
        let (_, address) = address.split_once("://").unwrap();
        Peer::new(in_time(TcpStream::connect(address)).await.unwrap())
    }

    /// Somebody who dialed.
    pub(crate) async fn accept(listener: &TcpListener) -> Peer {
        Peer::new(in_time(listener.accept()).await.unwrap().0)
    }

    fn new(stream: TcpStream) -> Peer {
        let (reads, writes) = stream.into_split();
        let reads = BufReader::new(reads);
        Peer { reads, writes }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        in_time(self.writes.write_all(text.as_bytes()))
            .await
            .unwrap();
    }

    /// Ends its direction.
    pub(crate) async fn finish(&mut self) {
        in_time(self.writes.shutdown()).await.unwrap();
    }

    /// The next line with its end; nothing at the end of the stream.
    pub(crate) async fn hear(&mut self) -> String {
        let mut line = String::new();
        in_time(self.reads.read_line(&mut line)).await.unwrap();
        line
    }

    /// What comes until the other side ends its direction.
    pub(crate) async fn hear_all(&mut self) -> String {
        let mut text = String::new();
        in_time(self.reads.read_to_string(&mut text)).await.unwrap();
        text
    }
}

/// A place where a server of lines listens, and its address for sockets.
pub(crate) async fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("lines+tcp://{}", listener.local_addr().unwrap());
    (listener, address)
}
