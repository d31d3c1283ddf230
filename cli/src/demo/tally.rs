//! What was asked, and what became of it.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    asked: u64,
    answered: u64,
    failed: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn ask(&mut self) {
        self.asked += 1;
    }

    pub(super) fn answer(&mut self) {
        self.answered += 1;
    }

    pub(super) fn fail(&mut self, reason: &'static str) {
        *self.failed.entry(reason).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Tally) {
        self.asked += other.asked;
        self.answered += other.answered;
        for (reason, count) in other.failed {
            *self.failed.entry(reason).or_default() += count;
        }
    }

    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.values().sum()
    }

    pub(super) fn failed_because(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.failed.iter().map(|(reason, count)| (*reason, *count))
    }

    /// Whether everything that was asked has an end, and only one.
    pub(super) fn adds_up(&self) -> bool {
        self.asked == self.answered + self.failed()
    }
}
