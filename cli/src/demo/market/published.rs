//! Ticks as their publisher and all their subscribers count them.

use super::followed::Followed;
use super::ticks::WATCHERS;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Published {
    published: u64,
    watchers: [Followed; WATCHERS.len()],
}

impl Default for Published {
    fn default() -> Self {
        Published {
            published: 0,
            watchers: WATCHERS.map(|(_, _, wants)| Followed::new(wants)),
        }
    }
}

impl Published {
    /// The number of the next tick.
    pub(super) fn next(&self) -> u64 {
        self.published + 1
    }

    /// The next tick was taken.
    pub(in crate::demo) fn publish(&mut self) {
        self.published += 1;
    }

    pub(in crate::demo) fn receive(&mut self, watcher: usize, number: u64) {
        self.watchers[watcher].receive(number);
    }

    /// A subscriber is told that it does not get these.
    pub(in crate::demo) fn tell_missed(&mut self, watcher: usize, from: u64, to: u64) {
        self.watchers[watcher].tell_missed(from, to);
    }

    /// A subscriber's screen was given up with its thread.
    pub(in crate::demo) fn give_up(&mut self, watcher: usize) {
        self.watchers[watcher].give_up();
    }

    /// Each tick counts once for each of its subscribers, here and below.
    pub(in crate::demo) fn sent(&self) -> u64 {
        self.sum(|watcher| watcher.sent(self.published))
    }

    pub(in crate::demo) fn received(&self) -> u64 {
        self.sum(Followed::received)
    }

    /// What did not come, or not yet.
    pub(in crate::demo) fn missing(&self) -> u64 {
        self.sent().saturating_sub(self.received())
    }

    /// What did not come and is not told as missed either, or not yet.
    pub(in crate::demo) fn open(&self) -> u64 {
        self.sum(|watcher| watcher.open(self.published))
    }

    /// What came twice, or behind something newer.
    pub(in crate::demo) fn doubled(&self) -> u64 {
        self.sum(Followed::doubled)
    }

    /// What came to who did not subscribe to it.
    pub(in crate::demo) fn stray(&self) -> u64 {
        self.sum(Followed::stray)
    }

    fn sum(&self, count: impl Fn(&Followed) -> u64) -> u64 {
        self.watchers.iter().map(count).sum()
    }
}
