use std::env::current_exe;
use std::path::PathBuf;
use std::process::Command;

use treewire_bench_roles::Role;

use super::Failure;

/// The name whose figure is the numerator of every ratio.
pub(crate) const TREEWIRE: &str = "treewire";

/// A program that plays roles.
#[derive(Clone)]
pub(crate) struct Participant {
    /// As the tables call it.
    pub(crate) name: &'static str,
    program: PathBuf,
    /// Arguments before the role's own.
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

    /// The command that starts it in a role.
    pub(crate) fn command(&self, role: &Role) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.leading).args(role.to_arguments());
        command
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
