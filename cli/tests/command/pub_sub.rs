//! Published lines through the shell.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use crate::process::{Process, free_port, treewire};

const LINES: usize = 1_000_000;

fn a_million_lines(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (log, out) = (folder.path().join("log"), folder.path().join("out"));
    let mut file = BufWriter::new(File::create(&log).unwrap());
    for number in 0..LINES {
        writeln!(file, "{number} a line").unwrap();
    }
    file.into_inner().unwrap().sync_data().unwrap();
    let url = url.replace("FOLDER", &folder.path().display().to_string());
    let publish = format!(
        "pub --listen {url} --file {} --wait-for 2 --overflow wait",
        log.display()
    );
    let publish = treewire(&publish);
    let subscribe = format!("sub --dial {url} --count {LINES}");
    let all = Process::spawn(&subscribe, File::create(&out).unwrap());
    let some = treewire(&format!("sub --dial {url} --topic 99999 --count 11"));
    all.end().expect(0);
    let some = some.end().expect(0);
    publish.end().expect(0);
    assert!(fs::read(log).unwrap() == fs::read(out).unwrap());
    let numbers = (0..LINES).filter(|number| number.to_string().starts_with("99999"));
    let lines: String = numbers.map(|number| format!("{number} a line\n")).collect();
    assert_eq!(some.stdout, lines);
}

#[test]
fn a_million_published_lines_arrive_over_tcp() {
    a_million_lines(&format!("tcp://127.0.0.1:{}", free_port()));
}

#[test]
fn a_million_published_lines_arrive_over_ipc() {
    a_million_lines("ipc://FOLDER/lines.sock");
}

#[test]
fn a_million_published_lines_arrive_over_ws() {
    a_million_lines(&format!("ws://127.0.0.1:{}/lines", free_port()));
}

#[test]
fn sub_gets_what_starts_with_its_topic_only_and_tokens_are_exact() {
    let url = format!("tcp://127.0.0.1:{}", free_port());
    let publish = treewire(&format!("pub --listen {url} --wait-for 2"))
        .input(b"a\nb\nab\nba\nfx.usd\nfx\nfx.usd.spot\na.end\nfx.end\n");
    let prefix = treewire(&format!("sub --dial {url} --topic a --count 3"));
    let tokens = treewire(&format!("sub --dial {url} --pattern fx.* --count 2"));
    assert_eq!(prefix.end().expect(0).stdout, "a\nab\na.end\n");
    assert_eq!(tokens.end().expect(0).stdout, "fx.usd\nfx.end\n");
    publish.end().expect(0);
}

#[test]
fn a_new_process_goes_on_from_a_position_and_another_begins_without_having_missed_anything() {
    let url = format!("tcp://127.0.0.1:{}", free_port());
    let mut publish = treewire(&format!(
        "pub --listen {url} --topic t --replay-messages-max 2 --wait-for 1"
    ));
    let mut lines = publish.stdin();
    let first = treewire(&format!("sub --dial {url} --count 1"));
    lines.write_all(b"one\n").unwrap();
    let first = first.end().expect(0);
    assert_eq!(first.stdout, "t one\n");
    let position = first.stderr.trim().strip_prefix("position ").unwrap();
    lines.write_all(b"two\nthree\n").unwrap();
    let again = treewire(&format!("sub --dial {url} --count 2 --since {position}"));
    assert_eq!(again.end().expect(0).stdout, "t two\nt three\n");
    let fresh = treewire(&format!("sub --dial {url} --count 1 --timeout 2s"));
    let fresh = fresh.end().expect(3);
    assert_eq!(fresh.stdout, "");
    assert!(!fresh.stderr.contains("missed"), "{}", fresh.stderr);
    lines.write_all(b"four\n").unwrap();
    let late = treewire(&format!("sub --dial {url} --count 2 --since {position}"));
    let late = late.end().expect(1);
    assert_eq!(late.stdout, "t three\nt four\n");
    assert!(late.stderr.contains("missed 2 to 2"), "{}", late.stderr);
    drop(lines);
    publish.end().expect(0);
}

#[test]
fn wrong_patterns_and_positions_are_refused_with_what_is_right() {
    let url = "tcp://127.0.0.1:1";
    let bad = treewire(&format!("sub --dial {url} --pattern a..b")).end();
    assert!(bad.expect(2).stderr.contains("empty token"));
    let long = "x".repeat(1_025);
    let bad = treewire(&format!("sub --dial {url} --topic {long}")).end();
    assert!(bad.expect(2).stderr.contains("has 1025 bytes"));
    let bad = treewire(&format!("sub --dial {url} --since here")).end();
    assert!(bad.expect(2).stderr.contains("is no position"));
}
