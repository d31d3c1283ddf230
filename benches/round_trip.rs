//! How long does a req wait for the answer of a rep in another process, beside libzmq and bare sockets?
//!
//! `cargo bench --bench round_trip`; with options: `cargo bench --bench round_trip -- --rounds 3 --seconds 1 --size 16`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{Better, Figure, Options, Outcome, Participant, Recorder, Setup, Table};
use treewire_bench_roles::{Delivery, RoundTrip};

const QUESTION: &str = "How long does a req wait for the answer of a rep in another process?";
const SIZES_BYTES: &[usize] = &[16];
/// One question at a time reaches no bound.
const BOUND_MESSAGES: usize = 1_000;
/// Done in no time by everybody.
const FIRST_GUESS_TRIPS: u64 = 500;
/// A point of the distribution, in nanoseconds.
type Percentile = fn(&RoundTrip) -> u64;

/// In the order of their curve.
const PERCENTILES: &[(&str, Percentile)] = &[
    ("p50", |trip| trip.median_nanoseconds),
    ("p90", |trip| trip.p90_nanoseconds),
    ("p99", |trip| trip.p99_nanoseconds),
    ("p99.9", |trip| trip.p999_nanoseconds),
    ("max", |trip| trip.max_nanoseconds),
];

fn main() -> ExitCode {
    compare::program(|options, participants| {
        println!(
            "req/rep: one connection, two processes, TCP loopback, one question at a time; rounds: {} of about {:?}, interleaved",
            options.rounds,
            options.duration(),
        );
        let settings = compare::describe_settings(BOUND_MESSAGES);
        println!("{settings}");
        let mut recorder = options.report.recorder(QUESTION);
        compare::record_settings(&mut recorder, &settings, participants);
        let mut failures = Vec::new();
        let sizes_bytes = options.sizes_bytes(SIZES_BYTES);
        compare::expect_tables(sizes_bytes.len());
        for size_bytes in sizes_bytes {
            let outcomes = measure(options, participants, size_bytes);
            println!("\n{}, microseconds", compare::bytes(size_bytes));
            print!("{}", table(&outcomes));
            failures.extend(compare::failures(&outcomes));
            record(&mut recorder, size_bytes, &outcomes);
        }
        recorder.finish(failures)
    })
}

fn measure(
    options: &Options,
    participants: &[Participant],
    size_bytes: usize,
) -> Vec<Outcome<Participant, RoundTrip>> {
    let traffic = |count| Traffic {
        size_bytes,
        count,
        bound_messages: BOUND_MESSAGES,
        delivery: Delivery::BestEffort,
    };
    let calibrate = |participant: &Participant| {
        compare::calibrated_count(options.duration(), FIRST_GUESS_TRIPS, |count| {
            let round_trip = run::round_trip(participant, &traffic(count))?;
            Ok(Duration::from_nanos(round_trip.total_nanoseconds))
        })
    };
    let run =
        |participant: &Participant, count: &u64| run::round_trip(participant, &traffic(*count));
    let participants = compare::needed(participants, BOUND_MESSAGES);
    compare::interleave(&participants, options.rounds, calibrate, run)
}

/// Every figure is the median over the rounds; `min` and `max` are those of the rounds' own medians.
fn table(outcomes: &[Outcome<Participant, RoundTrip>]) -> Table {
    let median = |outcome: &Outcome<Participant, RoundTrip>| {
        outcome.spread(|trip| trip.median_nanoseconds as f64)
    };
    let treewire = compare::treewire(outcomes).and_then(median);
    let mut table = Table::new(&[
        "",
        "median",
        "min",
        "max",
        "p90",
        "p99",
        "p99.9",
        "trips a run",
        "treewire / it",
    ]);
    for outcome in outcomes {
        let name = outcome.subject.name.to_owned();
        let Some(spread) = median(outcome) else {
            table.row([name, "failed".to_owned()]);
            continue;
        };
        let percentile = |of: fn(&RoundTrip) -> u64| {
            let spread = outcome.spread(|trip| of(trip) as f64);
            spread.map_or_else(String::new, |spread| microseconds(spread.median))
        };
        table.row([
            name,
            microseconds(spread.median),
            microseconds(spread.min),
            microseconds(spread.max),
            percentile(|trip| trip.p90_nanoseconds),
            percentile(|trip| trip.p99_nanoseconds),
            percentile(|trip| trip.p999_nanoseconds),
            outcome
                .last()
                .map_or_else(String::new, |last| compare::amount(last.trips as f64)),
            compare::ratio(treewire, spread),
        ]);
    }
    table
}

fn record(
    recorder: &mut Recorder,
    size_bytes: usize,
    outcomes: &[Outcome<Participant, RoundTrip>],
) {
    let setup = Setup {
        transport: Some("tcp".to_owned()),
        connections: Some(1),
        in_flight: Some(1),
        size_bytes: Some(size_bytes as u64),
        ..Setup::default()
    };
    for outcome in outcomes {
        for (name, of) in PERCENTILES {
            let figure = Figure {
                name,
                unit: "µs",
                better: Better::Less,
            };
            let of = |trip: &RoundTrip| of(trip) as f64 / 1e3;
            recorder.record(outcome.subject.name, "req/rep", &setup, figure, outcome, of);
        }
    }
}

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.1}", nanoseconds / 1e3)
}
