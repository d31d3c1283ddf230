//! The `treewire` command: sockets from the shell, the tree of a running node,
//! and a demonstration.
//!
//! Received messages go to standard output, everything else to standard error.

mod arguments;
mod demo;
mod ending;
mod input;
mod logs;
mod output;
mod patience;
mod patterns;
mod progress;
mod session;
mod signals;
mod tree;
mod usage;

use std::process::ExitCode;

use arguments::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match arguments::Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => return usage::report(error),
    };
    let logs_are_on = logs::start(arguments.verbose, &arguments.command);
    let outcome = match arguments.command {
        Command::Push(arguments) => patterns::push(arguments),
        Command::Pull(arguments) => patterns::pull(arguments),
        Command::Req(arguments) => patterns::req(arguments),
        Command::Rep(arguments) => patterns::rep(arguments),
        Command::Pub(arguments) => patterns::publish(arguments),
        Command::Sub(arguments) => patterns::subscribe(arguments),
        Command::Demo(arguments) => demo::play(arguments, logs_are_on),
        Command::Tree(arguments) => tree::print(&arguments),
    };
    ending::report(outcome)
}
