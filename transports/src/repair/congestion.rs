/// Before anything is known (RFC 6928). So many leave before the first word of the peer, whose window is larger.
pub(super) const PACKETS_AT_FIRST: usize = 10;

/// What is left of the window at worst (RFC 9002 §7.2).
const PACKETS_MIN: usize = 2;

/// How many packets may be under way, so that the network in between is not drowned: slow start, then one packet more
/// a round trip, and half of it at each loss (RFC 5681 §3.1, RFC 9002 §7.3). It is enough for a layer whose task is
/// that nothing is lost; what is fast has streams.
#[derive(Debug)]
pub(super) struct Congestion {
    window: usize,
    /// Where slow start ends.
    threshold: usize,
    /// Arrivals since the window grew by one.
    arrived: usize,
    /// Losses of earlier transmissions are part of the last trouble, and reason for no other cut.
    settled: u64,
}

impl Congestion {
    pub(super) fn new() -> Self {
        Self {
            window: PACKETS_AT_FIRST,
            threshold: usize::MAX,
            arrived: 0,
            settled: 0,
        }
    }

    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// So many packets arrived, the newest of them in that transmission. Only a window that is used grows
    /// (RFC 9002 §7.8).
    pub(super) fn arrived(&mut self, count: usize, transmission: u64, was_full: bool) {
        if !was_full || transmission < self.settled {
            return;
        }
        if self.window < self.threshold {
            self.window += count;
        } else {
            self.arrived += count;
            if self.arrived >= self.window {
                self.arrived -= self.window;
                self.window += 1;
            }
        }
        // More than the peer takes is of no use, and hard to come down from.
        self.window = self.window.min(super::PACKETS_MAX as usize);
    }

    /// The packet of that transmission is missing; `next` is the next one's.
    pub(super) fn lost(&mut self, transmission: u64, next: u64) {
        if transmission >= self.settled {
            self.settle(next);
            self.window = self.threshold;
        }
    }

    /// Nothing came back for too long (RFC 5681 §3.1, step 5; the least is RFC 9002's).
    pub(super) fn timed_out(&mut self, next: u64) {
        // What runs out once more tells no more of the network.
        if self.window > PACKETS_MIN {
            self.settle(next);
        }
        self.window = PACKETS_MIN;
    }

    fn settle(&mut self, next: u64) {
        self.threshold = (self.window / 2).max(PACKETS_MIN);
        self.arrived = 0;
        self.settled = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_then_grows_by_one_and_halves_once_for_each_trouble() {
        let mut congestion = Congestion::new();
        congestion.arrived(10, 9, true);
        assert_eq!(congestion.window(), 20, "slow start");
        congestion.arrived(10, 19, false);
        assert_eq!(congestion.window(), 20, "it was not used");
        congestion.lost(20, 40);
        congestion.lost(21, 40);
        assert_eq!(congestion.window(), 10, "one trouble");
        congestion.arrived(10, 39, true);
        assert_eq!(congestion.window(), 10, "that left before the trouble");
        congestion.arrived(10, 49, true);
        assert_eq!(congestion.window(), 11, "one a round trip");
        congestion.timed_out(60);
        congestion.timed_out(61);
        assert_eq!(congestion.window(), PACKETS_MIN);
        congestion.arrived(3, 62, true);
        assert_eq!(congestion.window(), 5, "slow start again, to half of it");
    }
}
