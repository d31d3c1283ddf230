//! A subscriber that speaks `tw` byte by byte, and wants too much.

use treewire::PubSocket;

use super::raw::*;
use super::*;

/// How long a frame to a publisher may be.
pub(crate) const FRAME_BYTES_MAX: usize = 1024 * 1024;

pub(crate) const PREFIX: u8 = 0;
pub(crate) const TOKENS: u8 = 1;

/// A raw subscriber that keeps to its credit.
pub(crate) struct Greedy {
    pub(crate) raw: Raw,
    /// Heard, and not understood yet.
    heard: Vec<u8>,
    pub(crate) sent: u64,
    pub(crate) may_send: u64,
    handled: u64,
    /// It tells that it handled what it heard.
    confirms: bool,
    pub(crate) refusals: Vec<String>,
    pub(crate) topics: Vec<Vec<u8>>,
}

impl Greedy {
    pub(crate) async fn new(publisher: &PubSocket, confirms: bool) -> Self {
        let mut raw = Raw::connect(&address(publisher)).await;
        raw.say(&[hello(), open("sub")].concat()).await;
        let mut greedy = Greedy {
            raw,
            heard: Vec::new(),
            sent: 0,
            may_send: 0,
            handled: 0,
            confirms,
            refusals: Vec::new(),
            topics: Vec::new(),
        };
        // HELLO ends with its length and as many bytes.
        while greedy.heard.len() < 8 {
            greedy.hear().await;
        }
        let length = usize::from(u16::from_be_bytes([greedy.heard[6], greedy.heard[7]]));
        while greedy.heard.len() < 8 + length {
            greedy.hear().await;
        }
        greedy.heard.drain(..8 + length);
        greedy.listens_until(|greedy| greedy.may_send > 0).await;
        greedy
    }

    async fn hear(&mut self) {
        let bytes = in_time(self.raw.hear_next()).await;
        assert!(!bytes.is_empty(), "the publisher hung up");
        self.heard.extend(bytes);
    }

    pub(crate) async fn listens_until(&mut self, enough: impl Fn(&Greedy) -> bool) {
        self.understands().await;
        while !enough(self) {
            self.hear().await;
            self.understands().await;
        }
    }

    /// Takes the frames that were heard whole.
    async fn understands(&mut self) {
        let handled = self.handled;
        let heard = std::mem::take(&mut self.heard);
        let mut rest = &heard[..];
        while let Some((kind_and_flags, body)) = take_frame(&mut rest) {
            self.takes(kind_and_flags, body);
        }
        self.heard = rest.to_vec();
        if self.confirms && self.handled > handled {
            let figures = credit_figures(self.handled, self.handled + 1_000, 1 << 40);
            self.raw.say(&credit(&figures)).await;
        }
    }

    fn takes(&mut self, kind_and_flags: u8, mut body: &[u8]) {
        match kind_and_flags >> 4 {
            // ACCEPT: service, socket, delivery, session, epoch, received, credit.
            5 => {
                for _ in 0..2 {
                    let length = take_varint(&mut body).unwrap() as usize;
                    body = &body[length..];
                }
                take_varint(&mut body).unwrap();
                body = &body[16..];
                let figures: Vec<_> = (0..4).map(|_| take_varint(&mut body).unwrap()).collect();
                self.may_send = figures[3];
            }
            7 => {
                take_varint(&mut body).unwrap();
                self.may_send = take_varint(&mut body).unwrap();
            }
            kind @ (1 | 12) => {
                self.handled += 1;
                if kind_and_flags & 8 != 0 {
                    take_varint(&mut body).unwrap();
                }
                match (kind, body[0]) {
                    (1, _) => self.topics.push(body.to_vec()),
                    (_, 3) => {
                        let text = String::from_utf8(body[2..].to_vec());
                        self.refusals.push(text.unwrap());
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Says the next notes as far as credit goes; how many of them it could not.
    pub(crate) async fn says(&mut self, notes: &mut impl Iterator<Item = Vec<u8>>) -> bool {
        let may = (self.may_send - self.sent) as usize;
        let piece: Vec<_> = notes.take(may).collect();
        self.sent += piece.len() as u64;
        self.raw.say(&piece.concat()).await;
        piece.len() == may
    }

    pub(crate) async fn says_all(&mut self, notes: impl IntoIterator<Item = Vec<u8>>) {
        let mut notes = notes.into_iter();
        while self.says(&mut notes).await {
            self.listens_until(|greedy| greedy.may_send > greedy.sent)
                .await;
        }
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..bytes.len() {
        number |= u64::from(bytes[at] & 0x7f) << (7 * at);
        if bytes[at] < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(number);
        }
    }
    None
}

fn take_frame<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&kind_and_flags, mut rest) = bytes.split_first()?;
    take_varint(&mut rest)?;
    let length = take_varint(&mut rest)? as usize;
    let (body, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((kind_and_flags, body))
}

/// A NOTE with a correlation id, in one frame if it fits.
pub(crate) fn note(id: u64, body: &[u8]) -> Vec<u8> {
    let body = [&varint(id)[..], body].concat();
    match body.split_at_checked(FRAME_BYTES_MAX) {
        None => frame(0xc8, 1, &body),
        Some((first, rest)) => [frame(0xca, 1, first), frame(0xc0, 1, rest)].concat(),
    }
}

pub(crate) fn subscribe(id: u64, matching: u8, pattern: &[u8]) -> Vec<u8> {
    let length = varint(pattern.len() as u64);
    note(id, &[&[4, matching], &length[..], pattern].concat())
}

pub(crate) fn resume() -> Vec<u8> {
    frame(0xc0, 1, &[6, 0])
}
