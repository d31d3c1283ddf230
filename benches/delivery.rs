//! What does reliable delivery cost a push and a pull, beside best effort?
//!
//! `cargo bench --bench delivery`; with options: `cargo bench --bench delivery -- --rounds 9 --seconds 1 --size 16`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{
    Better, Failure, Figure, Options, Outcome, Participant, Setup, Spread, TREEWIRE, Table,
};
use treewire_bench_roles::{Delivery, Throughput};

const QUESTION: &str =
    "What does reliable delivery cost a push and a pull in two processes, beside best effort?";
const THROUGHPUT: Figure = Figure {
    name: "throughput",
    unit: "messages/s",
    better: Better::More,
};
const SIZES_BYTES: &[usize] = &[16, 1024];
/// Done in no time with both.
const FIRST_GUESS_MESSAGES: u64 = 2_000;
/// What the design asks of reliable delivery, in best effort's messages a second.
const GOAL: f64 = 0.8;

fn main() -> ExitCode {
    compare::program_of_treewire(|options| match Participant::treewire() {
        Ok(treewire) => bench(options, &treewire),
        Err(failure) => vec![failure],
    })
}

fn bench(options: &Options, treewire: &Participant) -> Vec<Failure> {
    println!("{}", compare::describe_machine());
    println!(
        "push/pull, best effort beside reliable: one connection; rounds: {} of about {:?}, interleaved",
        options.rounds,
        options.duration(),
    );
    let settings = compare::describe_settings(options.bound);
    println!("{settings}");
    let mut recorder = options.report.recorder(QUESTION);
    recorder.settings("everybody", settings);
    let mut failures = Vec::new();
    let traffics = traffics(options);
    compare::expect_tables(traffics.len());
    for traffic in traffics {
        println!("{}", compare::describe_messages(&traffic));
        let outcomes = measure(options, treewire, &traffic);
        print!("{}", table(&outcomes));
        if let Some(ratio) = ratio(&outcomes) {
            println!(
                "reliable / best effort: {:.2} (rounds from {:.2} to {:.2}); goal: {GOAL}",
                ratio.median, ratio.min, ratio.max,
            );
        }
        failures.extend(compare::failures(&outcomes));
        let setup = Setup {
            transport: Some(traffic.transport.name().to_owned()),
            connections: Some(1),
            size_bytes: Some(traffic.size_bytes as u64),
            ..Setup::default()
        };
        for outcome in &outcomes {
            let name = match outcome.subject {
                Delivery::BestEffort => TREEWIRE,
                Delivery::Reliable => "treewire, reliable",
            };
            let rate = Throughput::messages_per_second;
            recorder.record(name, "push/pull", &setup, THROUGHPUT, outcome, rate);
        }
    }
    recorder.finish(failures)
}

fn traffics(options: &Options) -> Vec<Traffic> {
    let mut traffics = Vec::new();
    for transport in options.transports() {
        for size_bytes in options.sizes_bytes(SIZES_BYTES) {
            traffics.push(Traffic {
                transport,
                size_bytes,
                bound_messages: compare::bound_messages(options.bound, size_bytes),
                ..Traffic::default()
            });
        }
    }
    traffics
}

fn measure(
    options: &Options,
    treewire: &Participant,
    traffic: &Traffic,
) -> Vec<Outcome<Delivery, Throughput>> {
    let run = |delivery: &Delivery, count: u64| {
        let traffic = Traffic {
            count,
            delivery: *delivery,
            ..*traffic
        };
        let throughput = run::push_pull(treewire, &traffic)?;
        match throughput.messages == count {
            true => Ok(throughput),
            false => Err(format!(
                "{}: sent {count} messages, {} were received",
                delivery.name(),
                throughput.messages
            )),
        }
    };
    let calibrate = |delivery: &Delivery| {
        compare::calibrated_count(options.duration(), FIRST_GUESS_MESSAGES, |count| {
            Ok(Duration::from_nanos(run(delivery, count)?.nanoseconds))
        })
    };
    compare::interleave(
        &[Delivery::BestEffort, Delivery::Reliable],
        options.rounds,
        calibrate,
        |delivery, count| run(delivery, *count),
    )
}

fn table(outcomes: &[Outcome<Delivery, Throughput>]) -> Table {
    let mut table = Table::new(&["", "messages/s", "min", "max", "messages a run"]);
    for outcome in outcomes {
        let name = outcome.subject.name().to_owned();
        let (Some(spread), Some(last)) = (
            outcome.spread(Throughput::messages_per_second),
            outcome.last(),
        ) else {
            table.row([name, "failed".to_owned()]);
            continue;
        };
        table.row([
            name,
            compare::amount(spread.median),
            compare::amount(spread.min),
            compare::amount(spread.max),
            compare::amount(last.messages as f64),
        ]);
    }
    table
}

/// Of each round by itself, since what disturbs a round disturbs both.
fn ratio(outcomes: &[Outcome<Delivery, Throughput>]) -> Option<Spread> {
    let [best_effort, reliable] = outcomes else {
        return None;
    };
    let rounds = best_effort
        .runs
        .as_ref()
        .ok()?
        .iter()
        .zip(reliable.runs.as_ref().ok()?);
    Spread::of(rounds.map(|(best_effort, reliable)| {
        reliable.messages_per_second() / best_effort.messages_per_second()
    }))
}
