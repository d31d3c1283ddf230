//! Numbered messages: which were sent, which came, how often.

use std::collections::{BTreeMap, BTreeSet};

/// Numbers are given from 1, one after the other. What came is kept as the number up to which
/// everything did, and those beyond it, so that hours of traffic take no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Numbers {
    sent: u64,
    all_up_to: u64,
    beyond: BTreeSet<u64>,
    /// The current life of each worker.
    lives: BTreeMap<usize, u64>,
    /// Workers that were given up with their thread: they may have been about to say that an
    /// order is filled, which comes again to their next life.
    given_up: BTreeSet<usize>,
    /// By whom the newest were received.
    newest: BTreeMap<u64, Hand>,
    /// In whose hands it was first what came again in a later life of the same worker.
    again: BTreeMap<usize, u64>,
    doubled: u64,
}

/// One life of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Hand {
    worker: usize,
    life: u64,
}

/// More than can be under way.
const NEWEST_MAX: usize = 20_000;

impl Numbers {
    /// The number of the next message.
    pub(super) fn next(&self) -> u64 {
        self.sent + 1
    }

    /// The next message was accepted.
    pub(in crate::demo) fn send(&mut self) {
        self.sent += 1;
    }

    /// A worker begins a life. What an earlier one still says does not count.
    pub(in crate::demo) fn begin(&mut self, worker: usize) -> Hand {
        let life = self.lives.entry(worker).or_default();
        *life += 1;
        let life = *life;
        Hand { worker, life }
    }

    /// A worker was given up with its thread.
    pub(in crate::demo) fn give_up(&mut self, worker: usize) {
        self.given_up.insert(worker);
    }

    pub(in crate::demo) fn receive(&mut self, number: u64, by: Hand) {
        if self.lives.get(&by.worker) != Some(&by.life) {
            return;
        }
        if number <= self.all_up_to || !self.beyond.insert(number) {
            match self.newest.get(&number) {
                Some(first) if first.worker == by.worker && first.life < by.life => {
                    *self.again.entry(by.worker).or_default() += 1;
                }
                _ => self.doubled += 1,
            }
            return;
        }
        self.newest.insert(number, by);
        if self.newest.len() > NEWEST_MAX {
            self.newest.pop_first();
        }
        while self.beyond.remove(&(self.all_up_to + 1)) {
            self.all_up_to += 1;
        }
    }

    pub(in crate::demo) fn sent(&self) -> u64 {
        self.sent
    }

    /// Numbers that came, each counted once.
    pub(in crate::demo) fn received(&self) -> u64 {
        self.all_up_to + self.beyond.len() as u64
    }

    /// Numbers that were sent and have not come, or not yet.
    pub(in crate::demo) fn missing(&self) -> u64 {
        let received_of_sent = self.all_up_to + self.beyond.range(..=self.sent).count() as u64;
        self.sent.saturating_sub(received_of_sent)
    }

    /// How often a number came again to a worker that was given up with it in hand.
    pub(in crate::demo) fn again(&self) -> u64 {
        self.again_of(true)
    }

    /// How often a number came again without that.
    pub(in crate::demo) fn doubled(&self) -> u64 {
        self.doubled + self.again_of(false)
    }

    fn again_of(&self, given_up: bool) -> u64 {
        let again = self.again.iter();
        let again = again.filter(|(worker, _)| self.given_up.contains(worker) == given_up);
        again.map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_and_received(sent: u64, received: &[u64]) -> (u64, u64, u64) {
        let mut numbers = Numbers::default();
        let hand = numbers.begin(0);
        (0..sent).for_each(|_| numbers.send());
        for &number in received {
            numbers.receive(number, hand);
        }
        (numbers.received(), numbers.missing(), numbers.doubled())
    }

    #[test]
    fn what_is_missing_or_came_twice_is_noticed() {
        assert_eq!(sent_and_received(4, &[1, 2, 3, 4]), (4, 0, 0));
        assert_eq!(sent_and_received(4, &[4, 2, 1, 3]), (4, 0, 0));
        assert_eq!(sent_and_received(4, &[1, 2, 4]), (3, 1, 0));
        assert_eq!(sent_and_received(4, &[1, 3, 3, 1, 4]), (3, 1, 2));
        // What was never sent makes up for nothing.
        assert_eq!(sent_and_received(2, &[1, 7]), (2, 1, 0));
    }

    #[test]
    fn what_comes_again_to_who_was_given_up_is_not_doubled() {
        let mut numbers = Numbers::default();
        let (first, other) = (numbers.begin(0), numbers.begin(1));
        numbers.receive(1, first);
        let second = numbers.begin(0);
        numbers.receive(1, second);
        numbers.receive(1, other);
        assert_eq!((numbers.again(), numbers.doubled()), (0, 2));
        numbers.give_up(0);
        assert_eq!((numbers.again(), numbers.doubled()), (1, 1));
        // Who wakes up late says nothing that counts.
        numbers.receive(2, first);
        assert_eq!(numbers.received(), 1);
    }
}
