use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::congestion::PACKETS_AT_FIRST;
use super::packet::{Arrived, HEAD_BYTES_MAX};
use super::{PACKETS_MAX, RepairError};

/// So many bytes that have not left are kept.
const UNSENT_BYTES_MAX: usize = 64 * 1024;

/// A packet is missing when so many that left after it have arrived (RFC 9002 §6.1.1).
const OVERTAKEN_MAX: u64 = 3;

/// One direction of a stream as it leaves: cuts it into numbered packets and keeps them until they have arrived.
#[derive(Debug)]
pub(super) struct Outgoing {
    unsent: BytesMut,
    /// Of one packet.
    payload_bytes_max: usize,
    /// Nothing is written any more.
    is_finishing: bool,
    /// The end has a number.
    has_ended: bool,
    /// The number of the first packet that is kept.
    first: u64,
    /// From the first on that has not arrived.
    kept: VecDeque<Kept>,
    /// The first number that the peer does not take.
    limit: u64,
    under_way: usize,
    missing: usize,
    /// How many packets left, those that left again included.
    transmissions: u64,
    /// The last one of which is known that it arrived; of packets that left once.
    newest_arrived: Option<u64>,
}

#[derive(Debug)]
struct Kept {
    /// `None` is the end of the stream.
    bytes: Option<Bytes>,
    left_at: Instant,
    /// Which transmission it was the last time.
    transmission: u64,
    left_again: bool,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    UnderWay,
    Missing,
    Arrived,
}

/// A packet that is to leave.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) number: u64,
    /// `None` is the end of the stream.
    pub(super) bytes: Option<Bytes>,
    pub(super) is_again: bool,
}

/// What an acknowledgement told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// How many packets have arrived of which that was not known.
    pub(super) arrived: usize,
    /// The last transmission of any of them.
    pub(super) transmission: u64,
    /// How long the newest of them took, and the news of it.
    pub(super) round_trip: Option<Duration>,
    /// The last transmission that is missing since.
    pub(super) lost: Option<u64>,
}

impl Outgoing {
    pub(super) fn new(datagram_bytes_max: usize) -> Self {
        Self {
            unsent: BytesMut::new(),
            payload_bytes_max: datagram_bytes_max.saturating_sub(HEAD_BYTES_MAX).max(1),
            is_finishing: false,
            has_ended: false,
            first: 0,
            kept: VecDeque::new(),
            limit: PACKETS_AT_FIRST as u64,
            under_way: 0,
            missing: 0,
            transmissions: 0,
            newest_arrived: None,
        }
    }

    /// Takes over what there is room for; how many bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        if self.is_finishing {
            return 0;
        }
        let room = UNSENT_BYTES_MAX.saturating_sub(self.unsent.len());
        let count = bytes.len().min(room);
        self.unsent.extend_from_slice(&bytes[..count]);
        count
    }

    /// Nothing more is written.
    pub(super) fn finish(&mut self) {
        self.is_finishing = true;
    }

    /// Whether everything has arrived, the end included.
    pub(super) fn is_finished(&self) -> bool {
        self.has_ended && self.kept.is_empty()
    }

    /// Whether something left and is not known to have arrived.
    pub(super) fn is_waiting(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Whether something is to leave that the peer has no room for, and no news of room are on their way: for that
    /// something would have to be under way.
    pub(super) fn is_shut_out(&self) -> bool {
        self.kept.is_empty() && self.has_unsent() && self.next() >= self.limit
    }

    /// Whether more would leave if more than `window` packets might be under way.
    pub(super) fn is_held_up(&self, window: usize) -> bool {
        self.under_way >= window || self.missing > 0 || self.has_unsent()
    }

    /// What is to leave next, while fewer than `window` packets are under way: what is missing before what is new.
    pub(super) fn leave(&mut self, window: usize, now: Instant) -> Option<Leaving> {
        if self.under_way >= window {
            return None;
        }
        let (at, is_again) = match self.missing {
            0 => (self.cut(now)?, false),
            _ => {
                let is_missing = |kept: &Kept| kept.fate == Fate::Missing;
                (self.kept.iter().position(is_missing)?, true)
            }
        };
        let kept = self.kept.get_mut(at)?;
        if is_again {
            kept.left_again = true;
            kept.left_at = now;
            kept.transmission = self.transmissions;
            kept.fate = Fate::UnderWay;
            self.missing -= 1;
        }
        self.under_way += 1;
        self.transmissions += 1;
        Some(Leaving {
            number: self.first + at as u64,
            bytes: kept.bytes.clone(),
            is_again,
        })
    }

    /// Makes another packet, if there is something to put into it and the peer takes it.
    fn cut(&mut self, now: Instant) -> Option<usize> {
        let limit = self.limit.min(self.first + PACKETS_MAX);
        if !self.has_unsent() || self.next() >= limit {
            return None;
        }
        let bytes = if self.unsent.is_empty() {
            self.has_ended = true;
            None
        } else {
            let count = self.unsent.len().min(self.payload_bytes_max);
            Some(self.unsent.split_to(count).freeze())
        };
        self.kept.push_back(Kept {
            bytes,
            left_at: now,
            transmission: self.transmissions,
            left_again: false,
            fate: Fate::UnderWay,
        });
        Some(self.kept.len() - 1)
    }

    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty() || (self.is_finishing && !self.has_ended)
    }

    /// All below `acknowledged` has arrived, and some after it; `window` packets from it on are taken.
    pub(super) fn acknowledge(
        &mut self,
        acknowledged: u64,
        window: u64,
        arrived: &Arrived,
        now: Instant,
    ) -> Result<News, RepairError> {
        let last_arrived = arrived.iter().next_back();
        let claimed = last_arrived.map_or(acknowledged, |after| acknowledged + after + 1);
        if claimed > self.next() {
            return Err(RepairError::NeverSent {
                claimed,
                sent: self.next(),
            });
        }
        self.limit = self.limit.max(acknowledged + window);
        let mut news = News::default();
        let Some(settled) = acknowledged.checked_sub(self.first) else {
            // A later one overtook it.
            return Ok(news);
        };
        for at in 0..settled {
            self.arrive(at as usize, &mut news, now);
        }
        for after in arrived.iter() {
            self.arrive((settled + after) as usize, &mut news, now);
        }
        self.kept.drain(..settled as usize);
        self.first = acknowledged;
        if news.arrived > 0 {
            news.lost = self.find_missing();
        }
        Ok(news)
    }

    fn arrive(&mut self, at: usize, news: &mut News, now: Instant) {
        let Some(kept) = self.kept.get_mut(at) else {
            return;
        };
        match std::mem::replace(&mut kept.fate, Fate::Arrived) {
            Fate::UnderWay => self.under_way -= 1,
            Fate::Missing => self.missing -= 1,
            Fate::Arrived => return,
        }
        news.arrived += 1;
        news.transmission = news.transmission.max(kept.transmission);
        if !kept.left_again {
            let newest = self.newest_arrived.get_or_insert(kept.transmission);
            *newest = kept.transmission.max(*newest);
            news.round_trip = Some(now.saturating_duration_since(kept.left_at));
        }
    }

    /// What was overtaken is missing.
    fn find_missing(&mut self) -> Option<u64> {
        let newest = self.newest_arrived?;
        let mut lost = None;
        for kept in &mut self.kept {
            if kept.fate == Fate::UnderWay && kept.transmission + OVERTAKEN_MAX <= newest {
                kept.fate = Fate::Missing;
                self.under_way -= 1;
                self.missing += 1;
                lost = lost.max(Some(kept.transmission));
            }
        }
        lost
    }

    /// Nothing was heard of what is under way: all of it is missing.
    pub(super) fn give_up_on_all(&mut self) {
        for kept in &mut self.kept {
            if kept.fate == Fate::UnderWay {
                kept.fate = Fate::Missing;
                self.missing += 1;
            }
        }
        self.under_way = 0;
    }

    /// The number of the next packet.
    fn next(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// The number that a packet would have after all that was written.
    pub(super) fn after_all(&self) -> u64 {
        self.next() + u64::from(!self.unsent.is_empty())
    }

    /// The number of the next transmission.
    pub(super) fn transmissions(&self) -> u64 {
        self.transmissions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_that_was_overtaken_takes_no_room_back() {
        let now = Instant::now();
        let mut outgoing = Outgoing::new(HEAD_BYTES_MAX + 1);
        outgoing.write(&[0; 100]);
        let leave = |window, outgoing: &mut Outgoing| {
            outgoing
                .acknowledge(0, window, &Arrived::default(), now)
                .unwrap();
            std::iter::from_fn(|| outgoing.leave(usize::MAX, now)).count()
        };
        assert_eq!(leave(30, &mut outgoing), 30);
        assert_eq!(leave(20, &mut outgoing), 0);
        assert_eq!(leave(40, &mut outgoing), 10);
        outgoing
            .acknowledge(30, 20, &Arrived::default(), now)
            .unwrap();
        assert_eq!(outgoing.first, 30);
        assert_eq!(leave(45, &mut outgoing), 10, "up to 50, as told before");
        assert_eq!(outgoing.first, 30);
    }
}
