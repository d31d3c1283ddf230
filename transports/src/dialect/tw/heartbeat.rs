//! When to ask the peer for a sign of life, and when to take it for dead.

use std::time::{Duration, Instant};

use crate::dialect::{DialectError, Settings};

/// So much of a frame is as good as a whole one.
const PART_BYTES: usize = 1_024;

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    dead_after: Duration,
    /// When the peer was last heard; `None` before the conversation began.
    heard: Option<Instant>,
    /// How much of an unfinished frame was there then, and is there now.
    unfinished_then: usize,
    unfinished_now: usize,
    /// The last ping: its nonce, when it was sent, and whether its answer is to come.
    nonce: u64,
    pinged: Option<Instant>,
    expects_answer: bool,
}

impl Heartbeat {
    pub(super) fn new(settings: &Settings) -> Self {
        // A zero interval would wake without end.
        let interval = settings.heartbeat_interval.max(Duration::from_millis(1));
        let dead_after = settings.dead_after.max(interval);
        Self {
            interval,
            dead_after,
            heard: None,
            unfinished_then: 0,
            unfinished_now: 0,
            nonce: 0,
            pinged: None,
            expects_answer: false,
        }
    }

    /// A whole frame came, and so many bytes of the next.
    #[inline]
    pub(super) fn heard(&mut self, unfinished_bytes: usize, now: Instant) {
        self.heard = Some(now);
        self.unfinished_then = unfinished_bytes;
        self.unfinished_now = unfinished_bytes;
    }

    /// More of a frame came, but not all of it. A few bytes now and then are no sign of life:
    /// with them a peer could keep its place, and everybody waiting, for ever.
    pub(super) fn heard_part(&mut self, unfinished_bytes: usize, now: Instant) {
        self.unfinished_now = unfinished_bytes;
        if unfinished_bytes >= self.unfinished_then + PART_BYTES {
            self.heard(unfinished_bytes, now);
        }
    }

    /// The peer answered a ping; gives the round trip when it was the last one sent.
    pub(super) fn answered(&mut self, nonce: u64, now: Instant) -> Option<Duration> {
        if nonce != self.nonce || !self.expects_answer {
            return None;
        }
        self.expects_answer = false;
        self.pinged
            .map(|pinged| now.saturating_duration_since(pinged))
    }

    pub(super) fn wake_at(&self) -> Option<Instant> {
        let heard = self.heard?;
        Some((heard + self.dead_after).min(self.ping_at(heard)))
    }

    /// The nonce to ping with, when a ping is due.
    pub(super) fn on_time(&mut self, now: Instant) -> Result<Option<u64>, DialectError> {
        let Some(heard) = self.heard else {
            return Ok(None);
        };
        let silent_for = now.saturating_duration_since(heard);
        if silent_for >= self.dead_after {
            let bytes = self.unfinished_now.saturating_sub(self.unfinished_then);
            return Err(match bytes {
                0 => DialectError::PeerSilent { silent_for },
                _ => DialectError::PeerSlow { bytes, silent_for },
            });
        }
        if now < self.ping_at(heard) {
            return Ok(None);
        }
        self.nonce += 1;
        self.pinged = Some(now);
        self.expects_answer = true;
        Ok(Some(self.nonce))
    }

    fn ping_at(&self, heard: Instant) -> Instant {
        self.pinged.map_or(heard, |pinged| pinged.max(heard)) + self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{NodeHello, Role};

    #[test]
    fn a_silent_peer_is_asked_each_interval_and_then_dead() {
        let mut heartbeat = Heartbeat::new(&Settings::new(NodeHello::default(), Role::Dialer));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(heartbeat.wake_at(), None);
        heartbeat.heard(0, start);
        assert_eq!(heartbeat.wake_at(), Some(at(5)));
        assert_eq!(heartbeat.on_time(at(4)), Ok(None));
        assert_eq!(heartbeat.on_time(at(5)), Ok(Some(1)));
        assert_eq!(heartbeat.wake_at(), Some(at(10)));
        assert_eq!(heartbeat.on_time(at(10)), Ok(Some(2)));
        assert_eq!(heartbeat.wake_at(), Some(at(15)));
        let silent_for = Duration::from_secs(15);
        assert_eq!(
            heartbeat.on_time(at(15)),
            Err(DialectError::PeerSilent { silent_for })
        );
    }

    #[test]
    fn traffic_counts_as_a_sign_of_life() {
        let mut heartbeat = Heartbeat::new(&Settings::new(NodeHello::default(), Role::Dialer));
        let start = Instant::now();
        heartbeat.heard(0, start);
        heartbeat.heard(0, start + Duration::from_secs(4));
        assert_eq!(heartbeat.wake_at(), Some(start + Duration::from_secs(9)));
    }

    #[test]
    fn a_few_bytes_of_a_frame_are_no_sign_of_life() {
        let mut heartbeat = Heartbeat::new(&Settings::new(NodeHello::default(), Role::Dialer));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        heartbeat.heard(3, start);
        for second in 1..15 {
            heartbeat.heard_part(3 + second as usize, at(second));
            assert!(heartbeat.on_time(at(second)).is_ok());
        }
        let slow = DialectError::PeerSlow {
            bytes: 14,
            silent_for: Duration::from_secs(15),
        };
        assert_eq!(heartbeat.on_time(at(15)), Err(slow));
        // A large frame over a slow link.
        heartbeat.heard(0, start);
        for second in 1..100 {
            heartbeat.heard_part(100 * second as usize, at(second));
            assert!(heartbeat.on_time(at(second)).is_ok());
        }
    }

    #[test]
    fn only_the_answer_to_the_last_ping_is_timed() {
        let mut heartbeat = Heartbeat::new(&Settings::new(NodeHello::default(), Role::Dialer));
        let start = Instant::now();
        heartbeat.heard(0, start);
        let pinged = start + Duration::from_secs(5);
        assert_eq!(heartbeat.on_time(pinged), Ok(Some(1)));
        assert_eq!(heartbeat.answered(7, pinged), None);
        let rtt = Duration::from_millis(3);
        assert_eq!(heartbeat.answered(1, pinged + rtt), Some(rtt));
        assert_eq!(heartbeat.answered(1, pinged + rtt), None);
    }
}
