//! The greeting each side sends first: magic, version, length, body.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FRAME_BYTES_MIN, VERSION, control};
use crate::dialect::{DialectError, NodeHello, PeerHello, Settings, Violation};

/// No text in UTF-8 holds its first byte, and no other protocol we know begins with it.
const MAGIC: [u8; 4] = [0xf7, b'T', b'W', b'R'];

/// Magic, two version bytes, two length bytes.
const PREFIX_BYTES: usize = 8;

const BODY_BYTES_MAX: usize = 4 * 1024;

/// A node's name is cut to this many bytes.
const NAME_BYTES_MAX: usize = 1024;

/// What this version can do beyond its number.
const FEATURES: [&str; 0] = [];

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    name: &'a str,
    instance: [u8; 16],
    incarnation: u64,
    message_bytes_max: u64,
    frame_bytes_max: u32,
    heartbeat_interval_ms: u32,
    #[serde(borrow)]
    features: Vec<&'a str>,
}

/// The greeting of this side.
pub(super) fn encode(settings: &Settings) -> Vec<u8> {
    let body = control::encode(&Body {
        name: control::cut(&settings.node.name, NAME_BYTES_MAX),
        instance: settings.node.instance,
        incarnation: settings.node.incarnation,
        message_bytes_max: settings.message_bytes_max,
        frame_bytes_max: settings.frame_bytes_max,
        heartbeat_interval_ms: settings
            .heartbeat_interval
            .as_millis()
            .try_into()
            .unwrap_or(u32::MAX),
        features: FEATURES.to_vec(),
    });
    let length = (body.len() as u16).to_be_bytes();
    [&MAGIC[..], &[VERSION.0, VERSION.1], &length, &body].concat()
}

/// The greeting at the front of `bytes` and its size, or `None` when there is more to come.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<(PeerHello, usize)>, DialectError> {
    let magic = bytes.len().min(MAGIC.len());
    if bytes[..magic] != MAGIC[..magic] {
        return Err(foreign(bytes));
    }
    let &[_, _, _, _, major, minor, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    if major != VERSION.0 {
        return Err(DialectError::Version {
            ours: VERSION,
            theirs: (major, minor),
        });
    }
    let &[high, low, ref rest @ ..] = rest else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > BODY_BYTES_MAX {
        return Err(Violation::HelloTooLarge {
            length,
            limit: BODY_BYTES_MAX,
        }
        .into());
    }
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let (body, _) =
        postcard::take_from_bytes::<Body<'_>>(body).map_err(|_| Violation::MalformedHello)?;
    let frame_bytes_max = body.frame_bytes_max;
    if frame_bytes_max < FRAME_BYTES_MIN {
        return Err(Violation::FrameLimitTooSmall {
            frame_bytes_max,
            least: FRAME_BYTES_MIN,
        }
        .into());
    }
    let hello = PeerHello {
        node: NodeHello {
            name: body.name.to_owned(),
            instance: body.instance,
            incarnation: body.incarnation,
        },
        version: (major, minor),
        message_bytes_max: body.message_bytes_max,
        frame_bytes_max,
        heartbeat_interval: Duration::from_millis(body.heartbeat_interval_ms.into()),
        features: body.features.into_iter().map(str::to_owned).collect(),
    };
    Ok(Some((hello, PREFIX_BYTES + length)))
}

fn foreign(bytes: &[u8]) -> DialectError {
    let began = &bytes[..bytes.len().min(8)];
    DialectError::NotTreewire {
        began: began.escape_ascii().to_string(),
        guess: guess(began),
    }
}

/// What a peer that is not one of ours may be.
fn guess(began: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 11] = [
        (b"GET ", "an HTTP client?"),
        (b"PUT ", "an HTTP client?"),
        (b"POST", "an HTTP client?"),
        (b"HEAD", "an HTTP client?"),
        (b"HTTP", "an HTTP server?"),
        (b"SSH-", "an SSH peer?"),
        (b"INFO", "a NATS server?"),
        (b"CONN", "a NATS client?"),
        (b"\x16\x03", "a TLS client?"),
        (b"\0SP\0", "an nng or nanomsg peer?"),
        (b"\xff\0\0\0", "a ZeroMQ peer?"),
    ];
    KNOWN
        .iter()
        .find(|(start, _)| began.starts_with(start))
        .map(|(_, guess)| *guess)
}
