//! What memory do an idle connection, session and socket take?
//!
//! `cargo bench --bench idle`; fewer connections: `cargo bench --bench idle -- --connections 2000`; one unit:
//! `cargo bench --bench idle -- --unit pull`.

#[path = "../compare/mod.rs"]
mod compare;
mod descriptors;
mod dialer;
mod listener;
mod order;
mod pair;
mod settled;
mod solitary;
mod unit;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use compare::{
    Better, Failure, Figure, Outcome, Participant, ReportOptions, Setup, TREEWIRE, Table,
};
use order::Order;
use treewire_bench_roles::Delivery;
use unit::{Kind, Unit};

const QUESTION: &str =
    "What memory do an idle connection, on either side, an idle session and an idle socket take?";
const MEMORY: Figure = Figure {
    name: "memory of one more",
    unit: "bytes",
    better: Better::Less,
};
/// What the design allows an idle connection on the side that listens.
const GOAL_BYTES: f64 = 8.0 * 1024.0;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Errand::Role(order)) = &options.errand {
        return order.play();
    }
    if !options.bench {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    let failures = match Participant::treewire() {
        Ok(treewire) => bench(&options, &treewire),
        Err(failure) => vec![failure],
    };
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn bench(options: &Options, treewire: &Participant) -> Vec<Failure> {
    println!("{}", compare::describe_machine());
    let how = "resident memory of processes that are idle: what one more takes is the difference of a small number and a large \
               one, each in processes of its own; one thread; mimalloc; link-time optimized";
    println!("{how}");
    let mut recorder = options.report.recorder(QUESTION);
    recorder.settings("everybody", how);
    let cases: Vec<Case> = options
        .units()
        .flat_map(|unit| options.cases(unit))
        .collect();
    let ready = |_: &Case| Ok(());
    let outcomes =
        compare::interleave(&cases, options.rounds, ready, |case, ()| case.run(treewire));
    print!("{}", table(&outcomes));
    for outcome in &outcomes {
        for side in outcome.subject.sides() {
            let setup = outcome.subject.setup();
            let of = |growth: &Growth| (side.bytes)(growth);
            recorder.record(TREEWIRE, &side.title, &setup, MEMORY, outcome, of);
        }
    }
    recorder.finish(compare::failures(&outcomes))
}

/// What is measured, and of how many.
#[derive(Clone, Copy)]
struct Case {
    unit: Unit,
    delivery: Delivery,
    few: usize,
    many: usize,
}

/// What one more takes.
struct Growth {
    listening_bytes: f64,
    dialing_bytes: f64,
}

/// One of the processes.
struct Side {
    title: String,
    bytes: fn(&Growth) -> f64,
    is_judged: bool,
}

impl Case {
    fn run(&self, treewire: &Participant) -> Result<Growth, Failure> {
        let each = |few: u64, many: u64| (many as f64 - few as f64) / (self.many - self.few) as f64;
        if self.unit.kind() == Kind::Solitary {
            let of = |count| pair::alone(treewire, self.unit, count);
            return Ok(Growth {
                listening_bytes: each(of(self.few)?, of(self.many)?),
                dialing_bytes: 0.0,
            });
        }
        let of = |count| pair::connected(treewire, self.unit, self.delivery, count);
        let (few, many) = (of(self.few)?, of(self.many)?);
        Ok(Growth {
            listening_bytes: each(few.listening_bytes, many.listening_bytes),
            dialing_bytes: each(few.dialing_bytes, many.dialing_bytes),
        })
    }

    fn sides(&self) -> Vec<Side> {
        let listening = |title, is_judged| Side {
            title,
            bytes: |growth| growth.listening_bytes,
            is_judged,
        };
        if self.unit.kind() == Kind::Solitary {
            return vec![listening(self.unit.title().to_owned(), false)];
        }
        let title = |side| format!("connection, {}, {side}", self.delivery.name());
        let dialing = Side {
            title: title(self.unit.dialer()),
            bytes: |growth| growth.dialing_bytes,
            is_judged: false,
        };
        vec![listening(title(self.unit.listener()), true), dialing]
    }

    fn setup(&self) -> Setup {
        let is_connected = self.unit.kind() == Kind::Connected;
        Setup {
            transport: is_connected.then(|| "tcp".to_owned()),
            connections: is_connected.then_some(self.many as u64),
            ..Setup::default()
        }
    }
}

fn table(outcomes: &[Outcome<Case, Growth>]) -> Table {
    let mut table = Table::new(&["idle", "bytes each", "min", "max", "from", "to", "goal"]);
    for outcome in outcomes {
        let Case { few, many, .. } = outcome.subject;
        for side in outcome.subject.sides() {
            let Some(spread) = outcome.spread(side.bytes) else {
                table.row([side.title, "failed".to_owned()]);
                continue;
            };
            let goal = match (side.is_judged, spread.median <= GOAL_BYTES) {
                (false, _) => "",
                (true, true) => "8 KiB: met",
                (true, false) => "8 KiB: not met",
            };
            let figures =
                [spread.median, spread.min, spread.max].map(|bytes| format!("{bytes:.0}"));
            let counts = [few.to_string(), many.to_string(), goal.to_owned()];
            table.row([side.title].into_iter().chain(figures).chain(counts));
        }
    }
    table
}

#[derive(Parser)]
#[command(
    about = "Measures what Treewire's idle connections, sockets take. See benches/README.md."
)]
struct Options {
    /// The larger number of connections; the smaller is a fifth.
    #[arg(long, default_value_t = 19_000, value_parser = clap::value_parser!(u32).range(100..=60_000))]
    connections: u32,
    /// The larger number of sockets; the smaller is a fifth.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..))]
    alone: u32,
    /// Rounds.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Taken as other benches take it; there is no traffic whose length it could be.
    #[arg(long, hide = true)]
    seconds: Option<f64>,
    /// Only this unit; may be repeated.
    #[arg(long = "unit", value_name = "UNIT")]
    units: Vec<Unit>,
    #[command(flatten)]
    report: ReportOptions,
    /// What `cargo bench` adds and `cargo test` does not.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    errand: Option<Errand>,
}

/// Why the bench starts itself again.
#[derive(Subcommand)]
enum Errand {
    /// To be one of the processes.
    #[command(hide = true, subcommand)]
    Role(Order),
}

impl Options {
    fn units(&self) -> impl Iterator<Item = Unit> {
        let wanted = |unit: &Unit| self.units.is_empty() || self.units.contains(unit);
        Unit::ALL.into_iter().filter(wanted)
    }

    /// Where fewer files may be open than connections need, there are fewer.
    fn cases(&self, unit: Unit) -> Vec<Case> {
        let many = match unit.kind() {
            Kind::Solitary => self.alone as usize,
            Kind::Connected => {
                let wanted = self.connections as usize;
                let possible = descriptors::connections_max();
                if possible < wanted {
                    println!(
                        "a process may open files for {possible} connections only, not {wanted}"
                    );
                }
                wanted.min(possible)
            }
        };
        let deliveries = match unit.kind() {
            Kind::Solitary => &[Delivery::BestEffort][..],
            Kind::Connected => &[Delivery::BestEffort, Delivery::Reliable],
        };
        let case = |&delivery| Case {
            unit,
            delivery,
            few: many / 5,
            many,
        };
        deliveries.iter().map(case).collect()
    }
}
