//! How long does a req wait for the answer of a rep in another process, beside libzmq and bare sockets?
//!
//! `cargo bench --bench round_trip`; with options: `cargo bench --bench round_trip -- --rounds 3 --seconds 1 --size 16`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{Options, Outcome, Participant, Table};
use treewire_bench_roles::{Delivery, RoundTrip};

const SIZES_BYTES: &[usize] = &[16];
/// One question at a time reaches no bound.
const BOUND_MESSAGES: usize = 1_000;
/// Done in no time by everybody.
const FIRST_GUESS_TRIPS: u64 = 500;

fn main() -> ExitCode {
    compare::program(|options, participants| {
        println!(
            "req/rep: one connection, two processes, TCP loopback, one question at a time; rounds: {} of about {:?}, interleaved",
            options.rounds,
            options.duration(),
        );
        println!("{}", compare::describe_settings(BOUND_MESSAGES));
        let mut failures = Vec::new();
        for size_bytes in options.sizes_bytes(SIZES_BYTES) {
            let outcomes = measure(options, participants, size_bytes);
            println!("\n{}, microseconds", compare::bytes(size_bytes));
            print!("{}", table(&outcomes));
            failures.extend(compare::failures(&outcomes));
        }
        failures
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

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.1}", nanoseconds / 1e3)
}
