use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::Failure;

/// A command with all that it starts. Dropping it ends them all, whatever they were doing.
pub(crate) struct Children {
    pub(crate) child: Child,
    group: Option<Pid>,
}

impl Children {
    /// Starts `command` in a process group of its own, so that it can be ended with its children and theirs.
    pub(crate) fn start(mut command: Command) -> Result<Self, Failure> {
        let program = format!("{:?}", command.as_std().get_program());
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        let child = child.map_err(|error| format!("cannot start {program}: {error}"))?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Children { child, group })
    }

    /// Waits for the end of the command itself.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, Failure> {
        self.child.wait().await.map_err(|error| error.to_string())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Fails only when all of them have ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, BufReader};

    use super::*;

    #[tokio::test]
    async fn a_child_of_a_child_ends_with_it() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 1000 & echo $!; wait"])
            .stdout(Stdio::piped());
        let mut children = Children::start(command).unwrap();
        let mut lines = BufReader::new(children.child.stdout.take().unwrap()).lines();
        let grandchild = lines.next_line().await.unwrap().unwrap();
        assert!(!grandchild.is_empty());
        drop(children);
        // Whoever writes to this pipe has ended when it does.
        assert_eq!(lines.next_line().await.unwrap(), None);
    }
}
