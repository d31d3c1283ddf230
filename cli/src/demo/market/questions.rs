//! What was asked, and what became of it.

use std::collections::BTreeMap;

/// Every question has one end: it is answered, or it is not for a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Questions {
    asked: u64,
    answered: u64,
    again: u64,
    unanswered: BTreeMap<&'static str, u64>,
}

impl Questions {
    pub(in crate::demo) fn ask(&mut self) {
        self.asked += 1;
    }

    /// The same question, once more.
    pub(in crate::demo) fn ask_again(&mut self) {
        self.again += 1;
    }

    pub(in crate::demo) fn answer(&mut self) {
        self.answered += 1;
    }

    pub(in crate::demo) fn fail(&mut self, reason: &'static str) {
        *self.unanswered.entry(reason).or_default() += 1;
    }

    pub(in crate::demo) fn asked(&self) -> u64 {
        self.asked
    }

    pub(in crate::demo) fn answered(&self) -> u64 {
        self.answered
    }

    pub(in crate::demo) fn asked_again(&self) -> u64 {
        self.again
    }

    pub(in crate::demo) fn unanswered(&self) -> u64 {
        self.unanswered.values().sum()
    }

    pub(in crate::demo) fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.unanswered
            .iter()
            .map(|(reason, count)| (*reason, *count))
    }

    /// Questions that have no end, or none yet.
    pub(in crate::demo) fn open(&self) -> u64 {
        self.asked.saturating_sub(self.answered + self.unanswered())
    }

    /// Ends beyond one a question.
    pub(in crate::demo) fn too_many(&self) -> u64 {
        (self.answered + self.unanswered()).saturating_sub(self.asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_or_two_is_noticed() {
        let mut questions = Questions::default();
        for _ in 0..3 {
            questions.ask();
        }
        questions.answer();
        questions.fail("timed out");
        questions.ask_again();
        assert_eq!((questions.open(), questions.too_many()), (1, 0));
        questions.answer();
        assert_eq!((questions.open(), questions.too_many()), (0, 0));
        questions.answer();
        assert_eq!((questions.open(), questions.too_many()), (0, 1));
    }
}
