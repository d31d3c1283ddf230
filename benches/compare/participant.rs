use std::env::current_exe;
use std::path::PathBuf;
use std::process::Command;

use super::Failure;
use super::rivals::{self, Rival};

/// The name whose figure is the numerator of every ratio.
pub(crate) const TREEWIRE: &str = "treewire";

/// Treewire again, with messages of a type, which an actor handles.
pub(crate) const TYPED: &str = "treewire, typed";

/// Whether a participant is Treewire, in whatever way.
pub(crate) fn is_treewire(participant: &str) -> bool {
    participant.starts_with(TREEWIRE)
}

/// A program that takes part.
#[derive(Clone)]
pub(crate) struct Participant {
    /// As the tables call it.
    pub(crate) name: &'static str,
    program: PathBuf,
    /// Arguments before those of each run.
    leading: &'static [&'static str],
    /// Its queues are no longer than this, whatever the others' are.
    bound_messages_max: usize,
}

impl Participant {
    /// Treewire: this very program, started again.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub(crate) fn treewire() -> Result<Self, Failure> {
        let program =
            current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        Ok(Participant {
            name: TREEWIRE,
            program,
            leading: &["role"],
            bound_messages_max: usize::MAX,
        })
    }

    /// The same program, which is to play its roles with typed messages.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub(crate) fn typed() -> Result<Self, Failure> {
        Ok(Participant {
            name: TYPED,
            leading: &["typed-role"],
            ..Participant::treewire()?
        })
    }

    /// A rival's program.
    pub(crate) fn rival(name: &'static str, program: PathBuf, bound_messages_max: usize) -> Self {
        Participant {
            name,
            program,
            leading: &[],
            bound_messages_max,
        }
    }

    /// The queue bound it runs with where everybody is given `bound_messages`.
    pub(crate) fn bound_messages(&self, bound_messages: usize) -> usize {
        bound_messages.min(self.bound_messages_max)
    }

    /// The command that starts it with `arguments`.
    pub(crate) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.leading).args(arguments);
        command
    }
}

/// Treewire and those of `rivals` that can be built here, or only those whose name contains one of `only`; who cannot is
/// told on standard error.
///
/// # Errors
/// Nobody is left.
pub(crate) fn participants(rivals: &[Rival], only: &[String]) -> Result<Vec<Participant>, Failure> {
    let wanted =
        |name: &str| only.is_empty() || only.iter().any(|only| name.contains(only.as_str()));
    let treewire = wanted(TREEWIRE).then(Participant::treewire).transpose()?;
    let rivals = rivals::built(rivals, wanted);
    if rivals.is_empty() {
        eprintln!("no rival takes part: there will be no ratios");
    }
    let participants: Vec<_> = treewire.into_iter().chain(rivals).collect();
    if participants.is_empty() {
        Err("nobody takes part".to_owned())
    } else {
        Ok(participants)
    }
}

/// Leaves out who has a bound of its own that changes nothing where everybody is given `bound_messages`.
pub(crate) fn needed(participants: &[Participant], bound_messages: usize) -> Vec<Participant> {
    let differs = |participant: &&Participant| {
        let max = participant.bound_messages_max;
        max == usize::MAX || max < bound_messages
    };
    participants.iter().filter(differs).cloned().collect()
}
