use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::line::RoundTrip;
use crate::role::Order;

/// Nobody waits longer than this for an answer on loopback.
const LONGEST: Duration = Duration::from_secs(60);
/// Three digits tell 12.3 µs from 12.4 µs.
const SIGNIFICANT_DIGITS: u8 = 3;

/// An asker's account: one measurement a round trip, without the first tenth, which warms both sides up.
#[derive(Debug)]
pub struct Trips {
    warm_up_left: u64,
    started: Instant,
    ended: Instant,
    histogram: Histogram<u64>,
}

impl Trips {
    /// An account of nothing yet.
    pub fn new(order: &Order) -> Self {
        let histogram =
            Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, SIGNIFICANT_DIGITS);
        let now = Instant::now();
        Trips {
            warm_up_left: order.count / 10,
            started: now,
            ended: now,
            histogram: histogram.expect("the bounds are constant and valid"),
        }
    }

    /// Takes note of a round trip that began at `asked` and just ended.
    pub fn record(&mut self, asked: Instant) {
        self.ended = Instant::now();
        if self.warm_up_left > 0 {
            self.warm_up_left -= 1;
            self.started = self.ended;
        } else {
            self.histogram
                .saturating_record((self.ended - asked).as_nanos() as u64);
        }
    }

    /// The distribution.
    pub fn finish(&self) -> RoundTrip {
        let quantile = |share: f64| self.histogram.value_at_quantile(share);
        RoundTrip {
            trips: self.histogram.len(),
            total_nanoseconds: (self.ended - self.started).as_nanos() as u64,
            median_nanoseconds: quantile(0.5),
            p90_nanoseconds: quantile(0.9),
            p99_nanoseconds: quantile(0.99),
            p999_nanoseconds: quantile(0.999),
            max_nanoseconds: self.histogram.max(),
        }
    }
}
