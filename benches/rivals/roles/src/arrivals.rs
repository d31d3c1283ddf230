use std::time::Instant;

use crate::line::Throughput;
use crate::role::Order;
use crate::stamp;

/// A receiver's account: checks each message and measures from the first to the last; of several senders, from when the last
/// of them is heard for the first time, since they do not start at once.
#[derive(Debug)]
pub struct Arrivals {
    size_bytes: usize,
    expected: u64,
    received: u64,
    /// The sequence number that comes next from each sender; they take turns in the numbers.
    next: Vec<u64>,
    /// Messages that came before the measured time.
    before: u64,
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
            next: (0..u64::from(order.connections)).collect(),
            before: 0,
            first: now,
            last: now,
        }
    }

    /// Whether messages are still missing.
    pub fn incomplete(&self) -> bool {
        self.received < self.expected
    }

    /// Takes note of one message. Reads the clock only at the first of each sender and at the last.
    ///
    /// # Errors
    /// It has the wrong size, or is not the next one of its sender.
    pub fn record(&mut self, payload: &[u8]) -> Result<(), String> {
        let senders = self.next.len() as u64;
        let sender = match senders {
            1 => 0,
            _ => stamp::read(payload).unwrap_or(0) % senders,
        };
        let next = &mut self.next[sender as usize];
        stamp::check(payload, self.size_bytes, *next)?;
        let is_first = *next < senders;
        *next += senders;
        if is_first {
            self.before = self.received;
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
        let messages = self.received - self.before;
        Ok(Throughput {
            messages,
            bytes: messages * self.size_bytes as u64,
            nanoseconds: (self.last - self.first).as_nanos() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    fn arrivals(count: u64, connections: u32) -> Arrivals {
        Arrivals::new(&Order {
            endpoint: String::new(),
            size_bytes: 16,
            count,
            bound_messages: 1,
            delivery: Delivery::default(),
            connections,
            first: 0,
            in_flight: 1,
        })
    }

    #[test]
    fn only_a_complete_run_has_a_result() {
        let mut arrivals = arrivals(2, 1);
        arrivals.record(&stamp::payload(16, 0)).unwrap();
        assert!(arrivals.incomplete() && arrivals.finish().is_err());

        assert!(
            arrivals.record(&stamp::payload(16, 0)).is_err(),
            "a doubled message is told"
        );
        arrivals.record(&stamp::payload(16, 1)).unwrap();
        assert_eq!(arrivals.finish().unwrap().bytes, 32);
    }

    #[test]
    fn each_sender_has_an_order_of_its_own() {
        let mut arrivals = arrivals(4, 2);
        for sequence in [1, 3, 0] {
            arrivals.record(&stamp::payload(16, sequence)).unwrap();
        }
        assert!(arrivals.record(&stamp::payload(16, 3)).is_err(), "doubled");
        arrivals.record(&stamp::payload(16, 2)).unwrap();
        // The two that came while only one was sending are not measured.
        assert_eq!(arrivals.finish().unwrap().messages, 2);
    }
}
