use std::time::{Duration, Instant};

use super::{Order, Orders};
use crate::clock::Clock;

/// The part of a poll that one generation may spend on messages.
pub(crate) struct Slice<'a> {
    orders: &'a Orders,
    life: u64,
    clock: &'a Clock,
    pace: Pace,
    messages: u32,
    passed_over: u32,
    futures: u32,
    limit: u32,
    /// `None` until the clock is read first.
    until: Option<Instant>,
    late: bool,
}

/// After how many messages a slice reads the clock, which costs a third of a cheap
/// message and nothing beside a dear one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace(u32);

impl Pace {
    const OF_CHEAP_MESSAGES: u32 = 16;
    /// So that a slice is not overdrawn by much more than a quarter of its time.
    const READS_A_SLICE: u32 = 4;

    /// What follows from a slice of so many messages.
    pub(crate) fn after(self, busy: Duration, messages: u64) -> Self {
        let Some(each) = busy.as_nanos().checked_div(u128::from(messages)) else {
            return self;
        };
        let between_reads = (Slice::TIME / Self::READS_A_SLICE).as_nanos();
        let every = between_reads
            .checked_div(each)
            .map_or(u32::MAX, |every| every as u32);
        Pace(every.clamp(1, Self::OF_CHEAP_MESSAGES))
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace(Self::OF_CHEAP_MESSAGES)
    }
}

impl<'a> Slice<'a> {
    /// Messages after which a child yields to its neighbours.
    pub(crate) const MESSAGES: u32 = 256;
    /// Time after which it does.
    const TIME: Duration = Duration::from_micros(50);
    /// After how many futures the clock is read.
    const FUTURES_A_READING: u32 = 4;

    /// At most `limit` messages, from `now` on if that is known.
    pub(crate) fn new(
        orders: &'a Orders,
        life: u64,
        clock: &'a Clock,
        pace: Pace,
        limit: u32,
        now: Option<Instant>,
    ) -> Self {
        Slice {
            orders,
            life,
            clock,
            pace,
            messages: 0,
            passed_over: 0,
            futures: 0,
            limit,
            until: now.map(|now| now + Self::TIME),
            late: false,
        }
    }

    /// Whether to stop handling messages in this poll.
    pub(crate) fn is_spent(&mut self) -> bool {
        if self.messages > 0 && self.messages.is_multiple_of(self.pace.0) {
            let now = self.clock.now();
            self.late |= now >= *self.until.get_or_insert(now + Self::TIME);
        }
        self.late || self.messages >= self.limit || self.orders.for_life(self.life) == Order::Kill
    }

    /// Whether to stop polling futures in this poll.
    pub(crate) fn is_over(&mut self) -> bool {
        self.futures += 1;
        if self.futures.is_multiple_of(Self::FUTURES_A_READING) {
            let now = self.clock.now();
            self.late |= now >= *self.until.get_or_insert(now + Self::TIME);
        }
        self.late || self.orders.for_life(self.life) == Order::Kill
    }

    /// Whether its generation was not given up meanwhile.
    pub(crate) fn is_in_charge(&self) -> bool {
        self.orders.is_in_charge(self.life)
    }

    /// Whether its time was up, rather than its messages.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// One message was taken.
    pub(crate) fn count(&mut self) {
        self.messages += 1;
    }

    /// No handler saw the message that was taken last.
    pub(crate) fn pass_over(&mut self) {
        self.passed_over += 1;
    }

    pub(crate) fn messages(&self) -> u64 {
        u64::from(self.messages)
    }

    /// Those that a handler saw.
    pub(crate) fn handled(&self) -> u64 {
        u64::from(self.messages - self.passed_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_read_more_often_between_dear_messages() {
        let pace = Pace::default();
        let after = |nanoseconds, messages| {
            let busy = Duration::from_nanos(nanoseconds);
            pace.after(busy, messages).0
        };
        assert_eq!(after(5_000, 0), 16, "nothing was learned");
        assert_eq!(after(0, 10), 16);
        assert_eq!(after(256 * 40, 256), 16);
        assert_eq!(after(16 * 2_000, 16), 6);
        assert_eq!(after(16 * 1_000_000, 16), 1);
    }
}
