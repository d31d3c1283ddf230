//! What goes wrong has a line on standard error and a status.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use crate::process::{Process, free_port, treewire, until};

#[test]
fn a_port_in_use_is_an_error_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for command in ["push --data x", "pull", "req --data x", "rep --echo"] {
        let ended = treewire(&format!("{command} --listen tcp://{address}"));
        let stderr = ended.end().expect(1).stderr;
        assert!(
            stderr.contains(&format!("tcp://{address} is in use")),
            "{stderr}"
        );
    }
    let observing = format!("pull --listen tcp://127.0.0.1:0 --observe {address}");
    let stderr = treewire(&observing).end().expect(1).stderr;
    assert!(stderr.contains("in use"), "{stderr}");
}

#[test]
fn a_live_socket_file_of_another_process_is_never_stolen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let url = format!("ipc://{}", path.display());
    let pull = treewire(&format!("pull --count 1 --listen {url}"));
    until("pull listens", || path.exists());
    let stderr = treewire(&format!("rep --echo --listen {url}"));
    let stderr = stderr.end().expect(1).stderr;
    assert!(stderr.contains(&format!("{url} is in use")), "{stderr}");
    treewire(&format!("push --dial {url} --data x"))
        .end()
        .expect(0);
    assert_eq!(pull.end().expect(0).stdout, "x\n");
    assert!(!path.exists());
}

#[test]
fn the_socket_file_of_a_process_that_was_killed_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let url = format!("ipc://{}", path.display());
    let killed = treewire(&format!("pull --listen {url}"));
    until("it listens", || path.exists());
    drop(killed);
    assert!(path.exists());
    let pull = treewire(&format!("pull --count 1 --listen {url}"));
    treewire(&format!("push --dial {url} --data x"))
        .end()
        .expect(0);
    assert_eq!(pull.end().expect(0).stdout, "x\n");
}

#[test]
fn a_full_disk_is_an_error_and_confirms_nothing() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut pull = Process::spawn("pull --listen tcp://127.0.0.1:0", full);
    let url = pull.endpoint();
    let push = treewire(&format!("push --dial {url} --data x"));
    let stderr = pull.end().expect(1).stderr;
    assert!(
        stderr.contains("cannot write to standard output: No space left"),
        "{stderr}"
    );
    let stderr = push.end().expect(1).stderr;
    assert!(
        stderr.contains("1 message was dropped or not confirmed"),
        "{stderr}"
    );
}

#[test]
fn a_closed_pipe_is_an_error_and_not_a_panic() {
    let mut pull = treewire("pull --listen tcp://127.0.0.1:0");
    let url = pull.endpoint();
    drop(pull.stdout());
    let push = treewire(&format!("push --dial {url} --data x"));
    let stderr = pull.end().expect(1).stderr;
    assert!(
        stderr.contains("cannot write to standard output: Broken pipe"),
        "{stderr}"
    );
    push.end().expect(1);
}

#[test]
fn a_peer_that_never_comes_is_a_timeout() {
    let url = format!("tcp://127.0.0.1:{}", free_port());
    for (command, says) in [
        ("push --data x", "no peer"),
        ("pull", "nothing received"),
        ("req --data x", "no reply"),
        ("rep --echo", "no request"),
    ] {
        let ended = treewire(&format!("{command} --dial {url} --timeout 200ms"));
        let stderr = ended.end().expect(3).stderr;
        assert_eq!(stderr, format!("error: timed out: {says} for 200ms"));
    }
}

#[test]
fn a_peer_that_stops_confirming_is_a_failure() {
    let mut pull = treewire("pull --listen tcp://127.0.0.1:0");
    let url = pull.endpoint();
    let mut push = treewire(&format!("push --dial {url} --timeout 1s"));
    let mut input = push.stdin();
    let mut received = BufReader::new(pull.stdout()).lines();
    input.write_all(b"a\n").unwrap();
    assert_eq!(received.next().unwrap().unwrap(), "a");
    pull.signal("STOP");
    input.write_all(b"b\n").unwrap();
    drop(input);
    let stderr = push.end().expect(1).stderr;
    // The confirmation of the first may not have left before the stop.
    let says = ["1 message was", "2 messages were"].map(|count| {
        format!("error: timed out: no confirmation for 1s: {count} dropped or not confirmed")
    });
    assert!(says.contains(&stderr), "{stderr}");
}

#[test]
fn a_missing_file_is_an_error() {
    let ended = treewire("push --dial tcp://127.0.0.1:1 --file /nowhere/at/all").end();
    let stderr = ended.expect(1).stderr;
    assert!(
        stderr.contains("cannot open /nowhere/at/all: No such file"),
        "{stderr}"
    );
}

#[test]
fn a_wrong_socket_type_is_told_to_both_sides() {
    let mut rep = treewire("rep --echo --listen tcp://127.0.0.1:0");
    let url = rep.endpoint();
    let push = treewire(&format!("push --dial {url} --data x --timeout 500ms"));
    let stderr = push.end().expect(3).stderr;
    assert!(
        stderr.contains("rep socket talks to req, not to push"),
        "{stderr}"
    );
    rep.signal("INT");
    let stderr = rep.end().expect(130).stderr;
    assert!(
        stderr.contains("rep socket talks to req, not to push"),
        "{stderr}"
    );
}
