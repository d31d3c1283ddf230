//! The HTTP request with which a WebSocket begins, and its answer; pure.

mod client;
mod server;

use bytes::BytesMut;

pub(super) use client::Client;
pub(super) use server::Server;

use crate::Endpoint;

/// The largest request or answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// One side's part in it.
pub(super) enum Upgrade {
    Client(Client),
    Server(Server),
}

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More bytes of the peer are needed.
    Waiting,
    /// Frames follow, once the peer was told this.
    Done(Vec<u8>),
    /// It failed. The peer is told this and hears no more.
    Failed { answer: Vec<u8>, reason: String },
}

impl Upgrade {
    pub(super) fn is_client(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// What is said before the peer has said anything.
    pub(super) fn begin(&self) -> Vec<u8> {
        match self {
            Self::Client(client) => client.request(),
            Self::Server(_) => Vec::new(),
        }
    }

    /// Takes the peer's part off the input when it is whole.
    pub(super) fn receive(&self, input: &mut BytesMut) -> Progress {
        match self {
            Self::Client(client) => client.receive(input),
            Self::Server(server) => server.receive(input),
        }
    }
}

/// The name under which both sides speak an endpoint's dialect.
fn subprotocol(endpoint: &Endpoint) -> String {
    format!("{}.treewire", endpoint.dialect())
}
