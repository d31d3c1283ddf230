//! Wrong arguments: one line that names the part and lists what is allowed.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use crate::arguments::Arguments;

/// Prints a help text that was asked for, or what is wrong; exit status 2.
pub(crate) fn report(error: clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Without any argument the whole help is the better answer.
        let _ = error.print();
    } else {
        eprintln!("error: {}", line(&error));
    }
    ExitCode::from(2)
}

fn line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    // clap adds a tip, the usage and a pointer to the help, each a paragraph.
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let line = words.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line).to_owned();
    match (error.kind(), error.get(ContextKind::Usage)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::StyledStr(usage))) => {
            let (nearest, allowed) = (nearest(error), options(&usage.to_string()));
            format!("{line}: {nearest}allowed are {allowed}")
        }
        (ErrorKind::InvalidSubcommand, _) => {
            let command = Arguments::command();
            let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            format!("{line}: allowed are {}", names.join(", "))
        }
        _ => line,
    }
}

/// What is said of the option that was meant, if one is much like it.
fn nearest(error: &clap::Error) -> String {
    match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(option)) => format!("the nearest is {option}, "),
        _ => String::new(),
    }
}

/// The options of the subcommand that a usage line (`Usage: treewire push …`) names.
fn options(usage: &str) -> String {
    let mut command = Arguments::command();
    command.build();
    let named = command
        .get_subcommands()
        .find(|subcommand| usage.split(' ').any(|word| word == subcommand.get_name()));
    let options: Vec<String> = named
        .unwrap_or(&command)
        .get_arguments()
        .filter_map(|argument| argument.get_long())
        .map(|long| format!("--{long}"))
        .collect();
    options.join(", ")
}
