use std::sync::Arc;

use bytes::{Buf, BytesMut};
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::http::{HeaderValue, StatusCode};

use super::{HEAD_BYTES_MAX, Progress, subprotocol};
use crate::Endpoint;

/// Decides who may speak WebSocket. Clones share what they know.
#[derive(Clone)]
pub(in crate::ws) struct Server(Arc<Rules>);

struct Rules {
    path: String,
    subprotocol: String,
    origins: Vec<String>,
}

/// Why a client may not, and with which status it is told.
struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Server {
    pub(in crate::ws) fn new(path: String, endpoint: &Endpoint) -> Self {
        let origins = endpoint.option("origin").unwrap_or_default();
        Self(Arc::new(Rules {
            path,
            subprotocol: subprotocol(endpoint),
            origins: origins.split(',').map(str::to_owned).collect(),
        }))
    }

    pub(super) fn receive(&self, input: &mut BytesMut) -> Progress {
        let head = &input[..input.len().min(HEAD_BYTES_MAX)];
        let answer = match Request::try_parse(head) {
            Ok(Some((length, request))) => {
                input.advance(length);
                self.0.answer(&request)
            }
            Ok(None) if input.len() < HEAD_BYTES_MAX => return Progress::Waiting,
            Ok(None) => Err(Refusal {
                status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                reason: format!("its request has more than {HEAD_BYTES_MAX} bytes"),
            }),
            Err(error) => Err(error.into()),
        };
        match answer {
            Ok(answer) => Progress::Done(answer),
            Err(refusal) => Progress::Failed {
                answer: refusal.answer(),
                reason: format!("refused its upgrade to WebSocket: {}", refusal.reason),
            },
        }
    }
}

impl Rules {
    fn answer(&self, request: &Request) -> Result<Vec<u8>, Refusal> {
        let mut response = create_response(request)?;
        if request.uri().path() != self.path {
            return Err(Refusal {
                status: StatusCode::NOT_FOUND,
                reason: format!("nothing is at the path it asked for, but at {}", self.path),
            });
        }
        self.check_origin(request)?;
        if self.is_named_by(request)? {
            let name = HeaderValue::from_str(&self.subprotocol).map_err(Error::from)?;
            response
                .headers_mut()
                .insert("sec-websocket-protocol", name);
        }
        let mut answer = Vec::new();
        write_response(&mut answer, &response)?;
        Ok(answer)
    }

    /// Only browsers name an origin, and they name the right one.
    fn check_origin(&self, request: &Request) -> Result<(), Refusal> {
        let Some(origin) = request.headers().get("origin") else {
            return Ok(());
        };
        let is_allowed = |allowed: &String| allowed == "*" || allowed.as_bytes() == origin;
        if self.origins.iter().any(is_allowed) {
            return Ok(());
        }
        Err(Refusal {
            status: StatusCode::FORBIDDEN,
            reason: "pages of its origin may not connect, only those that the option origin lists"
                .to_owned(),
        })
    }

    /// Whether the client asks for our subprotocol; it may ask for none.
    fn is_named_by(&self, request: &Request) -> Result<bool, Refusal> {
        let named = request.headers().get_all("sec-websocket-protocol");
        let mut named = named
            .iter()
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .peekable();
        if named.peek().is_none() {
            return Ok(false);
        }
        if named.any(|name| name.trim_ascii() == self.subprotocol.as_bytes()) {
            return Ok(true);
        }
        Err(Refusal {
            status: StatusCode::BAD_REQUEST,
            reason: format!(
                "it speaks none but other subprotocols than {}",
                self.subprotocol
            ),
        })
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        use ProtocolError::*;
        let status = match &error {
            Error::Protocol(WrongHttpMethod) => StatusCode::METHOD_NOT_ALLOWED,
            Error::Protocol(
                MissingConnectionUpgradeHeader
                | MissingUpgradeWebSocketHeader
                | MissingSecWebSocketVersionHeader,
            ) => StatusCode::UPGRADE_REQUIRED,
            Error::Capacity(CapacityError::TooManyHeaders) => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            reason: error.to_string(),
        }
    }
}

impl Refusal {
    fn answer(&self) -> Vec<u8> {
        let more = match self.status {
            StatusCode::METHOD_NOT_ALLOWED => "Allow: GET\r\n",
            // What a client has to say, and which version it is to speak.
            StatusCode::UPGRADE_REQUIRED => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
            _ => "",
        };
        let connection = match self.status {
            StatusCode::UPGRADE_REQUIRED => "Upgrade, close",
            _ => "close",
        };
        format!(
            "HTTP/1.1 {}\r\nConnection: {connection}\r\n{more}Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}\n",
            self.status,
            self.reason.len() + 1,
            self.reason
        )
        .into_bytes()
    }
}
