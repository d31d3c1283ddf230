//! What an actor was asked about a node that answers in another's place, and decided. Pure.

use crate::handle::{PeerReplaced, Replacement};
use crate::session::Instance;

/// Of one pipe: there is one question at a time, about the node that answered last.
#[derive(Debug, Default)]
pub(super) struct Inquiry {
    /// The number of the last question.
    last: u64,
    about: Option<(Instance, State)>,
}

#[derive(Debug)]
enum State {
    /// Nobody has put the question to the actor yet.
    Open(PeerReplaced),
    Asked,
    Decided(Replacement),
}

/// What an attempt that meets that node is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    StayAway,
    FailOver,
    /// To turn the node away, and come again.
    Wait,
}

/// A question for the actor; its answer names the number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) number: u64,
    pub(crate) replaced: PeerReplaced,
}

impl Inquiry {
    /// An attempt meets a node in the place of the session's peer. What was decided about
    /// it is used up.
    pub(super) fn meet(&mut self, replaced: PeerReplaced) -> Course {
        let instance = replaced.instance;
        match self.about.take() {
            Some((known, State::Decided(Replacement::StayAway))) if known == instance => {
                Course::StayAway
            }
            Some((known, State::Decided(Replacement::FailOver))) if known == instance => {
                Course::FailOver
            }
            Some((known, State::Asked)) if known == instance => {
                self.about = Some((known, State::Asked));
                Course::Wait
            }
            _ => {
                self.last += 1;
                self.about = Some((instance, State::Open(replaced)));
                Course::Wait
            }
        }
    }

    /// The question that nobody has put yet.
    pub(super) fn take_question(&mut self) -> Option<Question> {
        let (_, state) = self.about.as_mut()?;
        match std::mem::replace(state, State::Asked) {
            State::Open(replaced) => Some(Question {
                number: self.last,
                replaced,
            }),
            other => {
                *state = other;
                None
            }
        }
    }

    /// The answer to that question, which matters only if it is the last.
    pub(super) fn decide(&mut self, number: u64, decision: Replacement) {
        if let Some((_, state @ State::Asked)) = &mut self.about
            && number == self.last
        {
            *state = State::Decided(decision);
        }
    }

    /// The peer itself is back.
    pub(super) fn forget(&mut self) {
        self.about = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced_by(instance: u8) -> PeerReplaced {
        PeerReplaced {
            endpoint: "tcp://peer:1".into(),
            peer: "peer:1".into(),
            known: [1; 16],
            instance: [instance; 16],
            unacknowledged: 0,
            waiting: 0,
        }
    }

    fn asks(inquiry: &mut Inquiry) -> Option<u64> {
        inquiry.take_question().map(|question| question.number)
    }

    #[test]
    fn a_decision_is_used_once_by_the_next_attempt_that_meets_the_same_node() {
        for (decision, course) in [
            (Replacement::StayAway, Course::StayAway),
            (Replacement::FailOver, Course::FailOver),
        ] {
            let mut inquiry = Inquiry::default();
            assert_eq!(asks(&mut inquiry), None);
            assert_eq!(inquiry.meet(replaced_by(2)), Course::Wait);
            // It is asked once, however often the node is met.
            assert_eq!(asks(&mut inquiry), Some(1));
            assert_eq!(inquiry.meet(replaced_by(2)), Course::Wait);
            assert_eq!(asks(&mut inquiry), None);
            inquiry.decide(1, decision);
            assert_eq!(inquiry.meet(replaced_by(2)), course);
            assert_eq!(inquiry.meet(replaced_by(2)), Course::Wait);
            assert_eq!(asks(&mut inquiry), Some(2));
        }
    }

    #[test]
    fn whoever_is_to_be_tried_later_or_was_not_decided_on_is_asked_about_again() {
        let mut inquiry = Inquiry::default();
        for number in 1..4 {
            assert_eq!(inquiry.meet(replaced_by(2)), Course::Wait);
            assert_eq!(asks(&mut inquiry), Some(number));
            inquiry.decide(number, Replacement::TryLater);
        }
        // The answer is about another node than the one that is there now.
        assert_eq!(inquiry.meet(replaced_by(2)), Course::Wait);
        assert_eq!(asks(&mut inquiry), Some(4));
        assert_eq!(inquiry.meet(replaced_by(3)), Course::Wait);
        inquiry.decide(4, Replacement::FailOver);
        assert_eq!(asks(&mut inquiry), Some(5));
        inquiry.decide(4, Replacement::FailOver);
        assert_eq!(inquiry.meet(replaced_by(3)), Course::Wait);
        inquiry.decide(5, Replacement::FailOver);
        // Nor does it hold once the peer itself was back.
        inquiry.forget();
        assert_eq!(inquiry.meet(replaced_by(3)), Course::Wait);
        assert_eq!(asks(&mut inquiry), Some(6));
    }
}
