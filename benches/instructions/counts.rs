//! The counts that were accepted, as they stand in git.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::Failure;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/counts.toml"
);

const HEAD: &str = "\
# Instructions a message, as callgrind counts them; benches/README.md says how to read them.
# Written by: cargo bench --bench instructions -- --accept

";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) measured_with: MeasuredWith,
    instructions: BTreeMap<String, f64>,
}

/// What counts depend on beside the code; those of two are not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MeasuredWith {
    rustc: String,
    /// Its allocator and its copies are counted, too.
    libc: String,
    machine: String,
}

impl Counts {
    /// # Errors
    /// The file is not there, or is not such a file.
    pub(crate) fn read() -> Result<Self, Failure> {
        let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
        toml::from_str(&text).map_err(|error| format!("{FILE}: {error}"))
    }

    pub(crate) fn nothing_yet(measured_with: MeasuredWith) -> Self {
        Counts {
            measured_with,
            instructions: BTreeMap::new(),
        }
    }

    pub(crate) fn of(&self, case: &str) -> Option<f64> {
        self.instructions.get(case).copied()
    }

    pub(crate) fn set(&mut self, case: &str, count: f64) {
        let rounded = (count * 10.0).round() / 10.0;
        self.instructions.insert(case.to_owned(), rounded);
    }

    /// Forgets the cases that are no more.
    pub(crate) fn retain(&mut self, is_case: impl Fn(&str) -> bool) {
        self.instructions.retain(|name, _| is_case(name));
    }

    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let text = toml::to_string(self).map_err(|error| format!("{FILE}: {error}"))?;
        fs::write(FILE, format!("{HEAD}{text}")).map_err(|error| format!("{FILE}: {error}"))
    }
}

impl MeasuredWith {
    /// # Errors
    /// There is no compiler to ask.
    pub(crate) fn here() -> Result<Self, Failure> {
        let rustc = first_line("rustc", &["--version"])?;
        // Where it cannot be asked there is another C library.
        let libc = first_line("getconf", &["GNU_LIBC_VERSION"]);
        Ok(MeasuredWith {
            rustc,
            libc: libc.unwrap_or_else(|_| "another libc".to_owned()),
            machine: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
        })
    }
}

impl Display for MeasuredWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MeasuredWith {
            rustc,
            libc,
            machine,
        } = self;
        write!(f, "{rustc}, {libc}, {machine}")
    }
}

fn first_line(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().filter(|_| output.status.success());
    line.map(str::to_owned)
        .ok_or_else(|| format!("{program} says nothing"))
}
