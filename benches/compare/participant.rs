use std::path::PathBuf;
use std::process::Command;

use treewire_bench_roles::Role;

/// The name whose figure is the numerator of every ratio.
pub(crate) const TREEWIRE: &str = "treewire";

/// A program that plays roles.
#[derive(Clone)]
pub(crate) struct Participant {
    /// As the tables call it.
    pub(crate) name: &'static str,
    program: PathBuf,
    /// Its queues are no longer than this, whatever the others' are.
    bound_messages_max: usize,
}

impl Participant {
    /// A rival's program.
    pub(crate) fn rival(name: &'static str, program: PathBuf, bound_messages_max: usize) -> Self {
        Participant {
            name,
            program,
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
        command.args(role.to_arguments());
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
