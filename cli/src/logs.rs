//! Logs of the libraries below, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::Command;

/// `RUST_LOG` decides; without it `verbose` does: 0 warnings, 1 what happens, 2 how. Says
/// whether anything is logged at all.
pub(crate) fn start(verbose: u8, command: &Command) -> bool {
    let level = match (verbose, command) {
        // What the demonstration breaks it tells itself.
        (0, Command::Demo(_)) => "off",
        (0, _) => "warn",
        (1, _) => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let is_on = filter.max_level_hint() != Some(LevelFilter::OFF);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    is_on
}

/// Whether what is logged comes up on a terminal.
pub(crate) fn go_to_terminal(are_on: bool) -> bool {
    are_on && std::io::stderr().is_terminal()
}
