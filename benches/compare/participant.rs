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
}

impl Participant {
    /// A rival's program.
    pub(crate) fn rival(name: &'static str, program: PathBuf) -> Self {
        Participant { name, program }
    }

    /// The command that starts it in a role.
    pub(crate) fn command(&self, role: &Role) -> Command {
        let mut command = Command::new(&self.program);
        command.args(role.to_arguments());
        command
    }
}
