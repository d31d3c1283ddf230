use std::env::var_os;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::children::Children;
use crate::plan::Step;
use crate::progress::Progress;
use crate::{Failure, root};

/// What the benches look at to know that a program reads their progress.
const ASKS_FOR_PROGRESS: &str = "TREEWIRE_BENCH_PROGRESS";
const PROGRESS: &str = "progress: ";

/// Builds the rivals, then runs one bench after the other. A bench that fails does not keep the next ones away.
pub(crate) fn run(steps: &[Step], data: &Path) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut interrupts = Interrupts::new()?;
        let mut failed = Vec::new();
        eprintln!("building the rivals");
        if let Err(failure) = interrupts.or(built_rivals()).await? {
            eprintln!("{failure}; whoever could not be built does not take part");
        }
        let begun = Instant::now();
        let mut progress = Progress::new(steps);
        for (at, step) in steps.iter().enumerate() {
            progress.begin(at);
            if let Err(failure) = interrupts
                .or(measured(step, data, &mut progress, begun))
                .await?
            {
                eprintln!("failed: {failure}");
                failed.push(step.bench.clone());
            }
        }
        match failed.is_empty() {
            true => Ok(()),
            false => Err(failed.join(", ")),
        }
    })
}

/// Ctrl-C and a request to terminate.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn new() -> Result<Self, Failure> {
        let heard = |kind| signal(kind).map_err(|error| error.to_string());
        Ok(Interrupts {
            interrupt: heard(SignalKind::interrupt())?,
            terminate: heard(SignalKind::terminate())?,
        })
    }

    /// `work`, unless the user wants to end, which drops it with the processes it has started.
    async fn or<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = work => Ok(done),
            _ = self.interrupt.recv() => Err("interrupted".to_owned()),
            _ = self.terminate.recv() => Err("terminated".to_owned()),
        }
    }
}

/// All at once and before the first bench, which would build them one by one and say nothing.
async fn built_rivals() -> Result<(), Failure> {
    let target = root()
        .join(var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
        .join("rivals");
    let mut command = cargo();
    command
        .args([
            "build",
            "--release",
            "--locked",
            "--workspace",
            "--keep-going",
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(root().join("benches").join("rivals"));
    ended_well("the rivals' build", Children::start(command)?).await
}

async fn measured(
    step: &Step,
    data: &Path,
    progress: &mut Progress,
    begun: Instant,
) -> Result<(), Failure> {
    println!("\n== {}", step.bench);
    let mut command = cargo();
    command
        .args(["bench", "--quiet", "--locked", "--bench", &step.bench, "--"])
        .args(&step.arguments)
        .arg("--json")
        .arg(data.join(format!("{}.json", step.bench)))
        .env(ASKS_FOR_PROGRESS, "")
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut children = Children::start(command)?;
    let (Some(output), Some(errors)) = (children.child.stdout.take(), children.child.stderr.take())
    else {
        return Err(format!("{}: its output is not ours", step.bench));
    };
    let mut shown = Shown::default();
    shown.progress(progress.line(&step.bench, begun.elapsed()));
    let mut output = BufReader::new(output).lines();
    let mut errors = BufReader::new(errors).lines();
    loop {
        tokio::select! {
            Ok(Some(line)) = output.next_line() => {
                shown.end();
                println!("{line}");
            }
            Ok(Some(line)) = errors.next_line() => match line.strip_prefix(PROGRESS) {
                Some(text) if progress.hear(text) => {
                    shown.progress(progress.line(&step.bench, begun.elapsed()));
                }
                _ => {
                    shown.end();
                    eprintln!("{line}");
                }
            },
            else => break,
        }
    }
    shown.end();
    ended_well(&step.bench, children).await
}

async fn ended_well(what: &str, mut children: Children) -> Result<(), Failure> {
    let status = children.wait().await?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{what} ended with {status}")),
    }
}

/// The one that runs this.
fn cargo() -> Command {
    Command::new(var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The line of progress, which stays at the bottom of a terminal.
#[derive(Default)]
struct Shown {
    is_open: bool,
}

impl Shown {
    fn progress(&mut self, line: String) {
        if stderr().is_terminal() {
            eprint!("\r{line}\x1b[K");
            // Nothing is lost with it.
            let _ = stderr().flush();
            self.is_open = true;
        } else {
            eprintln!("{line}");
        }
    }

    /// Takes it away, for other lines.
    fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            eprint!("\r\x1b[K");
        }
    }
}
