use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::PACKETS_MAX;
use super::packet::Arrived;

/// So many bytes that nobody has read are kept, and as many behind a gap; one packet more if there are none.
const BYTES_MAX: usize = 512 * 1024;

/// Of the largest packets there are.
const PACKETS_MIN: u64 = 8;

/// One direction of a stream as it arrives: puts packets in order and holds what comes early.
#[derive(Debug)]
pub(super) struct Incoming {
    /// So many from the first on that was not read are taken.
    packets_max: u64,
    /// The first packet that is missing.
    next: u64,
    /// In order, not read yet.
    ready: VecDeque<Bytes>,
    ready_bytes: usize,
    /// Behind a gap; `None` is the end of the stream.
    early: BTreeMap<u64, Option<Bytes>>,
    early_bytes: usize,
    /// All up to the end has arrived.
    has_ended: bool,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The next one, and nothing is behind a gap.
    InOrder,
    /// Something is, or was until it came.
    AtAGap,
    /// It was here before.
    Again,
    /// There is no room for it: it is to come again.
    Beyond,
}

impl Incoming {
    /// Takes so many packets that the bytes suffice when all are as large as those that we send.
    pub(super) fn new(datagram_bytes_max: usize) -> Self {
        let packets_max = (BYTES_MAX / datagram_bytes_max.max(1)) as u64;
        Self {
            packets_max: packets_max.clamp(PACKETS_MIN, PACKETS_MAX),
            next: 0,
            ready: VecDeque::new(),
            ready_bytes: 0,
            early: BTreeMap::new(),
            early_bytes: 0,
            has_ended: false,
        }
    }

    /// A packet arrived; no bytes are the end.
    pub(super) fn arrive(&mut self, number: u64, bytes: Option<Bytes>) -> Arrival {
        if number < self.next || self.early.contains_key(&number) {
            return Arrival::Again;
        }
        if number >= self.limit() {
            return Arrival::Beyond;
        }
        let length = bytes.as_ref().map_or(0, Bytes::len);
        if number > self.next {
            if self.early_bytes + length > BYTES_MAX {
                return Arrival::Beyond;
            }
            self.early_bytes += length;
            self.early.insert(number, bytes);
            return Arrival::AtAGap;
        }
        // Who reads makes room for it; what is early never stands in its way.
        if self.ready_bytes + length > BYTES_MAX && !self.ready.is_empty() {
            return Arrival::Beyond;
        }
        if self.early.is_empty() {
            self.append(bytes);
            return Arrival::InOrder;
        }
        self.append(bytes);
        while let Some(bytes) = self.early.remove(&self.next) {
            self.early_bytes -= bytes.as_ref().map_or(0, Bytes::len);
            self.append(bytes);
        }
        Arrival::AtAGap
    }

    fn append(&mut self, bytes: Option<Bytes>) {
        self.next += 1;
        match bytes {
            // What a peer sends after its end is nothing.
            _ if self.has_ended => {}
            Some(bytes) => {
                self.ready_bytes += bytes.len();
                self.ready.push_back(bytes);
            }
            None => self.has_ended = true,
        }
    }

    /// The next bytes in order, so many at most.
    pub(super) fn read(&mut self, bytes_max: usize) -> Option<Bytes> {
        let front = self.ready.front_mut()?;
        let bytes = match front.len() <= bytes_max {
            true => self.ready.pop_front()?,
            false => front.split_to(bytes_max),
        };
        self.ready_bytes -= bytes.len();
        Some(bytes)
    }

    /// Whether everything was read, the end included.
    pub(super) fn is_at_end(&self) -> bool {
        self.has_ended && self.ready.is_empty()
    }

    /// Whether all packets below that number have arrived.
    pub(super) fn has_all_below(&self, number: u64) -> bool {
        self.next >= number
    }

    /// The first packet that is missing.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The first packet that is not taken; it never falls.
    pub(super) fn limit(&self) -> u64 {
        self.next - self.ready.len() as u64 + self.packets_max
    }

    pub(super) fn packets_max(&self) -> u64 {
        self.packets_max
    }

    /// What has arrived after the first that is missing.
    pub(super) fn arrived(&self) -> Arrived {
        let mut arrived = Arrived::default();
        for number in self.early.keys() {
            arrived.add(number - self.next);
        }
        arrived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATAGRAM_BYTES_MAX: usize = 1_200;

    fn bytes(count: usize) -> Option<Bytes> {
        Some(Bytes::from(vec![7; count]))
    }

    #[test]
    fn what_is_beyond_the_window_is_not_kept() {
        let mut incoming = Incoming::new(DATAGRAM_BYTES_MAX);
        for number in (1..10_000).chain([1 << 62]) {
            let arrival = incoming.arrive(number, bytes(1));
            assert_eq!(arrival == Arrival::AtAGap, number < PACKETS_MAX);
        }
        assert_eq!(incoming.early.len(), PACKETS_MAX as usize - 1);
        assert_eq!(incoming.arrive(0, bytes(1)), Arrival::AtAGap);
        assert_eq!(incoming.arrive(PACKETS_MAX, bytes(1)), Arrival::Beyond);
        assert_eq!(incoming.read(9).unwrap().len(), 1);
        assert_eq!(incoming.arrive(PACKETS_MAX, bytes(1)), Arrival::InOrder);
    }

    #[test]
    fn bytes_are_bounded_and_what_is_early_never_stands_in_the_way() {
        let mut incoming = Incoming::new(DATAGRAM_BYTES_MAX);
        let large = 60_000;
        for number in 1..PACKETS_MAX {
            incoming.arrive(number, bytes(large));
        }
        assert!((BYTES_MAX - large..=BYTES_MAX).contains(&incoming.early_bytes));
        assert_eq!(incoming.arrive(0, bytes(large)), Arrival::AtAGap);
        for number in 0..PACKETS_MAX {
            incoming.arrive(number, bytes(large));
        }
        let kept = incoming.ready_bytes + incoming.early_bytes;
        assert!(kept <= 2 * BYTES_MAX + large, "{kept}");
        // Whatever did not fit comes again, and then all of it is there.
        let mut read = 0;
        while read < PACKETS_MAX as usize * large {
            read += incoming.read(usize::MAX).map_or(0, |bytes| bytes.len());
            incoming.arrive(incoming.next(), bytes(large));
        }
    }

    #[test]
    fn a_peer_with_large_datagrams_has_a_window_of_fewer() {
        assert_eq!(Incoming::new(65_000).limit(), PACKETS_MIN);
        assert_eq!(Incoming::new(8_192).limit(), 64);
        assert_eq!(Incoming::new(0).limit(), PACKETS_MAX);
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut incoming = Incoming::new(DATAGRAM_BYTES_MAX);
        incoming.arrive(2, bytes(1));
        incoming.arrive(1, None);
        incoming.arrive(0, bytes(1));
        assert!(!incoming.is_at_end());
        assert!(incoming.read(1).is_some());
        assert!(incoming.is_at_end());
        assert_eq!(incoming.read(1), None);
    }
}
