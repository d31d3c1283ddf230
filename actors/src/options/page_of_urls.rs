//! What transports and dialects take for themselves, for the page of the documentation.

use treewire_transports::{OptionSpec, Registry};

/// The section in Markdown.
pub(super) fn section() -> String {
    let registry = Registry::standard();
    let mut section = HEAD.to_owned();
    for (scheme, specs) in registry.options_of_transports() {
        section.push_str(&table(&format!("{scheme}://"), specs));
    }
    for (dialect, specs) in registry.options_of_dialects() {
        section.push_str(&table(&format!("{dialect}+"), specs));
    }
    section
}

const HEAD: &str = "
# Options of transports and dialects

These stand in URLs only, as in `tcp://*:5555?nodelay=off&send-buffer-bytes=64KiB`, and hold for that endpoint: a socket has no method for them, nor `set`, nor the command line a flag.
";

fn table(start: &str, specs: &[OptionSpec]) -> String {
    if specs.is_empty() {
        return format!("\n## `{start}`\n\nNone of its own.\n");
    }
    let mut table =
        format!("\n## `{start}`\n\n| option | allowed | what it does |\n| --- | --- | --- |\n");
    for OptionSpec { name, value, help } in specs {
        table.push_str(&format!("| `{name}` | {value} | {help} |\n"));
    }
    table
}
