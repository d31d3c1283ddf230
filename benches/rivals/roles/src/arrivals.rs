use std::time::Instant;

use crate::line::Throughput;
use crate::role::Order;
use crate::stamp;

/// A receiver's account: checks each message and measures from the first to the last.
#[derive(Debug)]
pub struct Arrivals {
    size_bytes: usize,
    expected: u64,
    received: u64,
    first: Instant,
    last: Instant,
}

impl Arrivals {
    /// An account of nothing yet.
    pub fn new(order: &Order) -> Self {
        let now = Instant::now();
        Arrivals {
            size_bytes: order.size_bytes,
            expected: order.count,
            received: 0,
            first: now,
            last: now,
        }
    }

    /// Whether messages are still missing.
    pub fn incomplete(&self) -> bool {
        self.received < self.expected
    }

    /// Takes note of one message. Reads the clock only at the first and the last.
    ///
    /// # Errors
    /// It has the wrong size, or is not the next one.
    pub fn record(&mut self, payload: &[u8]) -> Result<(), String> {
        stamp::check(payload, self.size_bytes, self.received)?;
        if self.received == 0 {
            self.first = Instant::now();
        }
        self.received += 1;
        if self.received == self.expected {
            self.last = Instant::now();
        }
        Ok(())
    }

    /// The result, once everything came.
    ///
    /// # Errors
    /// Messages are missing.
    pub fn finish(&self) -> Result<Throughput, String> {
        if self.received != self.expected {
            return Err(format!(
                "received {} of {} messages",
                self.received, self.expected
            ));
        }
        Ok(Throughput {
            messages: self.received,
            bytes: self.received * self.size_bytes as u64,
            nanoseconds: (self.last - self.first).as_nanos() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    #[test]
    fn only_a_complete_run_has_a_result() {
        let order = Order {
            endpoint: String::new(),
            size_bytes: 16,
            count: 2,
            bound_messages: 1,
            delivery: Delivery::default(),
        };
        let mut arrivals = Arrivals::new(&order);
        arrivals.record(&stamp::payload(16, 0)).unwrap();
        assert!(arrivals.incomplete() && arrivals.finish().is_err());

        assert!(
            arrivals.record(&stamp::payload(16, 0)).is_err(),
            "a doubled message is told"
        );
        arrivals.record(&stamp::payload(16, 1)).unwrap();
        assert_eq!(arrivals.finish().unwrap().bytes, 32);
    }
}
