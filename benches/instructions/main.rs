//! How many instructions do a message, a question and a publication take?
//!
//! `cargo bench --bench instructions` counts them and compares with `counts.toml` beside this file;
//! `cargo bench --bench instructions -- --accept` writes there what was counted.

mod actors;
mod callgrind;
mod case;
mod compare;
mod counts;
mod sockets;
mod wire;
mod worlds;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use case::{CASES, Case};
use clap::{Parser, Subcommand};
use compare::Verdict;
use counts::{Counts, MeasuredWith};

/// Why something was not counted, for whoever reads the output.
type Failure = String;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Errand::Play { case, count }) = &options.errand {
        return play(case, *count);
    }
    if !options.bench {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    match bench(&options) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// What is counted: a case's setting, and so many messages in it.
fn play(name: &str, count: u64) -> ExitCode {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        eprintln!("there is no case {name}");
        return ExitCode::FAILURE;
    };
    (case.play)(count);
    ExitCode::SUCCESS
}

fn bench(options: &Options) -> Result<ExitCode, Failure> {
    let here = MeasuredWith::here()?;
    if let Err(why) = callgrind::is_there() {
        println!("not compared: {why}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut accepted = Counts::read()?;
    let comparable = accepted.measured_with == here;
    if !comparable && !options.accept && !options.show {
        // One line, which `check` looks for.
        println!(
            "not compared: the counts are of {}, and this is {here} (--show counts all the same)",
            accepted.measured_with
        );
        return Ok(ExitCode::SUCCESS);
    }
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| options.wants(case.name))
        .collect();
    let counted = count_all(&cases, options.runs)?;
    println!("instructions a message, counted by callgrind; {here}\n");
    println!(
        "{:<28} {:>12} {:>12} {:>8} {:>8}   of what",
        "", "accepted", "counted", "change", "spread"
    );
    let mut news = Vec::new();
    for (case, runs) in cases.iter().zip(counted) {
        let before = accepted.of(case.name).filter(|_| comparable);
        let verdict = Verdict::of(case, before, &runs);
        println!("{verdict}");
        if verdict.is_news() {
            news.push(verdict);
        }
    }
    println!();
    if options.accept {
        if !comparable {
            accepted = Counts::nothing_yet(here);
        }
        accept(accepted, &news)?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.show || news.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for verdict in &news {
        println!("{}", verdict.explain());
    }
    println!("if it must be so: cargo bench --bench instructions -- --accept, and commit the file");
    Ok(ExitCode::FAILURE)
}

fn accept(mut accepted: Counts, news: &[Verdict<'_>]) -> Result<(), Failure> {
    for verdict in news {
        accepted.set(verdict.name(), verdict.counted());
    }
    accepted.retain(|name| CASES.iter().any(|case| case.name == name));
    println!("accepted: {} counts changed", news.len());
    accepted.write()
}

/// The counts of each case, one a run; as many processes at a time as there are cores.
fn count_all(cases: &[&Case], runs: u16) -> Result<Vec<Vec<f64>>, Failure> {
    let todo: Vec<usize> = (0..usize::from(runs))
        .flat_map(|_| 0..cases.len())
        .collect();
    let todo = Mutex::new(todo.into_iter());
    let counted = Mutex::new(vec![Vec::new(); cases.len()]);
    let failure = Mutex::new(None);
    let work = || {
        loop {
            let next = todo.lock().expect("nobody panics under it").next();
            let Some(index) = next else { return };
            match callgrind::count(cases[index]) {
                Ok(count) => counted.lock().expect("nobody panics under it")[index].push(count),
                Err(why) => {
                    *failure.lock().expect("nobody panics under it") = Some(why);
                    return;
                }
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    match failure.into_inner().expect("nobody panics under it") {
        Some(why) => Err(why),
        None => Ok(counted.into_inner().expect("nobody panics under it")),
    }
}

#[derive(Parser)]
#[command(about = "Counts the instructions of a message. See benches/README.md.")]
struct Options {
    /// Writes the counts that differ from those accepted by more than their margin; all of them with another compiler.
    #[arg(long)]
    accept: bool,
    /// Shows the counts and fails for nothing, whatever they were counted with.
    #[arg(long)]
    show: bool,
    /// How often each case is counted; their spread is how much of a difference is noise.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Only cases whose name contains this; may be repeated.
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
    /// What `cargo bench` adds and `cargo test` does not.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    errand: Option<Errand>,
}

/// Why the bench starts itself again.
#[derive(Subcommand)]
enum Errand {
    /// To be counted.
    #[command(hide = true)]
    Play { case: String, count: u64 },
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.contains(only.as_str()))
    }
}
