//! What was asked, and what became of it.

use std::collections::{BTreeMap, BTreeSet};

/// Every question has one end: it is answered, or it is not for a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Questions {
    asked: u64,
    answered: u64,
    again: u64,
    unanswered: BTreeMap<&'static str, u64>,
    /// Those without an end, and who asked them.
    open: BTreeMap<Question, usize>,
    /// Those whose asker was given up with its thread. It may wake up and report late.
    given_up: BTreeSet<Question>,
    /// Ends beyond one a question.
    too_many: u64,
}

/// A question, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::demo) struct Question(u64);

impl Questions {
    pub(in crate::demo) fn ask(&mut self, trader: usize) -> Question {
        self.asked += 1;
        let question = Question(self.asked);
        self.open.insert(question, trader);
        question
    }

    /// A question was asked once more.
    pub(in crate::demo) fn ask_again(&mut self) {
        self.again += 1;
    }

    pub(in crate::demo) fn answer(&mut self, question: Question) {
        if self.ends(question) {
            self.answered += 1;
        }
    }

    pub(in crate::demo) fn fail(&mut self, question: Question, reason: &'static str) {
        if self.ends(question) {
            *self.unanswered.entry(reason).or_default() += 1;
        }
    }

    /// The trader begins anew: whatever it had asked has nobody to answer.
    pub(in crate::demo) fn begin_anew(&mut self, trader: usize, reason: &'static str) {
        let left = self.open.iter().filter(|(_, asker)| **asker == trader);
        let left: Vec<Question> = left.map(|(question, _)| *question).collect();
        for question in left {
            self.fail(question, reason);
            self.given_up.insert(question);
        }
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
        self.open.len() as u64
    }

    /// Ends beyond one a question.
    pub(in crate::demo) fn too_many(&self) -> u64 {
        self.too_many
    }

    /// Whether this is the end of a question, not one more.
    fn ends(&mut self, question: Question) -> bool {
        let ends = self.open.remove(&question).is_some();
        if !ends && !self.given_up.remove(&question) {
            self.too_many += 1;
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(questions: &Questions) -> [u64; 4] {
        [
            questions.answered(),
            questions.unanswered(),
            questions.open(),
            questions.too_many(),
        ]
    }

    #[test]
    fn what_has_no_end_or_two_is_noticed() {
        let mut questions = Questions::default();
        let [first, second, third] = [0; 3].map(|trader| questions.ask(trader));
        questions.answer(first);
        questions.fail(second, "timed out");
        questions.ask_again();
        assert_eq!(ends(&questions), [1, 1, 1, 0]);
        questions.answer(third);
        assert_eq!(ends(&questions), [2, 1, 0, 0]);
        questions.answer(second);
        assert_eq!(ends(&questions), [2, 1, 0, 1]);
    }

    #[test]
    fn who_begins_anew_has_asked_nothing_and_late_answers_do_not_count() {
        let mut questions = Questions::default();
        let [first, second, other] = [0, 0, 1].map(|trader| questions.ask(trader));
        questions.answer(first);
        questions.begin_anew(0, "died");
        assert_eq!(ends(&questions), [1, 1, 1, 0]);
        questions.answer(second);
        assert_eq!(ends(&questions), [1, 1, 1, 0]);
        questions.answer(second);
        assert_eq!(ends(&questions), [1, 1, 1, 1]);
        questions.answer(other);
        assert_eq!(ends(&questions), [2, 1, 0, 1]);
    }
}
