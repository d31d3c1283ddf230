//! How many messages a second does one push send to one pull, beside libzmq and bare sockets?
//!
//! `cargo bench --bench push_pull`; with options: `cargo bench --bench push_pull -- --rounds 3 --seconds 1 --size 16`; over
//! other transports and from several pushes: `cargo bench --bench push_pull -- --transport ipc --connections 8`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{Better, Failure, Figure, Options, Outcome, Participant, Setup, Table, Transport};
use treewire_bench_roles::Throughput;

const QUESTION: &str = "How many messages a second does a push send to a pull?";
const THROUGHPUT: Figure = Figure {
    name: "throughput",
    unit: "messages/s",
    better: Better::More,
};
const SIZES_BYTES: &[usize] = &[16, 128, 1024, 8 * 1024, 64 * 1024, 1024 * 1024];
/// Done in no time by everybody, and more than any number of pushes.
const FIRST_GUESS_MESSAGES: u64 = 2_000;

fn main() -> ExitCode {
    compare::program(|options, participants| {
        println!(
            "push/pull; rounds: {} of about {:?}, interleaved",
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
    let settings = compare::describe_settings(options.bound);
    println!("{settings}");
    let mut recorder = options.report.recorder(QUESTION);
    compare::record_settings(&mut recorder, &settings, participants);
    let mut failures = Vec::new();
    let traffics = traffics(options);
    compare::expect_tables(traffics.len());
    for traffic in traffics {
        println!("{}", compare::describe_messages(&traffic));
        let outcomes = measure(options, participants, &traffic);
        print!("{}", table(traffic.size_bytes, &outcomes));
        failures.extend(compare::failures(&outcomes));
        let setup = Setup {
            transport: Some(traffic.transport.name().to_owned()),
            connections: Some(u64::from(traffic.connections)),
            size_bytes: Some(traffic.size_bytes as u64),
            ..Setup::default()
        };
        for outcome in &outcomes {
            let name = outcome.subject.name;
            let rate = Throughput::messages_per_second;
            recorder.record(name, "push/pull", &setup, THROUGHPUT, outcome, rate);
        }
    }
    recorder.finish(failures)
}

/// Every combination asked for; a process has no more than two threads that take part.
fn traffics(options: &Options) -> Vec<Traffic> {
    let mut traffics = Vec::new();
    for transport in options.transports() {
        for connections in options.connections() {
            if transport == Transport::Inproc && connections > 1 {
                continue;
            }
            for size_bytes in options.sizes_bytes(SIZES_BYTES) {
                traffics.push(Traffic {
                    transport,
                    connections,
                    size_bytes,
                    bound_messages: compare::bound_messages(options.bound, size_bytes),
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
) -> Vec<Outcome<Participant, Throughput>> {
    let run = |participant: &Participant, count| {
        let traffic = Traffic { count, ..*traffic };
        run::push_pull(participant, &traffic)
    };
    let calibrate = |participant: &Participant| {
        compare::calibrated_count(options.duration(), FIRST_GUESS_MESSAGES, |count| {
            Ok(Duration::from_nanos(run(participant, count)?.nanoseconds))
        })
    };
    let needed = compare::needed(participants, traffic.bound_messages);
    let able = compare::able(needed, traffic);
    compare::interleave(&able, options.rounds, calibrate, |participant, count| {
        run(participant, *count)
    })
}

fn table(size_bytes: usize, outcomes: &[Outcome<Participant, Throughput>]) -> Table {
    let rate = |outcome: &Outcome<Participant, Throughput>| {
        outcome.spread(Throughput::messages_per_second)
    };
    let treewire = compare::treewire(outcomes).and_then(rate);
    let mut table = Table::new(&[
        "",
        "messages/s",
        "min",
        "max",
        "MB/s",
        "messages a run",
        "treewire / it",
    ]);
    for outcome in outcomes {
        let name = outcome.subject.name.to_owned();
        let Some(spread) = rate(outcome) else {
            table.row([name, "failed".to_owned()]);
            continue;
        };
        table.row([
            name,
            compare::amount(spread.median),
            compare::amount(spread.min),
            compare::amount(spread.max),
            format!("{:.0}", spread.median * size_bytes as f64 / 1e6),
            outcome
                .last()
                .map_or_else(String::new, |last| compare::amount(last.messages as f64)),
            compare::ratio(treewire, spread),
        ]);
    }
    table
}
