//! How long does a req wait for the answer of a rep, beside libzmq and bare sockets?
//!
//! `cargo bench --bench round_trip`; with options: `cargo bench --bench round_trip -- --rounds 3 --seconds 1 --size 16`; with
//! many questions under way: `cargo bench --bench round_trip -- --in-flight 64`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{Better, Failure, Figure, Options, Outcome, Participant, Recorder, Setup, Table};
use treewire_bench_roles::RoundTrip;

const QUESTION: &str = "How long does a req wait for the answer of a rep?";
const SIZES_BYTES: &[usize] = &[16];
/// So few questions under way reach no bound.
const BOUND_MESSAGES: usize = 1_000;
/// Done in no time by everybody.
const FIRST_GUESS_TRIPS: u64 = 500;
const RATE: Figure = Figure {
    name: "rate",
    unit: "requests/s",
    better: Better::More,
};

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
            "req/rep: one connection; rounds: {} of about {:?}, interleaved",
            options.rounds,
            options.duration(),
        );
        match options.with_typed(participants) {
            Ok(participants) => bench(options, &participants),
            Err(failure) => vec![failure],
        }
    })
}

fn bench(options: &Options, participants: &[Participant]) -> Vec<Failure> {
    let settings = compare::describe_settings(BOUND_MESSAGES);
    println!("{settings}");
    let mut recorder = options.report.recorder(QUESTION);
    compare::record_settings(&mut recorder, &settings, participants);
    let mut failures = Vec::new();
    let traffics = traffics(options);
    compare::expect_tables(traffics.len());
    for traffic in traffics {
        println!(
            "\n{}, {}, {} under way, microseconds",
            traffic.transport.describe(),
            compare::bytes(traffic.size_bytes),
            traffic.in_flight
        );
        let outcomes = measure(options, participants, &traffic);
        print!("{}", table(&outcomes));
        failures.extend(compare::failures(&outcomes));
        record(&mut recorder, &traffic, &outcomes);
    }
    recorder.finish(failures)
}

/// Every combination asked for.
fn traffics(options: &Options) -> Vec<Traffic> {
    let mut traffics = Vec::new();
    for transport in options.transports() {
        for in_flight in options.in_flight() {
            for size_bytes in options.sizes_bytes(SIZES_BYTES) {
                traffics.push(Traffic {
                    transport,
                    in_flight,
                    size_bytes,
                    bound_messages: BOUND_MESSAGES,
                    ..Traffic::default()
                });
            }
        }
    }
    traffics
}

fn measure(
    options: &Options,
    participants: &[Participant],
    traffic: &Traffic,
) -> Vec<Outcome<Participant, RoundTrip>> {
    let run = |participant: &Participant, count| {
        let traffic = Traffic { count, ..*traffic };
        run::round_trip(participant, &traffic)
    };
    let calibrate = |participant: &Participant| {
        compare::calibrated_count(options.duration(), FIRST_GUESS_TRIPS, |count| {
            let trips = run(participant, count)?;
            Ok(Duration::from_nanos(trips.total_nanoseconds))
        })
    };
    let needed = compare::needed(participants, BOUND_MESSAGES);
    let able = compare::able(needed, traffic);
    compare::interleave(&able, options.rounds, calibrate, |participant, count| {
        run(participant, *count)
    })
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
        "worst",
        "requests/s",
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
            percentile(|trip| trip.max_nanoseconds),
            outcome
                .spread(RoundTrip::trips_per_second)
                .map_or_else(String::new, |spread| compare::amount(spread.median)),
            compare::ratio(treewire, spread),
        ]);
    }
    table
}

fn record(
    recorder: &mut Recorder,
    traffic: &Traffic,
    outcomes: &[Outcome<Participant, RoundTrip>],
) {
    let setup = Setup {
        transport: Some(traffic.transport.name().to_owned()),
        in_flight: Some(u64::from(traffic.in_flight)),
        size_bytes: Some(traffic.size_bytes as u64),
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
        let rate = RoundTrip::trips_per_second;
        recorder.record(outcome.subject.name, "req/rep", &setup, RATE, outcome, rate);
    }
}

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.1}", nanoseconds / 1e3)
}
