//! Whether the peer of a pipe is there, and which steps from one state to the next are
//! news. Pure.

use super::giving_up::is_the_worlds;
use crate::handle::{OfflineReason, PipeState};

/// Where a pipe stands between its dialer, its connection and its end.
#[derive(Debug, Default)]
pub(super) struct Presence {
    state: PipeState,
    /// The number of the dialer's latest attempt.
    attempt: u64,
    /// How many attempts in a row came to nothing.
    failures: u32,
    /// It is closed, until it is dialed again.
    has_given_up: bool,
    /// Why it is not ready, if it was once or was tried.
    reason: Option<OfflineReason>,
}

/// What happened to a pipe.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Its dialer begins another attempt.
    Dialed,
    /// A connection is up.
    Attached,
    /// The connection is gone.
    Detached(OfflineReason),
    /// The attempt of that number came to nothing.
    Failed(u64, OfflineReason),
    /// The attempt of that number was the last one, until somebody wants another.
    GaveUp(u64, OfflineReason),
    /// Nothing goes through it any more.
    Ended(OfflineReason),
}

/// From which state to which it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) from: PipeState,
    pub(super) to: PipeState,
}

impl Transition {
    pub(super) fn is_online(self) -> bool {
        self.to == PipeState::Ready
    }

    pub(super) fn is_offline(self) -> bool {
        self.from == PipeState::Ready
    }
}

impl Presence {
    pub(super) fn state(&self) -> PipeState {
        self.state
    }

    pub(super) fn attempt(&self) -> u64 {
        self.attempt
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn has_given_up(&self) -> bool {
        self.has_given_up
    }

    /// Whether that attempt is under way.
    pub(super) fn is_at(&self, attempt: u64) -> bool {
        self.state == PipeState::Connecting && attempt == self.attempt
    }

    pub(super) fn reason(&self) -> Option<&OfflineReason> {
        self.reason.as_ref()
    }

    /// What the step changes; `None` if that is nothing.
    pub(super) fn take(&mut self, step: Step) -> Option<Transition> {
        use PipeState::{Closed, Connecting, Disconnected, Ready};
        let from = self.state;
        let gave_up = std::mem::take(&mut self.has_given_up);
        let (to, reason) = match (step, from) {
            (Step::Ended(reason), Closed) if gave_up => (Closed, Some(reason)),
            (Step::Dialed | Step::Attached, Closed) if !gave_up => return None,
            (Step::Dialed, state) => {
                self.attempt += 1;
                if gave_up {
                    self.failures = 0;
                }
                // What a blocked thread left behind is up until the next one takes its place.
                match state {
                    Ready => return None,
                    _ => (Connecting, None),
                }
            }
            (Step::Attached, _) => {
                self.failures = 0;
                (Ready, None)
            }
            (Step::Detached(reason), Ready) => (Disconnected, Some(reason)),
            (Step::Failed(attempt, reason), _) if self.is_at(attempt) => {
                self.failures += u32::from(is_the_worlds(&reason));
                (Disconnected, Some(reason))
            }
            (Step::GaveUp(attempt, reason), _) if self.is_at(attempt) => {
                self.has_given_up = true;
                (Closed, Some(reason))
            }
            (Step::Ended(reason), Disconnected | Connecting | Ready) => (Closed, Some(reason)),
            _ => {
                self.has_given_up = gave_up;
                return None;
            }
        };
        self.state = to;
        self.reason = reason;
        (from != to).then_some(Transition { from, to })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::handle::PipeState::{Closed, Connecting, Disconnected, Ready};

    fn step() -> impl Strategy<Value = Step> {
        let reason = || OfflineReason::Killed;
        prop_oneof![
            Just(Step::Dialed),
            Just(Step::Attached),
            Just(Step::Detached(reason())),
            (0..5_u64).prop_map(move |attempt| Step::Failed(attempt, reason())),
            (0..5_u64).prop_map(move |attempt| Step::GaveUp(attempt, reason())),
        ]
    }

    proptest! {
        #[test]
        fn iridium_09_online_and_offline_take_turns_whatever_happens(
            steps in prop::collection::vec(step(), 0..100),
        ) {
            let mut presence = Presence::default();
            let (mut state, mut is_online) = (Disconnected, false);
            for step in steps.into_iter().chain([Step::Ended(OfflineReason::Stopped)]) {
                let Some(transition) = presence.take(step) else {
                    prop_assert_eq!(presence.state(), state, "nothing was told");
                    continue;
                };
                prop_assert_eq!(transition.from, state);
                prop_assert!(transition.to != state, "nothing changed");
                state = transition.to;
                prop_assert!(!(transition.is_online() && is_online));
                prop_assert!(!transition.is_offline() || is_online);
                is_online = (is_online || transition.is_online()) && !transition.is_offline();
                prop_assert_eq!(presence.reason().is_some(), matches!(state, Disconnected | Closed));
            }
            prop_assert_eq!((state, is_online), (Closed, false));
        }
    }

    #[test]
    fn conat_10_a_dialed_pipe_is_ready_disconnected_connecting_and_ready() {
        let mut presence = Presence::default();
        let steps = [
            Step::Dialed,
            Step::Failed(1, OfflineReason::Lost("refused".into())),
            Step::Dialed,
            Step::Attached,
            Step::Detached(OfflineReason::Killed),
            Step::Dialed,
            // An attempt that was given up is told of late.
            Step::Failed(2, OfflineReason::Killed),
            Step::Attached,
            Step::Ended(OfflineReason::Stopped),
            Step::Detached(OfflineReason::Killed),
            Step::Dialed,
        ];
        let states: Vec<_> = steps
            .into_iter()
            .filter_map(|step| Some(presence.take(step)?.to))
            .collect();
        let again = [Connecting, Disconnected, Connecting, Ready, Disconnected];
        assert_eq!(states[..5], again);
        assert_eq!(states[5..], [Connecting, Ready, Closed]);
        assert_eq!(presence.reason(), Some(&OfflineReason::Stopped));
    }

    #[test]
    fn what_was_given_up_is_closed_until_it_is_dialed_again_or_ends() {
        let mut presence = Presence::default();
        let lost = || OfflineReason::Lost("refused".into());
        let steps = [
            Step::Dialed,
            Step::Failed(1, lost()),
            Step::Dialed,
            Step::GaveUp(2, lost()),
            Step::Failed(2, lost()),
            Step::Detached(lost()),
        ];
        let given_up: Vec<_> = steps
            .into_iter()
            .filter_map(|step| Some(presence.take(step)?.to))
            .collect();
        assert_eq!(given_up, [Connecting, Disconnected, Connecting, Closed]);
        assert!(presence.has_given_up());
        let again = presence.take(Step::Dialed).unwrap();
        assert_eq!((again.to, presence.failures()), (Connecting, 0));
        presence.take(Step::GaveUp(3, lost()));
        assert_eq!(presence.take(Step::Ended(OfflineReason::Stopped)), None);
        assert_eq!(presence.reason(), Some(&OfflineReason::Stopped));
        assert_eq!(presence.take(Step::Dialed), None);
        assert_eq!(presence.state(), Closed);
    }
}
