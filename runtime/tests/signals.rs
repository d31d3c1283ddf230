//! What a process does when it is asked to end, seen from outside.
#![cfg(unix)]

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use actix::prelude::*;
use treewire_runtime::*;

const WATCHDOG: Duration = Duration::from_secs(20);
/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(3_600);
const ROLE: &str = "TREEWIRE_TEST_ROLE";

/// Says that it is asked to stop, and then does what it likes.
struct Speaker {
    name: &'static str,
    when_asked: fn() -> Running,
}

impl Actor for Speaker {
    type Context = treewire_runtime::Context<Self>;

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        println!("{} is asked to stop", self.name);
        (self.when_asked)()
    }
}

fn speaker(name: &'static str, when_asked: fn() -> Running) -> Child<Speaker> {
    Child::new(name, move || Speaker { name, when_asked }).shutdown(FOR_EVER)
}

/// Blocks the main thread, on which the root's children run.
fn block() -> Running {
    loop {
        thread::park();
    }
}

async fn play(role: String) -> Result<(), NodeError> {
    let soon = Duration::from_millis(50);
    let stubborn = speaker("last", || Running::Continue);
    let (budget, last) = match role.as_str() {
        "orderly" => (FOR_EVER, speaker("last", || Running::Stop)),
        "stubborn" => (FOR_EVER, stubborn),
        "over budget" => (soon, stubborn),
        "blocked" => (FOR_EVER, speaker("last", block)),
        "blocked, over deadline" => (FOR_EVER, speaker("last", block).shutdown(soon)),
        "blocked, over budget" => (soon, speaker("last", block)),
        other => panic!("there is no role {other}"),
    };
    let node = Node::builder("signals")
        .stop_budget(budget)
        .child(speaker("first", || Running::Stop))
        .child(last)
        .start()
        .await?;
    // It is answered after the signals are caught.
    let ready = async {
        node.snapshot().await?;
        println!("ready");
        Ok(())
    };
    tokio::try_join!(node.run(), ready).map(drop)
}

#[test]
#[ignore = "the process to which the other tests send signals"]
fn the_process() {
    let role = env::var(ROLE).expect("it is started by another test");
    if let Err(error) = run(play(role)) {
        print_error(&error);
        std::process::exit(1);
    }
}

/// A process that ends with its test.
struct Signalled(Process);

impl Drop for Signalled {
    fn drop(&mut self) {
        // It may have ended.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A process in a role, and the lines it says, once it is ready for signals.
fn start(role: &str) -> (Signalled, impl Iterator<Item = String> + use<>) {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_process", "--nocapture"])
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let mut lines = output.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("ready")));
    (Signalled(process), lines)
}

impl Signalled {
    fn signal(&self, name: &str) {
        let process = self.0.id().to_string();
        let mut kill = Command::new("kill");
        let status = kill.args([format!("-{name}"), process]).status();
        assert!(status.unwrap().success());
    }

    fn end(mut self) -> (ExitStatus, String) {
        let barks = Instant::now() + WATCHDOG;
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < barks, "the process does not end");
            thread::sleep(Duration::from_millis(2));
        };
        let mut errors = String::new();
        let stderr = self.0.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        (status, errors)
    }
}

#[test]
fn supervision_01_a_signal_stops_the_node_in_reverse_order() {
    for signal in ["TERM", "INT"] {
        let (process, lines) = start("orderly");
        process.signal(signal);
        let asked: Vec<_> = lines.filter(|line| line.contains("asked")).collect();
        assert_eq!(asked, ["last is asked to stop", "first is asked to stop"]);
        let (status, errors) = process.end();
        assert_eq!(status.code(), Some(0), "{errors}");
    }
}

#[test]
fn supervision_01_a_second_signal_ends_the_process_at_once() {
    for role in ["stubborn", "blocked"] {
        let (process, mut lines) = start(role);
        process.signal("INT");
        assert_eq!(lines.next().unwrap(), "last is asked to stop");
        process.signal("INT");
        let (status, errors) = process.end();
        assert_eq!(status.code(), Some(130), "{role}: {errors}");
    }
}

#[test]
fn supervision_01_who_outlasts_the_budget_of_the_node_is_named() {
    let (process, _lines) = start("over budget");
    process.signal("TERM");
    let (status, errors) = process.end();
    assert_eq!(status.code(), Some(1));
    let named = "error: the node ended without waiting any longer for: last";
    assert!(errors.contains(named), "{errors}");
}

#[test]
fn supervision_04_a_blocked_main_thread_does_not_keep_the_process() {
    for role in ["blocked, over deadline", "blocked, over budget"] {
        let (process, _lines) = start(role);
        process.signal("TERM");
        let (status, errors) = process.end();
        assert_eq!(status.code(), Some(1), "{role}: {errors}");
        assert!(errors.contains("is blocked; not stopped: last"), "{errors}");
    }
}
