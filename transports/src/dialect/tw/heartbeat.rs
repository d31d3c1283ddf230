//! When to ask the peer for a sign of life, and when to take it for dead.

use std::time::{Duration, Instant};

use crate::dialect::{DialectError, Settings};

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    dead_after: Duration,
    /// When the peer was last heard; `None` before the conversation began.
    heard: Option<Instant>,
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
            nonce: 0,
            pinged: None,
            expects_answer: false,
        }
    }

    /// Any bytes of the peer are a sign of life.
    #[inline]
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
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
            return Err(DialectError::PeerSilent { silent_for });
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
        heartbeat.heard(start);
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
        heartbeat.heard(start);
        heartbeat.heard(start + Duration::from_secs(4));
        assert_eq!(heartbeat.wake_at(), Some(start + Duration::from_secs(9)));
    }

    #[test]
    fn only_the_answer_to_the_last_ping_is_timed() {
        let mut heartbeat = Heartbeat::new(&Settings::new(NodeHello::default(), Role::Dialer));
        let start = Instant::now();
        heartbeat.heard(start);
        let pinged = start + Duration::from_secs(5);
        assert_eq!(heartbeat.on_time(pinged), Ok(Some(1)));
        assert_eq!(heartbeat.answered(7, pinged), None);
        let rtt = Duration::from_millis(3);
        assert_eq!(heartbeat.answered(1, pinged + rtt), Some(rtt));
        assert_eq!(heartbeat.answered(1, pinged + rtt), None);
    }
}
