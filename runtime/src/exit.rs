use std::fmt;

use serde::{Deserialize, Serialize};

use crate::panics::Panic;
use crate::restart::Verdict;

/// Why one generation of a child ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It stopped by itself.
    Normal,
    /// It was asked to stop and did.
    Shutdown,
    /// It gave up with an error.
    Failed(Failure),
    /// Its code panicked.
    Panicked(Panic),
    /// It was ended from outside without being asked.
    Killed(Killer),
}

impl Exit {
    /// Whether a [`Transient`](crate::Restart::Transient) child is restarted after it.
    ///
    /// A kill by the child's own supervisor is an orderly end; every other kill is not.
    pub fn is_abnormal(&self) -> bool {
        match self {
            Exit::Normal | Exit::Shutdown | Exit::Killed(Killer::Supervisor) => false,
            Exit::Failed(_) | Exit::Panicked(_) | Exit::Killed(_) => true,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Normal => f.write_str("normal"),
            Exit::Shutdown => f.write_str("shutdown"),
            Exit::Failed(failure) => write!(f, "failed: {failure}"),
            Exit::Panicked(panic) => write!(f, "panicked: {panic}"),
            Exit::Killed(killer) => write!(f, "killed by {killer}"),
        }
    }
}

/// The error with which a child gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong, with the texts of the underlying errors.
    pub text: String,
    /// Whether another try is worth it; it matters for children with back-off.
    pub verdict: Verdict,
}

impl Failure {
    /// A failure that is worth another try.
    pub fn new(text: impl Into<String>) -> Self {
        Failure::judged(text, Verdict::Again)
    }

    /// A failure that is not going to pass by itself (refused credentials, wrong
    /// socket type): a child with back-off waits for its ceiling at once.
    pub fn refused(text: impl Into<String>) -> Self {
        Failure::judged(text, Verdict::Refused)
    }

    /// A failure that no retry will mend: a child with back-off is not tried again,
    /// its supervisor fails with this reason. Without back-off it is one more restart.
    pub fn fatal(text: impl Into<String>) -> Self {
        Failure::judged(text, Verdict::Fatal)
    }

    /// Whether another try is worth it, as [`Retry::run_if`](crate::Retry::run_if) asks.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn judged(text: impl Into<String>, verdict: Verdict) -> Self {
        Failure {
            text: text.into(),
            verdict,
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Failure::new(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Who ended a child without asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Killer {
    /// A person or a fault injector, through the node. Never counted as intensity.
    Operator,
    /// Its own supervisor, because it was itself ending.
    Supervisor,
    /// The supervisor, because the child missed its stop deadline.
    Deadline,
    /// The arbiter thread it ran on is gone.
    LostThread,
}

impl fmt::Display for Killer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Killer::Operator => "the operator",
            Killer::Supervisor => "its supervisor",
            Killer::Deadline => "its stop deadline",
            Killer::LostThread => "the end of its thread",
        })
    }
}

/// Who answers for the end of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    /// Its supervisor: a restart counts as intensity.
    Supervisor,
    /// The peer that sent the message whose handling panicked: it does not.
    Peer,
    /// An earlier generation, which never left the factory that this one needs: the
    /// restart does not count, and waits for that.
    Predecessor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_why() {
        let panic = Panic {
            text: "boom".into(),
            place: "src/a.rs:3".into(),
        };
        for (exit, text) in [
            (Exit::Normal, "normal"),
            (Exit::Failed(Failure::new("no disk")), "failed: no disk"),
            (Exit::Panicked(panic), "panicked: boom (src/a.rs:3)"),
            (
                Exit::Killed(Killer::LostThread),
                "killed by the end of its thread",
            ),
        ] {
            assert_eq!(exit.to_string(), text);
        }
    }

    #[test]
    fn only_a_kill_by_the_own_supervisor_is_orderly() {
        assert!(!Exit::Killed(Killer::Supervisor).is_abnormal());
        assert!(Exit::Killed(Killer::LostThread).is_abnormal());
        assert!(Exit::Killed(Killer::Operator).is_abnormal());
    }
}
