use std::time::Instant;

use clap::Args;

use crate::line::Throughput;
use crate::role::Order;
use crate::stamp;

/// What a publisher, or the process with all of its subscribers, is asked to do.
#[derive(Debug, Clone, Args)]
pub struct FanOut {
    /// What each subscriber is to receive.
    #[command(flatten)]
    pub order: Order,
    /// How many there are.
    #[arg(long, default_value_t = 1)]
    pub subscribers: usize,
}

/// The account of all subscribers: checks what each receives, and measures from the first message that one of them has
/// to the last that the last of them has.
#[derive(Debug)]
pub struct Deliveries {
    size_bytes: usize,
    messages: u64,
    /// By subscriber, how many it has.
    received: Vec<u64>,
    /// How many subscribers still miss some.
    behind: usize,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Deliveries {
    /// An account of nothing yet.
    pub fn new(fan_out: &FanOut) -> Self {
        Deliveries {
            size_bytes: fan_out.order.size_bytes,
            messages: fan_out.order.count,
            received: vec![0; fan_out.subscribers],
            behind: fan_out.subscribers,
            first: None,
            last: None,
        }
    }

    /// Takes note of one message of one subscriber. Whether that one still misses some.
    ///
    /// # Errors
    /// It has the wrong size, or is not the next one.
    pub fn record(&mut self, subscriber: usize, payload: &[u8]) -> Result<bool, String> {
        let received = &mut self.received[subscriber];
        stamp::check(payload, self.size_bytes, *received)
            .map_err(|error| format!("subscriber {subscriber}: {error}"))?;
        if self.first.is_none() {
            self.first = Some(Instant::now());
        }
        *received += 1;
        if *received < self.messages {
            return Ok(true);
        }
        self.behind -= 1;
        if self.behind == 0 {
            self.last = Some(Instant::now());
        }
        Ok(false)
    }

    /// Whether somebody still misses messages.
    pub fn incomplete(&self) -> bool {
        self.behind > 0
    }

    /// How many messages that one has.
    pub fn received(&self, subscriber: usize) -> u64 {
        self.received[subscriber]
    }

    /// The result, once everything came to everybody. Each delivery is a message of it.
    ///
    /// # Errors
    /// Messages are missing.
    pub fn finish(&self) -> Result<Throughput, String> {
        let deliveries: u64 = self.received.iter().sum();
        let (Some(first), Some(last)) = (self.first, self.last) else {
            return Err(format!(
                "{} of {} subscribers miss messages; {deliveries} came",
                self.behind,
                self.received.len()
            ));
        };
        Ok(Throughput {
            messages: deliveries,
            bytes: deliveries * self.size_bytes as u64,
            nanoseconds: (last - first).as_nanos() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    #[test]
    fn only_what_came_to_everybody_has_a_result() {
        let order = Order {
            endpoint: String::new(),
            size_bytes: 16,
            count: 2,
            bound_messages: 1,
            delivery: Delivery::default(),
            connections: 1,
            first: 0,
            in_flight: 1,
        };
        let mut deliveries = Deliveries::new(&FanOut {
            order,
            subscribers: 2,
        });
        for sequence in 0..2 {
            deliveries.record(1, &stamp::payload(16, sequence)).unwrap();
        }
        assert_eq!(deliveries.record(0, &stamp::payload(16, 0)), Ok(true));
        assert!(deliveries.incomplete() && deliveries.finish().is_err());

        assert!(
            deliveries.record(0, &stamp::payload(16, 0)).is_err(),
            "a doubled message is told"
        );
        assert_eq!(deliveries.record(0, &stamp::payload(16, 1)), Ok(false));
        assert_eq!(deliveries.finish().unwrap().messages, 4);
    }
}
