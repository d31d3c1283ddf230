//! How many instructions a process takes, by valgrind's account.

use std::env::current_exe;
use std::fs;
use std::process::{Command, Stdio};

use super::Failure;
use super::case::Case;

/// What glibc has several of for several processors is to be what every x86-64 can run.
const SAME_EVERYWHERE: &str = "glibc.cpu.hwcaps=\
    -AVX2,-AVX_Fast_Unaligned_Load,-BMI2,-ERMS,-FSRM,-LZCNT,-MOVBE,-POPCNT,-SSE4_1,-SSE4_2,-SSSE3:\
    glibc.cpu.x86_non_temporal_threshold=0x1000000";

/// Whether valgrind can be started.
///
/// # Errors
/// What to install.
pub(crate) fn is_there() -> Result<(), Failure> {
    let version = Command::new("valgrind").arg("--version").output();
    match version {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("install valgrind".to_owned()),
    }
}

/// The instructions of one message: those of a process with twice as many messages, less those of a process with as
/// many, so that what it takes to start and to stop does not count.
pub(crate) fn count(case: &Case) -> Result<f64, Failure> {
    let once = process(case, case.messages)?;
    let twice = process(case, 2 * case.messages)?;
    Ok((twice as f64 - once as f64) / case.messages as f64)
}

fn process(case: &Case, messages: u64) -> Result<u64, Failure> {
    let told =
        |what: &str, error: &dyn std::fmt::Display| format!("{}: {what}: {error}", case.name);
    let program = current_exe().map_err(|error| told("cannot find this program", &error))?;
    let profile = tempfile::NamedTempFile::new().map_err(|error| told("no file", &error))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", profile.path().display()))
        .arg(program)
        .args(["play", case.name, &messages.to_string()])
        .env("GLIBC_TUNABLES", SAME_EVERYWHERE)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| told("cannot start valgrind", &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(told("it failed", &said));
    }
    let profile = fs::read_to_string(profile.path()).map_err(|error| told("no profile", &error))?;
    let summary = profile
        .lines()
        .find_map(|line| line.strip_prefix("summary: "));
    let summary = summary.and_then(|count| count.trim().parse().ok());
    summary.ok_or_else(|| told("no summary", &"unknown format of a profile"))
}
