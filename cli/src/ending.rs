//! How the command ends other than well, and the exit status that says so.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use treewire::runtime::{Failure, print_error};
use treewire::{Exit, NodeError, OptionError, SpawnError};

use crate::signals::Signal;

pub(crate) type Outcome = Result<(), Ending>;

/// Why the command did not do all it was to do.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Exit status 1.
    Failed(String),
    /// Exit status 3.
    TimedOut { after: Duration, lacking: String },
    /// Exit status 128 and the signal's number, as shells have it.
    Interrupted(Signal),
}

impl Ending {
    pub(crate) fn failed(text: impl fmt::Display) -> Self {
        Ending::Failed(text.to_string())
    }

    fn code(&self) -> u8 {
        match self {
            Ending::Failed(_) => 1,
            Ending::TimedOut { .. } => 3,
            Ending::Interrupted(signal) => 128 + signal.number(),
        }
    }
}

impl From<SpawnError> for Ending {
    /// The reason alone: the path of a child says little to whoever named a URL.
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Failed {
                exit: Exit::Failed(Failure { text, .. }),
                ..
            } => Ending::Failed(text),
            other => Ending::failed(other),
        }
    }
}

impl From<OptionError> for Ending {
    fn from(error: OptionError) -> Self {
        Ending::failed(error)
    }
}

impl From<NodeError> for Ending {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Spawn(error) => error.into(),
            other => Ending::failed(other),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Failed(text) => f.write_str(text),
            Ending::TimedOut { after, lacking } => {
                write!(
                    f,
                    "timed out: {lacking} for {}",
                    humantime::format_duration(*after)
                )
            }
            Ending::Interrupted(signal) => write!(f, "ended by {signal}"),
        }
    }
}

impl std::error::Error for Ending {}

pub(crate) fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever pressed Ctrl-C knows.
        Err(ending @ Ending::Interrupted(_)) => ExitCode::from(ending.code()),
        Err(ending) => {
            print_error(&ending);
            ExitCode::from(ending.code())
        }
    }
}
