use std::time::{Duration, Instant};

use super::{Order, Orders};

/// The part of a poll that one generation may spend on messages.
pub(crate) struct Slice<'a> {
    orders: &'a Orders,
    life: u64,
    messages: u32,
    until: Instant,
    late: bool,
}

impl<'a> Slice<'a> {
    /// Messages after which a child yields to its neighbours.
    const MESSAGES: u32 = 256;
    /// Time after which it does.
    const TIME: Duration = Duration::from_micros(50);
    /// How often the clock is read: it costs a third of a cheap message.
    const CLOCK_EVERY: u32 = 16;

    pub(crate) fn new(orders: &'a Orders, life: u64, now: Instant) -> Self {
        Slice {
            orders,
            life,
            messages: 0,
            until: now + Self::TIME,
            late: false,
        }
    }

    /// Whether to stop handling messages in this poll.
    pub(crate) fn is_spent(&mut self) -> bool {
        if self.messages > 0 && self.messages.is_multiple_of(Self::CLOCK_EVERY) {
            self.late |= Instant::now() >= self.until;
        }
        self.late
            || self.messages >= Self::MESSAGES
            || self.orders.for_life(self.life) == Order::Kill
    }

    /// One message was taken.
    pub(crate) fn count(&mut self) {
        self.messages += 1;
    }

    pub(crate) fn messages(&self) -> u64 {
        u64::from(self.messages)
    }
}
