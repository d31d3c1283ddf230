//! The bytes of a packet, which is the whole of a datagram. `WIRE.md` draws them.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::PACKETS_MAX;
use crate::dialect::tw::varint;

/// The first byte: a packet of this layer, version 1.
const VERSION: u8 = 0xd1;

/// All before the bytes of a data packet, at most.
pub(super) const HEAD_BYTES_MAX: usize =
    2 + ID_BYTES + 2 * varint::BYTES_MAX + 1 + ARRIVED_BYTES_MAX + varint::BYTES_MAX;

const ID_BYTES: usize = 8;
const ARRIVED_BYTES_MAX: usize = PACKETS_MAX as usize / 8;

const OPENS: u8 = 1;
const ASKS: u8 = 2;

/// No number is above, so that sums of two have room. At a million packets a second that is 146,000 years.
const NUMBER_MAX: u64 = 1 << 62;

/// Random, made by who dials: what comes late from an earlier link over the same addresses is known by it, and nobody
/// who does not see the packets can make one up.
pub(super) type LinkId = [u8; ID_BYTES];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) id: LinkId,
    /// The sender has heard nothing yet: the packet may begin a link.
    pub(super) opens: bool,
    /// The sender wants an acknowledgement now.
    pub(super) asks: bool,
    /// All packets of the receiver's with a number below have arrived.
    pub(super) acknowledged: u64,
    /// So many from that one on are taken.
    pub(super) window: u64,
    /// Those after it that have arrived, too.
    pub(super) arrived: Arrived,
    pub(super) load: Load,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Load {
    Nothing,
    /// A piece of the stream.
    Data {
        number: u64,
        bytes: Bytes,
    },
    /// The end of the stream, which has a number like any packet of it.
    End {
        number: u64,
    },
    /// The sender lets go of the link; the number is the first after all that was to be sent.
    Gone {
        number: u64,
    },
}

impl Packet {
    /// `None` if it is not one, or not one that an honest peer sends.
    pub(super) fn decode(mut datagram: Bytes) -> Option<Packet> {
        if datagram.len() < 2 + ID_BYTES || datagram.get_u8() != VERSION {
            return None;
        }
        let (kind, flags) = {
            let byte = datagram.get_u8();
            (byte >> 4, byte & 0x0f)
        };
        if flags & !(OPENS | ASKS) != 0 {
            return None;
        }
        let mut id = [0; ID_BYTES];
        datagram.copy_to_slice(&mut id);
        let acknowledged = number(&mut datagram)?;
        let window = number(&mut datagram)?;
        let arrived = Arrived::decode(&mut datagram)?;
        let load = match kind {
            1 => Load::Nothing,
            2 => Load::Data {
                number: number(&mut datagram)?,
                bytes: std::mem::take(&mut datagram),
            },
            3 => Load::End {
                number: number(&mut datagram)?,
            },
            4 => Load::Gone {
                number: number(&mut datagram)?,
            },
            _ => return None,
        };
        let is_sound = match &load {
            Load::Data { bytes, .. } => !bytes.is_empty(),
            _ => datagram.is_empty(),
        };
        is_sound.then_some(Packet {
            id,
            opens: flags & OPENS != 0,
            asks: flags & ASKS != 0,
            acknowledged,
            window,
            arrived,
            load,
        })
    }

    pub(super) fn encode(&self) -> Bytes {
        let (kind, numbered) = match &self.load {
            Load::Nothing => (1, None),
            Load::Data { number, bytes } => (2, Some((number, &bytes[..]))),
            Load::End { number } => (3, Some((number, &[][..]))),
            Load::Gone { number } => (4, Some((number, &[][..]))),
        };
        let payload_bytes = numbered.map_or(0, |(_, bytes)| bytes.len());
        let mut datagram = BytesMut::with_capacity(HEAD_BYTES_MAX + payload_bytes);
        let opens = if self.opens { OPENS } else { 0 };
        let asks = if self.asks { ASKS } else { 0 };
        datagram.put_u8(VERSION);
        datagram.put_u8(kind << 4 | opens | asks);
        datagram.put_slice(&self.id);
        put_number(&mut datagram, self.acknowledged);
        put_number(&mut datagram, self.window);
        self.arrived.encode(&mut datagram);
        if let Some((number, bytes)) = numbered {
            put_number(&mut datagram, *number);
            datagram.put_slice(bytes);
        }
        datagram.freeze()
    }
}

/// Which packets after the first that is missing have arrived: bit `n` of byte `n / 8`, the lowest first, is the one
/// `n + 1` after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrived([u8; ARRIVED_BYTES_MAX]);

impl Arrived {
    /// The one so many after the first that is missing has arrived.
    pub(super) fn add(&mut self, after: u64) {
        let bit = after.wrapping_sub(1);
        if let Some(byte) = self.0.get_mut((bit / 8) as usize) {
            *byte |= 1 << (bit % 8);
        }
    }

    /// How many after the first that is missing those are that have arrived, ascending.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = u64> {
        (1..=PACKETS_MAX).filter(|after| {
            let bit = after - 1;
            self.0[(bit / 8) as usize] & (1 << (bit % 8)) != 0
        })
    }

    fn decode(from: &mut Bytes) -> Option<Self> {
        let length = usize::from(from.try_get_u8().ok()?);
        let mut arrived = Self::default();
        from.try_copy_to_slice(arrived.0.get_mut(..length)?).ok()?;
        Some(arrived)
    }

    /// Without the zeros at its end.
    fn encode(&self, into: &mut BytesMut) {
        let length = self.0.iter().rposition(|&byte| byte != 0);
        let length = length.map_or(0, |last| last + 1);
        into.put_u8(length as u8);
        into.put_slice(&self.0[..length]);
    }
}

fn number(from: &mut Bytes) -> Option<u64> {
    let (number, size) = varint::read(from).ok()??;
    from.advance(size);
    (number <= NUMBER_MAX).then_some(number)
}

fn put_number(into: &mut BytesMut, number: u64) {
    let mut bytes = [0; varint::BYTES_MAX];
    let size = varint::write(&mut bytes, number);
    into.put_slice(&bytes[..size]);
}
