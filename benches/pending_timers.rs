//! What does a message to an actor cost while the actor waits for 10,000 timers, or for 10,000 scheduled messages, beside an actor that waits for none?
//!
//! `cargo bench --bench pending_timers`; with options: `cargo bench --bench pending_timers -- --rounds 9 --timers 1000`.

mod compare;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use actix::prelude::*;
use clap::Parser;
use compare::{Better, Failure, Figure, Outcome, Recorder, ReportOptions, Setup, Table};
use treewire::{Child, Node};

const QUESTION: &str = "What does a message to an actor cost while the actor waits for many timers, or for many scheduled messages?";
/// Far beyond the bench: no timer ever fires.
const TIMER: Duration = Duration::from_secs(3600);
/// Messages told before one is asked, which waits for them all. Well below Treewire's bound of 1,024.
const BURST_MESSAGES: u32 = 64;

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    println!("{}", compare::describe_machine());
    println!(
        "nanoseconds a message, asker and actor on one thread; rounds: {} of about {} s, interleaved; mimalloc",
        options.rounds, options.seconds,
    );
    println!("ask: one at a time; burst: {BURST_MESSAGES} at a time, all but the last told\n");
    let scheduled = Subject {
        kind: Kind::Scheduled,
        timers: options.timers,
    };
    let subjects: Vec<Subject> = [Kind::Stock, Kind::Treewire]
        .into_iter()
        .flat_map(|kind| [0, options.timers].map(|timers| Subject { kind, timers }))
        .chain([scheduled])
        .collect();
    let duration = Duration::from_secs_f64(options.seconds / 2.0);
    let ready = |_: &Subject| Ok(());
    let outcomes = compare::interleave(&subjects, options.rounds, ready, |subject, ()| {
        subject.measure(duration)
    });
    print!("{}", table(&outcomes));
    let failures = record(options.report.recorder(QUESTION), &outcomes);
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn table(outcomes: &[Outcome<Subject, Cost>]) -> Table {
    let mut table = Table::new(&[
        "",
        "pending timers",
        "ask",
        "min",
        "max",
        "burst",
        "min",
        "max",
    ]);
    for outcome in outcomes {
        let mut cells = vec![
            outcome.subject.kind.name().to_owned(),
            outcome.subject.timers.to_string(),
        ];
        for figure in [Cost::ask, Cost::burst] {
            match outcome.spread(figure) {
                Some(spread) => {
                    cells.extend([spread.median, spread.min, spread.max].map(compare::amount))
                }
                None => cells.push("failed".to_owned()),
            }
        }
        table.row(cells);
    }
    table
}

/// Writes down what came out and gives the failures.
fn record(mut recorder: Recorder, outcomes: &[Outcome<Subject, Cost>]) -> Vec<Failure> {
    recorder.settings("everybody", "Asker and actor on one thread; mimalloc.");
    let cost = Figure {
        name: "ns each",
        unit: "ns",
        better: Better::Less,
    };
    for outcome in outcomes {
        let setup = Setup {
            also: Some(format!("{} pending timers", outcome.subject.timers)),
            ..Setup::default()
        };
        let name = outcome.subject.kind.name();
        recorder.record(name, "ask", &setup, cost, outcome, Cost::ask);
        recorder.record(name, "burst", &setup, cost, outcome, Cost::burst);
    }
    recorder.finish(compare::failures(outcomes))
}

/// Nanoseconds a message.
struct Cost {
    ask: f64,
    burst: f64,
}

impl Cost {
    fn ask(&self) -> f64 {
        self.ask
    }

    fn burst(&self) -> f64 {
        self.burst
    }

    async fn measure(
        duration: Duration,
        ask: impl AsyncFn() -> Result<(), Failure>,
        tell: impl Fn(),
    ) -> Result<Self, Failure> {
        Ok(Cost {
            ask: each(duration, BURST_MESSAGES, async || {
                for _ in 0..BURST_MESSAGES {
                    ask().await?;
                }
                Ok(())
            })
            .await?,
            burst: each(duration, BURST_MESSAGES, async || {
                for _ in 1..BURST_MESSAGES {
                    tell();
                }
                ask().await
            })
            .await?,
        })
    }
}

/// Repeats `work` for about `duration` and gives the nanoseconds of one of its `parts`.
async fn each(
    duration: Duration,
    parts: u32,
    work: impl AsyncFn() -> Result<(), Failure>,
) -> Result<f64, Failure> {
    work().await?;
    let mut done = 0;
    let started = Instant::now();
    while started.elapsed() < duration {
        work().await?;
        done += u64::from(parts);
    }
    Ok(started.elapsed().as_nanos() as f64 / done as f64)
}

#[derive(Clone, Copy)]
struct Subject {
    kind: Kind,
    timers: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Stock,
    Treewire,
    /// Treewire, with messages to come instead of timers in the context.
    Scheduled,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Stock => "actix::Context",
            Kind::Treewire => "treewire::Context",
            Kind::Scheduled => "treewire, send_after",
        }
    }
}

impl Subject {
    /// Measures a fresh actor in a fresh system.
    fn measure(self, duration: Duration) -> Result<Cost, Failure> {
        let timers = self.timers;
        treewire::run(async move {
            match self.kind {
                Kind::Stock => {
                    let address = Stock { timers }.start();
                    let ask = async || address.send(Nudge).await.map_err(|error| error.to_string());
                    Cost::measure(duration, ask, || address.do_send(Nudge)).await
                }
                Kind::Treewire | Kind::Scheduled => {
                    let in_context = match self.kind {
                        Kind::Scheduled => 0,
                        Kind::Stock | Kind::Treewire => timers,
                    };
                    let node = Node::builder("bench")
                        .start()
                        .await
                        .map_err(|error| error.to_string())?;
                    let child = Child::new("patient", move || Ours { timers: in_context });
                    let reference = node.spawn(child).await.map_err(|error| error.to_string())?;
                    for _ in in_context..timers {
                        reference.send_after(TIMER, Nudge);
                    }
                    let ask = async || {
                        reference
                            .send(Nudge)
                            .await
                            .map_err(|error| error.to_string())
                    };
                    let cost = Cost::measure(duration, ask, || reference.do_send(Nudge)).await;
                    node.stop().await.map_err(|error| error.to_string())?;
                    cost
                }
            }
        })
    }
}

struct Nudge;

impl Message for Nudge {
    type Result = ();
}

struct Stock {
    timers: usize,
}

impl Actor for Stock {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        for _ in 0..self.timers {
            context.run_later(TIMER, |_, _| {});
        }
    }
}

impl Handler<Nudge> for Stock {
    type Result = ();

    fn handle(&mut self, _: Nudge, _: &mut Self::Context) {}
}

struct Ours {
    timers: usize,
}

impl Actor for Ours {
    type Context = treewire::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        for _ in 0..self.timers {
            context.run_later(TIMER, |_, _| {});
        }
    }
}

impl Handler<Nudge> for Ours {
    type Result = ();

    fn handle(&mut self, _: Nudge, _: &mut Self::Context) {}
}

#[derive(Parser)]
#[command(about = "Measures what a message costs beside pending timers. See benches/README.md.")]
struct Options {
    /// Rounds; each actor is measured once in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of one measurement, half for asks and half for bursts.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Timers of an actor that has some.
    #[arg(long, default_value_t = 10_000)]
    timers: usize,
    #[command(flatten)]
    report: ReportOptions,
    /// What `cargo bench` adds and `cargo test` does not.
    #[arg(long, hide = true)]
    bench: bool,
}
