//! How many messages a second does one push send to one pull in another process, beside libzmq and bare sockets?
//!
//! `cargo bench --bench push_pull`; with options: `cargo bench --bench push_pull -- --rounds 3 --seconds 1 --size 16`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{Better, Figure, Options, Outcome, Participant, Setup, Table};
use treewire_bench_roles::{Delivery, Throughput};

const QUESTION: &str =
    "How many messages a second does one push send to one pull in another process?";
const THROUGHPUT: Figure = Figure {
    name: "throughput",
    unit: "messages/s",
    better: Better::More,
};
const SIZES_BYTES: &[usize] = &[16, 1024, 8 * 1024, 64 * 1024];
/// Done in no time by everybody.
const FIRST_GUESS_MESSAGES: u64 = 2_000;

fn main() -> ExitCode {
    compare::program(|options, participants| {
        println!(
            "push/pull: one connection, two processes, TCP loopback; rounds: {} of about {:?}, interleaved",
            options.rounds,
            options.duration(),
        );
        let settings = compare::describe_settings(options.bound);
        println!("{settings}");
        let mut recorder = options.report.recorder(QUESTION);
        compare::record_settings(&mut recorder, &settings, participants);
        let mut failures = Vec::new();
        let sizes_bytes = options.sizes_bytes(SIZES_BYTES);
        compare::expect_tables(sizes_bytes.len());
        for size_bytes in sizes_bytes {
            let bound_messages = compare::bound_messages(options.bound, size_bytes);
            let outcomes = measure(options, participants, size_bytes, bound_messages);
            println!("{}", compare::describe_messages(size_bytes, bound_messages));
            print!("{}", table(size_bytes, &outcomes));
            failures.extend(compare::failures(&outcomes));
            let setup = Setup {
                transport: Some("tcp".to_owned()),
                connections: Some(1),
                size_bytes: Some(size_bytes as u64),
                ..Setup::default()
            };
            for outcome in &outcomes {
                let name = outcome.subject.name;
                let rate = Throughput::messages_per_second;
                recorder.record(name, "push/pull", &setup, THROUGHPUT, outcome, rate);
            }
        }
        recorder.finish(failures)
    })
}

fn measure(
    options: &Options,
    participants: &[Participant],
    size_bytes: usize,
    bound_messages: usize,
) -> Vec<Outcome<Participant, Throughput>> {
    let traffic = |count| Traffic {
        size_bytes,
        count,
        bound_messages,
        delivery: Delivery::BestEffort,
    };
    let calibrate = |participant: &Participant| {
        compare::calibrated_count(options.duration(), FIRST_GUESS_MESSAGES, |count| {
            let throughput = run::push_pull(participant, &traffic(count))?;
            Ok(Duration::from_nanos(throughput.nanoseconds))
        })
    };
    let run =
        |participant: &Participant, count: &u64| run::push_pull(participant, &traffic(*count));
    let participants = compare::needed(participants, bound_messages);
    compare::interleave(&participants, options.rounds, calibrate, run)
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
