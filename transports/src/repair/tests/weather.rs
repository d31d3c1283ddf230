//! Two ends over a network that loses, doubles, reorders and delays what it wants for a while, then nothing: all that
//! was written arrives, once and in order, and nobody waits for ever.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use crate::repair::{Received, Repair};

/// After that the network is kind. Below the patience of the ends, so that none gives up.
const ROUGH: Duration = Duration::from_secs(20);

/// A kind network has done with everything in this time.
const LONG: Duration = Duration::from_secs(60);

const DATAGRAM_BYTES_MAX: usize = 140;

/// What becomes of a datagram: when each of its copies arrives, in milliseconds.
type Fate = Vec<u64>;

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Vec::new()),
        4 => (1..50_u64).prop_map(|delay| vec![delay]),
        1 => (1..2_000_u64).prop_map(|delay| vec![delay]),
        1 => prop::collection::vec(1..500_u64, 2),
    ]
}

/// What the user of an end does.
#[derive(Clone, Debug)]
struct Habits {
    /// How long after the last write, in milliseconds, and how many bytes.
    writes: Vec<(u64, usize)>,
    /// Reads so many bytes at once, at most, and then rests so many milliseconds.
    reads: (usize, u64),
}

fn habits() -> impl Strategy<Value = Habits> {
    let writes = prop::collection::vec(
        (0..1_500_u64, prop_oneof![1..60_usize, 60..9_000_usize]),
        0..20,
    );
    let reads = prop_oneof![Just((usize::MAX, 0)), (500..5_000_usize, 1..50_u64)];
    (writes, reads).prop_map(|(writes, reads)| Habits { writes, reads })
}

struct End {
    repair: Repair,
    habits: Habits,
    /// Bytes that are to be written; what was accepted is a prefix of the tape.
    wanted: usize,
    accepted: usize,
    next_write: Instant,
    read: usize,
    next_read: Instant,
    has_read_the_end: bool,
}

/// Byte number `at` of either direction.
fn tape(at: usize) -> u8 {
    (at % 251) as u8
}

impl End {
    fn new(repair: Repair, habits: Habits, now: Instant) -> Self {
        Self {
            repair,
            habits,
            wanted: 0,
            accepted: 0,
            next_write: now,
            read: 0,
            next_read: now,
            has_read_the_end: false,
        }
    }

    /// Does what is due, and gives what it sends.
    fn act(&mut self, now: Instant) -> Vec<Bytes> {
        self.repair.on_time(now).unwrap();
        while self.next_write <= now {
            if self.habits.writes.is_empty() {
                break;
            }
            let (after, bytes) = self.habits.writes.remove(0);
            self.wanted += bytes;
            self.next_write = now + Duration::from_millis(after);
        }
        let left: Vec<u8> = (self.accepted..self.wanted).map(tape).collect();
        self.accepted += self.repair.write(&left);
        if self.habits.writes.is_empty() && self.accepted == self.wanted {
            self.repair.finish();
        }
        let (mut left, rest) = self.habits.reads;
        while self.next_read <= now && !self.has_read_the_end {
            match self.repair.read(left).unwrap() {
                Received::Nothing => break,
                Received::End => self.has_read_the_end = true,
                Received::Bytes(bytes) => {
                    assert!(!bytes.is_empty() && bytes.len() <= left);
                    left -= bytes.len();
                    for byte in bytes {
                        assert_eq!(byte, tape(self.read), "byte {}", self.read);
                        self.read += 1;
                    }
                }
            }
            if left == 0 {
                self.next_read = now + Duration::from_millis(rest);
                break;
            }
        }
        std::iter::from_fn(|| self.repair.transmit(now)).collect()
    }

    /// When it has something to do by itself.
    fn wake_at(&self, now: Instant) -> Option<Instant> {
        let write_at = (!self.habits.writes.is_empty()).then_some(self.next_write);
        let read_at = (self.next_read > now).then_some(self.next_read);
        let times = [self.repair.wake_at(), write_at, read_at];
        times.into_iter().flatten().min()
    }

    fn is_done(&self) -> bool {
        self.has_read_the_end && self.repair.is_finished()
    }
}

fn run(fates: &[Fate], habits: [Habits; 2]) -> [End; 2] {
    let begun = Instant::now();
    let mut now = begun;
    let [dialers, listeners] = habits;
    let mut ends = [
        End::new(Repair::dialing([7; 8], DATAGRAM_BYTES_MAX), dialers, now),
        End::new(Repair::dialed(DATAGRAM_BYTES_MAX), listeners, now),
    ];
    let mut fates = fates.iter().cycle();
    let mut under_way: BTreeMap<(Instant, u64), (usize, Bytes)> = BTreeMap::new();
    let mut sent = 0;
    loop {
        while let Some(entry) = under_way.first_entry()
            && entry.key().0 <= now
        {
            let (to, datagram) = entry.remove();
            ends[to].repair.receive(datagram, now).unwrap();
        }
        for side in [0, 1] {
            for datagram in ends[side].act(now) {
                assert!(datagram.len() <= DATAGRAM_BYTES_MAX);
                let is_rough = now - begun < ROUGH;
                let fate = fates.next().filter(|_| is_rough).cloned();
                for delay in fate.unwrap_or_else(|| vec![10]) {
                    sent += 1;
                    let arrives = now + Duration::from_millis(delay);
                    under_way.insert((arrives, sent), (1 - side, datagram.clone()));
                }
            }
        }
        if ends.iter().all(End::is_done) && under_way.is_empty() {
            return ends;
        }
        let arrives = under_way.first_key_value().map(|(key, _)| key.0);
        let wakes = ends.iter().map(|end| end.wake_at(now));
        let next = wakes.chain([arrives]).flatten().min();
        now = next.expect("everybody waits for the other").max(now);
        assert!(now - begun < ROUGH + LONG, "it takes too long");
        assert!(sent < 200_000, "it sends too much");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn conat_14_what_was_written_arrives_once_and_in_order_and_every_wait_ends(
        fates in prop::collection::vec(fate(), 1..300),
        dialers in habits(),
        listeners in habits(),
    ) {
        let [dialer, listener] = run(&fates, [dialers, listeners]);
        prop_assert_eq!(listener.read, dialer.wanted);
        prop_assert_eq!(dialer.read, listener.wanted);
    }
}
