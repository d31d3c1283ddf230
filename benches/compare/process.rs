use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Instant;

use super::{Failure, Participant};

/// A participant at work. Dropping it ends the process, whatever it was doing.
pub(crate) struct Process {
    /// Who it is, for failures.
    title: String,
    child: Child,
    lines: Receiver<String>,
    deadline: Instant,
}

impl Process {
    /// Starts `participant` with `arguments`; it must be done by `deadline`. Its standard error is ours.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(crate) fn start(
        participant: &Participant,
        arguments: &[String],
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let title = format!("{} {}", participant.name, arguments.join(" "));
        let mut command = participant.command(arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("{title}: cannot start: {error}"))?;
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || forward(output, &sender));
        }
        Ok(Process {
            title,
            child,
            lines,
            deadline,
        })
    }

    /// Its next line.
    ///
    /// # Errors
    /// It ended, or said nothing until the deadline.
    pub(crate) fn next_line(&mut self) -> Result<String, Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(self.failure("not done in time")),
            Err(RecvTimeoutError::Disconnected) => Err(self.failure("ended early")),
        }
    }

    /// Writes a line to its standard input, where it waits to be told to go on.
    ///
    /// # Errors
    /// It ended.
    pub(crate) fn tell(&mut self) -> Result<(), Failure> {
        let input = self.child.stdin.as_mut();
        let told = input.map_or(Err(io::ErrorKind::BrokenPipe.into()), |input| {
            input.write_all(b"\n")
        });
        told.map_err(|error| self.failure(&format!("cannot be told to go on: {error}")))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It failed, or goes on past the deadline, or still had something to say.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // The end of its output is its end: nobody here closes standard output before.
        match self.lines.recv_timeout(left) {
            Ok(text) => return Err(self.failure(&format!("unexpected line {text:?}"))),
            Err(RecvTimeoutError::Timeout) => return Err(self.failure("does not end")),
            Err(RecvTimeoutError::Disconnected) => {}
        }
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.failure(&status.to_string())),
            Err(error) => Err(self.failure(&error.to_string())),
        }
    }

    /// A failure of this process.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        format!("{}: {what}", self.title)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(output: ChildStdout, lines: &Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if lines.send(line).is_err() {
            return;
        }
    }
}
