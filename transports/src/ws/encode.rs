//! Messages into frames.

use std::io;

use bytes::{BufMut, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Keys are drawn for so many frames at once.
const KEYS: usize = 64;

pub(super) const BINARY: OpCode = OpCode::Data(Data::Binary);
pub(super) const CLOSE: OpCode = OpCode::Control(Control::Close);
pub(super) const PONG: OpCode = OpCode::Control(Control::Pong);

/// Writes the frames of one end: a client masks each with a key that nobody can foretell, a server none.
pub(super) struct Encoder {
    keys: Option<Keys>,
}

struct Keys {
    drawn: [[u8; 4]; KEYS],
    used: usize,
}

impl Encoder {
    pub(super) fn of_server() -> Self {
        Self { keys: None }
    }

    pub(super) fn of_client() -> Self {
        Self {
            keys: Some(Keys {
                drawn: [[0; 4]; KEYS],
                used: KEYS,
            }),
        }
    }

    /// Appends one whole frame.
    pub(super) fn frame(
        &mut self,
        opcode: OpCode,
        head: &[u8],
        body: &[u8],
        output: &mut BytesMut,
    ) -> io::Result<()> {
        let header = FrameHeader {
            opcode,
            mask: self.keys.as_mut().map(Keys::next).transpose()?,
            ..FrameHeader::default()
        };
        let length = head.len() + body.len();
        output.reserve(header.len(length as u64) + length);
        header
            .format(length as u64, &mut output.writer())
            .map_err(io::Error::other)?;
        let start = output.len();
        output.extend_from_slice(head);
        output.extend_from_slice(body);
        if let Some(key) = header.mask {
            mask(&mut output[start..], key);
        }
        Ok(())
    }
}

impl Keys {
    fn next(&mut self) -> io::Result<[u8; 4]> {
        if self.used == KEYS {
            getrandom::fill(self.drawn.as_flattened_mut()).map_err(io::Error::other)?;
            self.used = 0;
        }
        self.used += 1;
        Ok(self.drawn[self.used - 1])
    }
}

/// Masks, or takes a mask off.
pub(super) fn mask(bytes: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}
