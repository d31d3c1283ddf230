//! The tree of a node, for people.

mod fetch;
mod quantity;
mod read;
mod render;

pub(crate) use quantity::{bytes, count, counted, time};
#[cfg(test)]
pub(crate) use render::tests;
pub(crate) use render::{kind, render};

use std::io::Write;

use crate::arguments::TreeArguments;
use crate::ending::{Ending, Outcome};

/// Prints the tree of a running node.
pub(crate) fn print(arguments: &TreeArguments) -> Outcome {
    let json = fetch::tree(&arguments.url)?;
    let text = if arguments.json {
        json + "\n"
    } else {
        read::read(&json, |snapshot| render(&snapshot)).map_err(|error| {
            Ending::Failed(format!(
                "{} shows no tree this version knows: {error}",
                arguments.url
            ))
        })?
    };
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written
        .and_then(|()| stdout.flush())
        .map_err(|error| Ending::Failed(format!("cannot write to standard output: {error}")))
}
