//! Wrong arguments: status 2, and one line that names the part and lists what is allowed.

use crate::process::treewire;

#[track_caller]
fn refused(arguments: &str, says: &[&str]) {
    let ended = treewire(arguments).end().expect(2);
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    for part in says {
        assert!(
            ended.stderr.contains(part),
            "{part:?} is not in {}",
            ended.stderr
        );
    }
}

#[test]
fn bad_urls_are_named_with_what_is_allowed() {
    refused(
        "push --dial tpc://x",
        &["--dial", "\"tpc\"", "inproc, ipc, tcp, ws"],
    );
    refused("push --dial 127.0.0.1:5555", &["--dial", "tcp://"]);
    refused("push --dial tcp://x:0", &["--dial", "port 0"]);
    refused(
        "pull --listen zmtp+tcp://*:0",
        &["--listen", "\"zmtp\"", "allowed are lines, tw"],
    );
    refused(
        "pull --listen tcp://*:0?nodleay=true",
        &["\"nodleay\"", "the nearest is \"nodelay\", ", "service"],
    );
    refused(
        "pull --listen tcp://*:0?nodelay=yes",
        &["\"yes\"", "true or false"],
    );
    refused(
        "req --dial tcp://a:1 --dial tcp://a:1",
        &["--dial", "twice"],
    );
    refused(
        "rep --echo --listen tcp://*:0 --observe x",
        &["--observe", "http://127.0.0.1:7070"],
    );
    refused("tree example.org", &["example.org", "http://host:port"]);
    refused("demo --observe x", &["--observe", "http://127.0.0.1:7070"]);
}

#[test]
fn bad_options_are_named_with_what_is_allowed() {
    refused(
        "psuh",
        &["'psuh'", "push, pull, req, rep, pub, sub, demo, tree"],
    );
    refused("push", &["--listen", "--dial"]);
    refused(
        "push --dial tcp://a:1 --dta x",
        &["'--dta'", "the nearest is --data, ", "--file", "--timeout"],
    );
    refused(
        "pull --dial tcp://a:1 --format xml",
        &["'xml'", "text, json, hex, quoted"],
    );
    refused(
        "pull --dial tcp://a:1 --timeout 5",
        &["'5'", "500ms, 5s, 2m"],
    );
    refused(
        "pull --dial tcp://a:1 --count 0",
        &["'0'", "--count", "1.."],
    );
    refused("demo --duration 5ms", &["'5ms'", "at least 1s"]);
    refused("demo --chaos 5ms", &["'5ms'", "off", "at least 100ms"]);
    refused("demo --chaos maybe", &["'maybe'", "off"]);
    refused("demo --seed x", &["--seed", "'x'"]);
    refused("rep --dial tcp://a:1", &["--echo", "--reply"]);
    refused(
        "push --dial tcp://a:1 --data a --file b",
        &["--data", "--file"],
    );
}

#[test]
fn help_and_version_go_to_standard_output() {
    for (arguments, says) in [
        ("--version", "treewire 0.1.0"),
        ("--help", "Exit status:"),
        ("push --help", "default: standard input"),
        ("help pull", "Examples:"),
    ] {
        let ended = treewire(arguments).end().expect(0);
        assert!(ended.stdout.contains(says), "{}", ended.stdout);
        assert_eq!(ended.stderr, "");
    }
}
