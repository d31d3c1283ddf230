use bytes::{Buf, BytesMut};
use tungstenite::handshake::client::{Response, generate_key};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;
use tungstenite::http::StatusCode;

use super::{HEAD_BYTES_MAX, Progress, subprotocol};
use crate::Endpoint;

/// Asks a listener to speak WebSocket.
pub(in crate::ws) struct Client {
    host: String,
    path: String,
    subprotocol: String,
    key: String,
}

impl Client {
    pub(in crate::ws) fn new(host: &str, path: &str, endpoint: &Endpoint) -> Self {
        Self {
            host: host.to_owned(),
            path: path.to_owned(),
            subprotocol: subprotocol(endpoint),
            key: generate_key(),
        }
    }

    pub(super) fn request(&self) -> Vec<u8> {
        format!(
            "GET {} HTTP/1.1\r\n\
             Host: {}\r\n\
             Connection: Upgrade\r\n\
             Upgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {}\r\n\
             Sec-WebSocket-Protocol: {}\r\n\
             \r\n",
            self.path, self.host, self.key, self.subprotocol
        )
        .into_bytes()
    }

    pub(super) fn receive(&self, input: &mut BytesMut) -> Progress {
        let failed = |reason: String| Progress::Failed {
            answer: Vec::new(),
            reason,
        };
        match Response::try_parse(input) {
            Ok(Some((length, response))) => {
                input.advance(length);
                match self.check(&response) {
                    Ok(()) => Progress::Done(Vec::new()),
                    Err(reason) => failed(reason),
                }
            }
            Ok(None) if input.len() > HEAD_BYTES_MAX => {
                failed("the listener's answer to the upgrade is too long".to_owned())
            }
            Ok(None) => Progress::Waiting,
            Err(error) => failed(format!("the listener does not speak HTTP: {error}")),
        }
    }

    fn check(&self, response: &Response) -> Result<(), String> {
        let header = |name| {
            let value = response.headers().get(name);
            value.and_then(|value| value.to_str().ok()).unwrap_or("")
        };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(format!(
                "the listener answered HTTP {} to the upgrade: check that it speaks WebSocket at {}",
                response.status(),
                self.path
            ));
        }
        let is_upgrade = header("upgrade").eq_ignore_ascii_case("websocket")
            && header("connection").eq_ignore_ascii_case("upgrade");
        if !is_upgrade || header("sec-websocket-accept") != derive_accept_key(self.key.as_bytes()) {
            return Err("the listener did not answer the upgrade as WebSocket does".to_owned());
        }
        if header("sec-websocket-protocol") != self.subprotocol {
            return Err(format!("the listener does not speak {}", self.subprotocol));
        }
        if !header("sec-websocket-extensions").is_empty() {
            return Err("the listener uses an extension nobody asked for".to_owned());
        }
        Ok(())
    }
}
