use std::process::ExitCode;

use clap::Parser;

use crate::role::Role;

/// Why a role was not played to its end.
pub type Failure = Box<dyn std::error::Error>;

#[derive(Parser)]
#[command(about = "Plays one side of a Treewire bench; the benches start it.")]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

/// Plays a role and tells a failure on standard error.
pub fn play(role: Role, act: impl FnOnce(Role) -> Result<(), Failure>) -> ExitCode {
    match act(role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The `main` of a rival: plays the role that the command line names.
pub fn main(act: impl FnOnce(Role) -> Result<(), Failure>) -> ExitCode {
    play(Arguments::parse().role, act)
}
