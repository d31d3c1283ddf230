//! Whether the peer of a pipe is there, and which steps from one state to the next are
//! news. Pure.

use crate::handle::{OfflineReason, PipeState};

/// Where a pipe stands between its dialer, its connection and its end.
#[derive(Debug, Default)]
pub(super) struct Presence {
    state: PipeState,
    /// The number of the dialer's latest attempt.
    attempt: u64,
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

    pub(super) fn reason(&self) -> Option<&OfflineReason> {
        self.reason.as_ref()
    }

    /// What the step changes; `None` if that is nothing.
    pub(super) fn take(&mut self, step: Step) -> Option<Transition> {
        use PipeState::{Closed, Connecting, Disconnected, Ready};
        let from = self.state;
        let (to, reason) = match (step, from) {
            (_, Closed) => return None,
            (Step::Dialed, state) => {
                self.attempt += 1;
                // What a blocked thread left behind is up until the next one takes its place.
                match state {
                    Ready => return None,
                    _ => (Connecting, None),
                }
            }
            (Step::Attached, _) => (Ready, None),
            (Step::Detached(reason), Ready) => (Disconnected, Some(reason)),
            (Step::Failed(attempt, reason), Connecting) if attempt == self.attempt => {
                (Disconnected, Some(reason))
            }
            (Step::Ended(reason), _) => (Closed, Some(reason)),
            (Step::Detached(_) | Step::Failed(..), _) => return None,
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
}
