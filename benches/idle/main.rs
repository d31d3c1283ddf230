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
use compare::{Failure, Participant, Table};
use order::Order;
use pair::Resident;
use treewire_bench_roles::Delivery;
use unit::{Kind, Unit};

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
    println!(
        "resident memory of processes that are idle: what one more takes is the difference of a small number and a large one, \
         each in processes of its own; one thread; mimalloc; link-time optimized"
    );
    let mut table = Table::new(&[
        "idle",
        "bytes each",
        "from",
        "to",
        "KiB at the latter",
        "goal",
    ]);
    let mut failures = Vec::new();
    for unit in options.units() {
        let sizes = options.sizes(unit);
        match measured(treewire, unit, sizes) {
            Ok(figures) => figures
                .iter()
                .for_each(|figure| table.row(figure.row(sizes))),
            Err(failure) => failures.push(failure),
        }
    }
    print!("\n{table}");
    failures
}

/// What one more of something takes in one of the processes.
struct Figure {
    title: String,
    bytes_each: f64,
    bytes_in_all: u64,
    /// Whether it has a goal.
    is_judged: bool,
}

impl Figure {
    fn row(&self, (small, large): (usize, usize)) -> [String; 6] {
        let goal = match (self.is_judged, self.bytes_each <= GOAL_BYTES) {
            (false, _) => "",
            (true, true) => "8 KiB: met",
            (true, false) => "8 KiB: not met",
        };
        [
            self.title.clone(),
            format!("{:.0}", self.bytes_each),
            small.to_string(),
            large.to_string(),
            (self.bytes_in_all / 1024).to_string(),
            goal.to_owned(),
        ]
    }
}

fn measured(
    treewire: &Participant,
    unit: Unit,
    (small, large): (usize, usize),
) -> Result<Vec<Figure>, Failure> {
    let figure = |title: String, is_judged, small_bytes: u64, large_bytes: u64| Figure {
        title,
        bytes_each: (large_bytes as f64 - small_bytes as f64) / (large - small) as f64,
        bytes_in_all: large_bytes,
        is_judged,
    };
    if unit.kind() == Kind::Solitary {
        let [small, large] = [
            pair::alone(treewire, unit, small)?,
            pair::alone(treewire, unit, large)?,
        ];
        return Ok(vec![figure(unit.title().to_owned(), false, small, large)]);
    }
    let mut figures = Vec::new();
    for delivery in [Delivery::BestEffort, Delivery::Reliable] {
        let of = |count| pair::connected(treewire, unit, delivery, count);
        let (small, large): (Resident, Resident) = (of(small)?, of(large)?);
        let title = |side| format!("connection, {}, {side}", delivery.name());
        figures.extend([
            figure(
                title(unit.listener()),
                true,
                small.listening_bytes,
                large.listening_bytes,
            ),
            figure(
                title(unit.dialer()),
                false,
                small.dialing_bytes,
                large.dialing_bytes,
            ),
        ]);
    }
    Ok(figures)
}

#[derive(Parser)]
#[command(
    about = "Measures what Treewire's idle connections, sockets take. See benches/README.md."
)]
struct Options {
    /// The larger number of connections. [default: 19,000]
    #[arg(long, default_value_t = 19_000, value_parser = clap::value_parser!(u32).range(100..=60_000))]
    connections: u32,
    /// The larger number of sockets. [default: 10,000]
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..))]
    alone: u32,
    /// Only this unit; may be repeated.
    #[arg(long = "unit", value_name = "UNIT")]
    units: Vec<Unit>,
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

    /// The numbers at which a unit is measured. Where fewer files may be open than connections need, there are fewer.
    fn sizes(&self, unit: Unit) -> (usize, usize) {
        let large = match unit.kind() {
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
        (large / 5, large)
    }
}
