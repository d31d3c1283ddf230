//! The shell sessions of the guide: run as they stand, their output compared.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::WATCHDOG;

/// How a block of code says that it is run.
const RUN: &str = "```console,run";

#[test]
fn the_sessions_of_the_guide_say_what_it_shows() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut sessions = 0;
    for entry in fs::read_dir(docs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        for session in page.split(RUN).skip(1) {
            let session = session.split("```").next().unwrap();
            let (said, expected) = (play(session), shown(session));
            assert_eq!(said, expected, "{}:{session}", path.display());
            sessions += 1;
        }
    }
    assert!(sessions > 0);
}

/// The output that a session shows: its lines that are no commands.
fn shown(session: &str) -> String {
    let lines = session.trim_start().lines();
    lines
        .filter(|line| !line.starts_with("$ "))
        .fold(String::new(), |mut shown, line| {
            writeln!(shown, "{line}").unwrap();
            shown
        })
}

/// What the commands of a session print, in a folder of their own.
fn play(session: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let command = Path::new(env!("CARGO_BIN_EXE_treewire"));
    let path = format!(
        "{}:{}",
        command.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    // What still runs in the background when a session is over ends with it.
    let mut script = String::from(
        // What has ended by then cannot be killed, which is no failure of the session.
        "set -e\ntrap 'status=$?; kill $(jobs -p) 2>/dev/null || true; wait; exit $status' EXIT\n",
    );
    for line in session.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            writeln!(script, "{command}").unwrap();
        }
    }
    let output = Command::new("timeout")
        .arg(WATCHDOG.as_secs().to_string())
        .args(["bash", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{session}\n{stderr}");
    String::from_utf8(output.stdout).unwrap()
}
