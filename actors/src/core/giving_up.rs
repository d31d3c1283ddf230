//! When an endpoint that is dialed is given up. Pure.

use treewire_transports::{Refusal, RefusalCode};

use crate::handle::OfflineReason;

/// On what a dialed endpoint is given up at once, before its
/// [attempts](crate::Push::reconnect_attempts) are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReconnectStop {
    /// Nobody listens there.
    ConnectionRefused,
    /// The peer does not finish the handshake or breaks its rules, or one of the two does not
    /// want the other for a reason that does not pass: a limit of peers does.
    HandshakeFailed,
}

/// How often an endpoint is tried in vain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Perseverance {
    /// So often in a row; `None` for ever.
    pub(crate) attempts: Option<u32>,
    pub(crate) stops: Stops,
}

/// On what else it is given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stops {
    pub(crate) when_refused: bool,
    pub(crate) after_handshake: bool,
}

/// How an attempt to reach a peer came to nothing.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) stage: Stage,
    pub(crate) reason: OfflineReason,
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connecting {
        /// Nobody listens.
        is_refused: bool,
    },
    ShakingHands,
}

impl From<ReconnectStop> for Stops {
    fn from(condition: ReconnectStop) -> Self {
        Stops {
            when_refused: condition == ReconnectStop::ConnectionRefused,
            after_handshake: condition == ReconnectStop::HandshakeFailed,
        }
    }
}

impl Perseverance {
    /// Whether the endpoint is given up when so many attempts in a row failed, the last one so.
    pub(super) fn ends(self, failures: u32, failed: &Failed) -> bool {
        if !is_the_worlds(&failed.reason) {
            return false;
        }
        let stops = match failed.stage {
            Stage::Connecting { is_refused } => self.stops.when_refused && is_refused,
            Stage::ShakingHands => self.stops.after_handshake && does_not_pass(&failed.reason),
        };
        stops || self.attempts.is_some_and(|most| failures >= most)
    }
}

/// Whether another attempt may fare no better, which says nothing of one that we ended.
pub(super) fn is_the_worlds(reason: &OfflineReason) -> bool {
    !matches!(
        reason,
        OfflineReason::Stopped
            | OfflineReason::Killed
            | OfflineReason::Superseded
            | OfflineReason::PeerReplaced
    )
}

fn does_not_pass(reason: &OfflineReason) -> bool {
    match reason {
        OfflineReason::Silent | OfflineReason::Misbehaved(_) => true,
        OfflineReason::Refused(refusal) | OfflineReason::TurnedAway(refusal) => {
            !passes(refusal) && !is_of_a_session(refusal)
        }
        _ => false,
    }
}

/// Whether the reason of a refusal goes away by itself.
pub(crate) fn passes(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        RefusalCode::Closing | RefusalCode::ConnectionLimit
    )
}

/// Whether it is about the session alone.
pub(crate) fn is_of_a_session(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        RefusalCode::SessionLost | RefusalCode::StaleEpoch
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Stage = Stage::Connecting { is_refused: true };

    fn lost(stage: Stage) -> Failed {
        let reason = OfflineReason::Lost("x".into());
        Failed { stage, reason }
    }

    fn turned_down(code: RefusalCode) -> Failed {
        let text = String::new();
        Failed {
            stage: Stage::ShakingHands,
            reason: OfflineReason::Refused(Refusal { code, text }),
        }
    }

    #[test]
    fn an_endpoint_is_tried_as_often_as_was_said_or_for_ever() {
        let limited = Perseverance {
            attempts: Some(3),
            ..Perseverance::default()
        };
        assert!(!limited.ends(2, &lost(REFUSED)));
        assert!(limited.ends(3, &lost(REFUSED)));
        assert!(!Perseverance::default().ends(u32::MAX, &lost(REFUSED)));
        let killed = Failed {
            stage: Stage::ShakingHands,
            reason: OfflineReason::Killed,
        };
        assert!(!limited.ends(3, &killed), "that was our own doing");
    }

    #[test]
    fn it_is_given_up_at_once_on_what_was_named_and_on_nothing_else() {
        let stopping_on = |condition: ReconnectStop| Perseverance {
            attempts: None,
            stops: condition.into(),
        };
        let when_refused = stopping_on(ReconnectStop::ConnectionRefused);
        assert!(when_refused.ends(1, &lost(REFUSED)));
        let unreachable = Stage::Connecting { is_refused: false };
        assert!(!when_refused.ends(1, &lost(unreachable)));
        let incompatible = turned_down(RefusalCode::IncompatibleSocket);
        assert!(!when_refused.ends(1, &incompatible));

        let after_handshake = stopping_on(ReconnectStop::HandshakeFailed);
        assert!(after_handshake.ends(1, &incompatible));
        assert!(!after_handshake.ends(1, &turned_down(RefusalCode::ConnectionLimit)));
        assert!(!after_handshake.ends(1, &turned_down(RefusalCode::SessionLost)));
        assert!(!after_handshake.ends(1, &lost(Stage::ShakingHands)));
        assert!(!after_handshake.ends(1, &lost(REFUSED)));
    }
}
