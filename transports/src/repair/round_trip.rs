use std::time::Duration;

/// Before the first round trip was measured (RFC 6298 §2.1).
const TIMEOUT_AT_FIRST: Duration = Duration::from_secs(1);

/// Well above the delay of acknowledgements. RFC 6298 §2.4 asks for a second, for the sake of coarse clocks.
const TIMEOUT_MIN: Duration = Duration::from_millis(100);

/// RFC 6298 §2.4 allows no less for what is measured.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// Back-off ends here, well below §5.5's minute: a link that comes back after a partition is to go on before its
/// heartbeats take it for dead.
const BACKED_OFF_MAX: Duration = Duration::from_secs(4);

/// How long a packet and the news of its arrival take, and so when to send it again (RFC 6298).
#[derive(Debug)]
pub(super) struct RoundTrip {
    measured: Option<Measured>,
    /// How often the timer ran out since the last measurement.
    timeouts: u32,
}

#[derive(Debug)]
struct Measured {
    smoothed: Duration,
    variation: Duration,
}

impl RoundTrip {
    pub(super) fn new() -> Self {
        Self {
            measured: None,
            timeouts: 0,
        }
    }

    /// Of a packet that left once only: of any other one cannot tell which was confirmed (Karn, RFC 6298 §3). The
    /// back-off is kept until there is one.
    pub(super) fn measure(&mut self, time: Duration) {
        self.timeouts = 0;
        self.measured = Some(match &self.measured {
            None => Measured {
                smoothed: time,
                variation: time / 2,
            },
            Some(Measured {
                smoothed,
                variation,
            }) => Measured {
                smoothed: (*smoothed * 7 + time) / 8,
                variation: (*variation * 3 + smoothed.abs_diff(time)) / 4,
            },
        });
    }

    /// The timer ran out (§5.5).
    pub(super) fn back_off(&mut self) {
        self.timeouts += 1;
    }

    /// How long to wait for the news of an arrival.
    pub(super) fn timeout(&self) -> Duration {
        let estimate = match &self.measured {
            None => TIMEOUT_AT_FIRST,
            Some(measured) => {
                let estimate = measured.smoothed.saturating_add(measured.variation * 4);
                estimate.clamp(TIMEOUT_MIN, TIMEOUT_MAX)
            }
        };
        let doubled = estimate.saturating_mul(1 << self.timeouts.min(10));
        doubled.min(estimate.max(BACKED_OFF_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn follows_what_is_measured() {
        let mut round_trip = RoundTrip::new();
        assert_eq!(round_trip.timeout(), TIMEOUT_AT_FIRST);
        round_trip.measure(millis(200));
        assert_eq!(round_trip.timeout(), millis(600), "RFC 6298 §2.2");
        round_trip.measure(millis(600));
        // SRTT 250, RTTVAR (3 * 100 + 400) / 4 = 175.
        assert_eq!(round_trip.timeout(), millis(950), "RFC 6298 §2.3");
        for _ in 0..200 {
            round_trip.measure(millis(1));
        }
        assert_eq!(round_trip.timeout(), TIMEOUT_MIN);
    }

    #[test]
    fn backs_off_to_a_ceiling_until_something_is_measured() {
        let mut round_trip = RoundTrip::new();
        let mut timeouts = Vec::new();
        for _ in 0..4 {
            timeouts.push(round_trip.timeout());
            round_trip.back_off();
        }
        assert_eq!(timeouts, [1, 2, 4, 4].map(Duration::from_secs));
        round_trip.measure(millis(200));
        assert_eq!(round_trip.timeout(), millis(600));
        // A way that is slower than the ceiling is waited for.
        round_trip.measure(Duration::from_secs(20));
        let slow = round_trip.timeout();
        assert!(slow > BACKED_OFF_MAX);
        (0..100).for_each(|_| round_trip.back_off());
        assert_eq!(round_trip.timeout(), slow);
    }
}
