//! Numbered messages: which were sent, which came, how often.

use std::collections::BTreeSet;

/// Numbers are given from 1, one after the other. What came is kept as the number up to which
/// everything did, and those beyond it, so that hours of traffic take no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Numbers {
    sent: u64,
    all_up_to: u64,
    beyond: BTreeSet<u64>,
    doubled: u64,
}

impl Numbers {
    /// The number of the next message.
    pub(super) fn next(&self) -> u64 {
        self.sent + 1
    }

    /// The next message was accepted.
    pub(in crate::demo) fn send(&mut self) {
        self.sent += 1;
    }

    pub(in crate::demo) fn receive(&mut self, number: u64) {
        if number <= self.all_up_to || !self.beyond.insert(number) {
            self.doubled += 1;
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

    /// How often a number came that had come before.
    pub(in crate::demo) fn doubled(&self) -> u64 {
        self.doubled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_and_received(sent: u64, received: &[u64]) -> (u64, u64, u64) {
        let mut numbers = Numbers::default();
        (0..sent).for_each(|_| numbers.send());
        received.iter().for_each(|&number| numbers.receive(number));
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
}
