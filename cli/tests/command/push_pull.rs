//! Messages through the shell: none lost, none changed, in order.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::process::{Process, free_port, treewire, until};

const LINES: usize = 1_000_000;

/// A log of a million lines, empty ones and long ones among them.
fn log(folder: &Path) -> PathBuf {
    let path = folder.join("big.log");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for number in 0..LINES {
        match number % 1_000 {
            0 => writeln!(file),
            1 => writeln!(file, "{number} {}", "long ".repeat(500)),
            _ => writeln!(file, "{number} a line of a log\r"),
        }
        .unwrap();
    }
    file.into_inner().unwrap().sync_data().unwrap();
    path
}

fn tcp(_: &Path) -> String {
    format!("tcp://127.0.0.1:{}", free_port())
}

fn a_million_lines(url: impl FnOnce(&Path) -> String, push_first: bool) {
    let folder = tempfile::tempdir().unwrap();
    let (log, out) = (log(folder.path()), folder.path().join("out.log"));
    let url = url(folder.path());
    let push = || treewire(&format!("push --dial {url} --file {}", log.display()));
    let pull = || {
        let arguments = format!("pull --listen {url} --count {LINES}");
        Process::spawn(&arguments, File::create(&out).unwrap())
    };
    let (push, pull) = if push_first {
        let push = push();
        (push, pull())
    } else {
        let pull = pull();
        (push(), pull)
    };
    push.end().expect(0);
    pull.end().expect(0);
    let (sent, received) = (fs::read(log).unwrap(), fs::read(out).unwrap());
    assert!(
        sent == received,
        "{} and {} bytes",
        sent.len(),
        received.len()
    );
}

#[test]
fn a_million_lines_arrive_when_pull_starts_first() {
    a_million_lines(tcp, false);
}

#[test]
fn a_million_lines_arrive_when_push_starts_first() {
    a_million_lines(tcp, true);
}

#[test]
fn a_million_lines_arrive_over_ipc() {
    a_million_lines(
        |folder| format!("ipc://{}/lines.sock", folder.display()),
        true,
    );
}

#[test]
fn a_million_lines_arrive_over_ws() {
    a_million_lines(|_| format!("ws://127.0.0.1:{}/lines", free_port()), true);
}

#[test]
fn memory_stays_flat() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    let mut pull = treewire("pull --listen tcp://127.0.0.1:0 --count 1000000");
    let url = pull.endpoint();
    let push = treewire(&format!("push --dial {url} --file {}", log.display()));
    // Nobody reads, so everything that is bounded fills up, and no more.
    let unread = pull.stdout();
    let read = BufReader::new(unread);
    let mut lines = read.lines();
    for _ in 0..LINES / 2 {
        lines.next().unwrap().unwrap();
    }
    for process in [&push, &pull] {
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: u64 = peak
            .and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok())
            .unwrap();
        assert!(kilobytes < 64 * 1024, "{kilobytes} kB");
    }
    assert_eq!(lines.count(), LINES / 2);
    push.end().expect(0);
    pull.end().expect(0);
}

#[test]
fn what_is_a_message_depends_on_the_options_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whole");
    fs::write(&file, "a\nb").unwrap();
    let file = file.display();
    for (input, options, expected) in [
        ("a\n\nb\r\nlast", String::new(), r#"["a","","b\r","last"]"#),
        ("", String::new(), "[]"),
        ("a\nb\n", "--whole".into(), r#"["a\nb\n"]"#),
        ("a\nb\nc\n", "--count 2".into(), r#"["a","b"]"#),
        ("", "--data one --data two".into(), r#"["one","two"]"#),
        ("", format!("--file {file}"), r#"["a","b"]"#),
        ("", format!("--file {file} --whole"), r#"["a\nb"]"#),
    ] {
        let mut pull = treewire("pull --listen tcp://127.0.0.1:0 --format json");
        let url = pull.endpoint();
        let push = treewire(&format!("push --dial {url} {options}"));
        push.input(input.as_bytes()).end().expect(0);
        pull.signal("INT");
        let stdout = pull.end().expect(130).stdout;
        let parts = stdout.lines().map(|line| {
            let part = line.strip_prefix(r#"{"parts":["#);
            part.and_then(|part| part.strip_suffix("]}")).unwrap()
        });
        let parts: Vec<&str> = parts.collect();
        assert_eq!(format!("[{}]", parts.join(",")), expected, "{options}");
    }
}

#[test]
fn formats_are_one_line_a_message() {
    for (format, expected) in [
        ("text", "a \"b\"\n"),
        ("hex", "6120226222\n"),
        ("quoted", "\"a \\\"b\\\"\"\n"),
        ("json", "{\"parts\":[\"a \\\"b\\\"\"]}\n"),
    ] {
        let mut pull = treewire(&format!(
            "pull --listen tcp://127.0.0.1:0 --count 1 --format {format}"
        ));
        let url = pull.endpoint();
        let push = treewire(&format!("push --dial {url}"));
        push.input(b"a \"b\"\n").end().expect(0);
        assert_eq!(pull.end().expect(0).stdout, expected);
    }
}

#[test]
fn a_push_whose_input_is_confirmed_is_done_whoever_closes_first() {
    let mut pull = treewire("pull --listen tcp://127.0.0.1:0 --count 3");
    let url = pull.endpoint();
    let mut push = treewire(&format!("push --dial {url}"));
    let mut input = push.stdin();
    input.write_all(b"a\nb\nc\n").unwrap();
    assert_eq!(pull.end().expect(0).stdout, "a\nb\nc\n");
    drop(input);
    push.end().expect(0);
}

#[test]
fn a_push_that_listens_serves_several_pulls() {
    let mut push = treewire("push --listen tcp://127.0.0.1:0 --observe http://127.0.0.1:0");
    let observer = push.says("observer at ");
    let url = push.endpoint();
    let pulls: Vec<Process> = (0..2)
        .map(|_| treewire(&format!("pull --dial {url} --count 1")))
        .collect();
    // A message goes to who is there.
    until("both pulls are connected", || {
        let tree = treewire(&format!("tree {observer}")).end().expect(0).stdout;
        tree.matches("to pull of pull").count() == 2
    });
    push.input(b"a\nb\n").end().expect(0);
    let mut received: Vec<String> = pulls
        .into_iter()
        .map(|pull| pull.end().expect(0).stdout)
        .collect();
    received.sort();
    assert_eq!(received, ["a\n", "b\n"]);
}

#[test]
fn ctrl_c_ends_in_order() {
    let mut pull = treewire("pull --listen tcp://127.0.0.1:0");
    let url = pull.endpoint();
    let mut push = treewire(&format!("push --dial {url}"));
    let mut lines = BufReader::new(pull.stdout()).lines();
    push.stdin().write_all(b"hello\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "hello");
    pull.signal("TERM");
    assert_eq!(lines.next().map(Result::unwrap), None);
    pull.end().expect(143);
    push.end().expect(0);
}
