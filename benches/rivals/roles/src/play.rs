use std::process::ExitCode;
use std::{process, thread};

use clap::Parser;

use crate::role::{Role, Task};

/// Why a role was not played to its end.
pub type Failure = Box<dyn std::error::Error>;

#[derive(Parser)]
#[command(about = "Plays one side of a Treewire bench; the benches start it.")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

/// Does a task, playing its roles with `act`, and tells a failure on standard error.
pub fn play(task: Task, act: impl Fn(Role) -> Result<(), Failure> + Sync) -> ExitCode {
    match task {
        Task::One(role) => played(role, &act),
        Task::PushPull(order) => {
            together(Role::Pull(order.clone()), Role::Push(order), &act);
            ExitCode::SUCCESS
        }
        Task::ReqRep(order) => {
            together(Role::Rep(order.clone()), Role::Req(order), &act);
            ExitCode::SUCCESS
        }
    }
}

/// The `main` of a rival: does the task that the command line names.
pub fn main(act: impl Fn(Role) -> Result<(), Failure> + Sync) -> ExitCode {
    play(Arguments::parse().task, act)
}

fn played(role: Role, act: &impl Fn(Role) -> Result<(), Failure>) -> ExitCode {
    match act(role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Both at once, in one process. Where one fails, the other would wait for ever: the process ends.
fn together(listener: Role, dialer: Role, act: &(impl Fn(Role) -> Result<(), Failure> + Sync)) {
    let play = |role| {
        if played(role, act) != ExitCode::SUCCESS {
            process::exit(1);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| play(listener));
        play(dialer);
    });
}
