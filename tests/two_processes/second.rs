//! The second process: this test binary again, which is told what to do and says how far it is.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio, exit};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Begins the lines that are meant for the other process.
const MARK: &str = "to the other process: ";

const TASK: &str = "TREEWIRE_SECOND_PROCESS";
const DIAL: &str = "TREEWIRE_SECOND_PROCESS_DIALS";

/// What the second process was started for.
pub(crate) fn task() -> String {
    std::env::var(TASK).expect("the tests start it")
}

/// What the second process dials.
pub(crate) fn dials() -> String {
    std::env::var(DIAL).expect("the tests start it")
}

/// The other process, as lines of text.
pub(crate) struct Other {
    heard: UnboundedReceiver<String>,
    says: Box<dyn Write + Send>,
    child: Option<Child>,
}

impl Other {
    /// Starts the second process.
    pub(crate) fn start(task: &str, dials: &str) -> Other {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "the_second_process"])
            .env(TASK, task)
            .env(DIAL, dials)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says: ChildStdin = child.stdin.take().unwrap();
        let hears = BufReader::new(child.stdout.take().unwrap());
        Other {
            heard: lines(hears, || {}),
            says: Box::new(says),
            child: Some(child),
        }
    }

    /// The first process, for the second one, which ends with it.
    pub(crate) fn first() -> Other {
        Other {
            heard: lines(BufReader::new(std::io::stdin()), || exit(1)),
            says: Box::new(std::io::stdout()),
            child: None,
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        // The test harness does not end its own line before.
        writeln!(self.says, "\n{MARK}{line}").unwrap();
        self.says.flush().unwrap();
    }

    /// What comes behind `begin` on its next line.
    pub(crate) async fn hear(&mut self, begin: &str) -> String {
        let line = self.heard.recv().await;
        let line = line.expect("the other process has ended");
        let rest = line.strip_prefix(begin);
        rest.unwrap_or_else(|| panic!("{line:?} instead of {begin:?}"))
            .trim()
            .to_owned()
    }

    /// Kills it, so that it can do nothing about it (SIGKILL on Unix).
    pub(crate) fn crash(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) {
        let mut child = self.child.take().unwrap();
        let status = tokio::task::spawn_blocking(move || child.wait());
        assert!(status.await.unwrap().unwrap().success());
    }
}

/// A test that failed leaves nobody behind.
impl Drop for Other {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn lines(
    from: impl BufRead + Send + 'static,
    at_end: impl FnOnce() + Send + 'static,
) -> UnboundedReceiver<String> {
    let (sender, heard) = unbounded_channel();
    thread::spawn(move || {
        for line in from.lines().map_while(Result::ok) {
            if let Some(line) = line.strip_prefix(MARK) {
                // Whoever does not listen any more is done.
                let _ = sender.send(line.to_owned());
            }
        }
        at_end();
    });
    heard
}
