//! Frames into messages.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::encode::mask;

const CONTROL_BYTES_MAX: u64 = 125;

/// What the peer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Message(Bytes),
    Ping(Bytes),
    Pong,
    /// It ends its direction, perhaps for a reason.
    Close(Option<String>),
}

/// How the peer broke the rules, and the code that it is told in return.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Breach {
    pub(super) code: u16,
    pub(super) text: &'static str,
}

const fn protocol(text: &'static str) -> Breach {
    Breach { code: 1002, text }
}

/// Reads the frames of one peer.
pub(super) struct Decoder {
    /// Whether the peer has to mask: clients do, servers must not.
    masked: bool,
    message_bytes_max: usize,
    /// The fragments of a message so far.
    fragments: Option<BytesMut>,
    /// How many bytes the frame at hand has, as far as is known.
    frame_bytes: usize,
}

impl Decoder {
    pub(super) fn new(masked: bool, message_bytes_max: usize) -> Self {
        Self {
            masked,
            message_bytes_max,
            fragments: None,
            frame_bytes: 0,
        }
    }

    /// Whether the peer has begun something that is not whole yet.
    pub(super) fn is_amid(&self, input: &BytesMut) -> bool {
        !input.is_empty() || self.fragments.is_some()
    }

    /// How many bytes the frame that `input` begins with will have; 0 while that is unknown. Within the limit of a message.
    pub(super) fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// Takes the next thing that is whole off the input.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Said>, Breach> {
        loop {
            let Some((header, mut payload)) = self.frame(input)? else {
                return Ok(None);
            };
            if let Some(key) = header.mask {
                mask(&mut payload, key);
            }
            let said = match header.opcode {
                OpCode::Control(Control::Close) => Some(Said::Close(reason(&payload)?)),
                OpCode::Control(Control::Ping) => Some(Said::Ping(payload.freeze())),
                OpCode::Control(_) => Some(Said::Pong),
                OpCode::Data(Data::Binary) if header.is_final => {
                    Some(Said::Message(payload.freeze()))
                }
                OpCode::Data(_) => self.fragment(&header, payload),
            };
            if said.is_some() {
                return Ok(said);
            }
        }
    }

    /// A whole frame, its payload as it came.
    fn frame(&mut self, input: &mut BytesMut) -> Result<Option<(FrameHeader, BytesMut)>, Breach> {
        self.frame_bytes = 0;
        let mut cursor = Cursor::new(&input[..]);
        let parsed = FrameHeader::parse(&mut cursor);
        let head_bytes = cursor.position() as usize;
        let parsed = parsed.map_err(|_| protocol("it sent a frame of a kind that is not known"))?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        self.check(&header, length)?;
        // Checked to be below the limit of a message.
        let frame_bytes = head_bytes + length as usize;
        if input.len() < frame_bytes {
            self.frame_bytes = frame_bytes;
            return Ok(None);
        }
        input.advance(head_bytes);
        Ok(Some((header, input.split_to(length as usize))))
    }

    /// Whether a frame with this header may come now. Nothing is kept for one that may not.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<(), Breach> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(protocol("it uses an extension that was not agreed on"));
        }
        match (self.masked, header.mask) {
            (true, None) => return Err(protocol("it does not mask its frames")),
            (false, Some(_)) => {
                return Err(protocol("it masks its frames, which a server must not"));
            }
            _ => {}
        }
        match header.opcode {
            OpCode::Control(_) if !header.is_final || length > CONTROL_BYTES_MAX => {
                return Err(protocol(
                    "it sent a control frame that is too long or in fragments",
                ));
            }
            OpCode::Control(_) => return Ok(()),
            OpCode::Data(Data::Text) => {
                return Err(Breach {
                    code: 1003,
                    text: "it sent text, only binary frames are taken",
                });
            }
            OpCode::Data(Data::Continue) if self.fragments.is_none() => {
                return Err(protocol("it goes on with a message that it did not begin"));
            }
            OpCode::Data(Data::Continue) => {}
            OpCode::Data(_) if self.fragments.is_some() => {
                return Err(protocol("it began a message within another"));
            }
            OpCode::Data(_) => {}
        }
        let so_far = self.fragments.as_ref().map_or(0, BytesMut::len);
        if length > (self.message_bytes_max - so_far) as u64 {
            return Err(Breach {
                code: 1009,
                text: "its message is too large",
            });
        }
        Ok(())
    }

    fn fragment(&mut self, header: &FrameHeader, payload: BytesMut) -> Option<Said> {
        let mut message = match self.fragments.take() {
            Some(mut message) => {
                message.extend_from_slice(&payload);
                message
            }
            None => payload,
        };
        if header.is_final {
            return Some(Said::Message(message.split().freeze()));
        }
        self.fragments = Some(message);
        None
    }
}

/// Why the peer closes; `None` when all is well.
fn reason(payload: &[u8]) -> Result<Option<String>, Breach> {
    let (code, text) = match payload {
        [] => return Ok(None),
        [_] => return Err(protocol("its close has half a code")),
        [high, low, text @ ..] => (u16::from_be_bytes([*high, *low]), text),
    };
    let text = std::str::from_utf8(text).map_err(|_| protocol("its close is no UTF-8"))?;
    match code {
        1000 | 1001 => Ok(None),
        _ => Ok(Some(format!("{code} {}", text.escape_debug()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::encode::{BINARY, Encoder};

    const KEY: [u8; 4] = [1, 2, 3, 4];

    /// A frame as a client sends it, whatever it is.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
        bytes.extend(KEY);
        let mut masked = payload.to_vec();
        mask(&mut masked, KEY);
        bytes.extend(masked);
        bytes
    }

    fn server() -> Decoder {
        Decoder::new(true, 1_000)
    }

    fn decode(decoder: &mut Decoder, bytes: &[u8]) -> Result<Vec<Said>, Breach> {
        let mut input = BytesMut::from(bytes);
        let mut said = Vec::new();
        while let Some(next) = decoder.next(&mut input)? {
            said.push(next);
        }
        Ok(said)
    }

    #[test]
    fn frames_of_every_length_come_back_however_they_arrive() {
        for encoder in [Encoder::of_client, Encoder::of_server] {
            for length in [0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 70_000] {
                let payload: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
                let mut encoder = encoder();
                let mut sent = BytesMut::new();
                let (head, body) = payload.split_at(length.min(3));
                encoder.frame(BINARY, head, body, &mut sent).unwrap();
                let is_masked = sent[1] & 0x80 != 0;
                let mut decoder = Decoder::new(is_masked, 100_000);
                let mut input = BytesMut::new();
                let mut said = None;
                for piece in sent.chunks(1.max(length / 3)) {
                    assert_eq!(said, None);
                    input.extend_from_slice(piece);
                    said = decoder.next(&mut input).unwrap();
                }
                assert_eq!(said, Some(Said::Message(payload.into())));
                assert!(!decoder.is_amid(&input));
            }
        }
    }

    #[test]
    fn fragments_are_one_message_and_control_frames_come_between_them() {
        let bytes = [
            frame(0x02, b"one "),
            frame(0x89, b"there?"),
            frame(0x00, b"two "),
            frame(0x8a, b""),
            frame(0x80, b"three"),
            frame(0x82, b"whole"),
        ];
        assert_eq!(
            decode(&mut server(), &bytes.concat()),
            Ok(vec![
                Said::Ping("there?".into()),
                Said::Pong,
                Said::Message("one two three".into()),
                Said::Message("whole".into()),
            ])
        );
    }

    #[test]
    fn a_close_has_a_reason_or_none() {
        let close = |payload: &[u8]| decode(&mut server(), &frame(0x88, payload));
        assert_eq!(close(b""), Ok(vec![Said::Close(None)]));
        assert_eq!(close(b"\x03\xe8bye"), Ok(vec![Said::Close(None)]));
        assert_eq!(
            close(b"\x03\xf1too much"),
            Ok(vec![Said::Close(Some("1009 too much".into()))])
        );
        assert_eq!(close(b"\x03").unwrap_err().code, 1002);
        assert_eq!(close(b"\x03\xe8\xff").unwrap_err().code, 1002);
    }

    #[test]
    fn what_breaks_a_rule_is_refused_with_its_code() {
        let refused = |code, bytes: &[u8]| {
            let breach = decode(&mut server(), bytes).unwrap_err();
            assert_eq!(breach.code, code, "{bytes:?}: {}", breach.text);
        };
        refused(1003, &frame(0x81, b"text"));
        refused(1003, &frame(0x01, b"te"));
        refused(1002, &[0x82, 0x01, b'x']);
        refused(1002, &frame(0xc2, b"compressed"));
        refused(1002, &frame(0x83, b"unknown"));
        refused(1002, &frame(0x8b, b"unknown"));
        refused(1002, &frame(0x80, b"of nothing"));
        refused(1002, &frame(0x09, b"half a ping"));
        refused(1002, &[&[0x89, 0xfe, 0, 126][..], &KEY].concat());
        let twice = [frame(0x02, b"a"), frame(0x82, b"b")].concat();
        refused(1002, &twice);
        let from_server = decode(&mut Decoder::new(false, 10), &frame(0x82, b"x"));
        assert_eq!(from_server.unwrap_err().code, 1002);
    }

    #[test]
    fn a_length_is_checked_before_anything_arrives() {
        let mut lie = vec![0x82, 0xff];
        lie.extend(u64::MAX.to_be_bytes());
        lie.extend(KEY);
        assert_eq!(decode(&mut server(), &lie).unwrap_err().code, 1009);
        let mut decoder = server();
        for _ in 0..10 {
            let begun = frame(0x02 * u8::from(decoder.fragments.is_none()), &[7; 100]);
            assert_eq!(decode(&mut decoder, &begun), Ok(vec![]));
        }
        let more = decode(&mut decoder, &frame(0x00, &[7; 1]));
        assert_eq!(more.unwrap_err().code, 1009);
    }
}
