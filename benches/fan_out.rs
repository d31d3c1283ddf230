//! How many deliveries a second does one publisher make to many subscribers in another process, when nothing is lost?
//!
//! `cargo bench --bench fan_out`; with options: `cargo bench --bench fan_out -- --rounds 3 --seconds 1 --subscribers 100`.

mod compare;

use std::process::ExitCode;
use std::time::Duration;

use compare::run::{self, Traffic};
use compare::{Better, Failure, Figure, Options, Outcome, Participant, Setup, Table};
use rustix::process::{Resource, getrlimit, setrlimit};
use treewire_bench_roles::Throughput;

const QUESTION: &str = "How many deliveries a second does one publisher make to many subscribers in another process, when nothing is lost?";
const DELIVERIES: Figure = Figure {
    name: "deliveries",
    unit: "deliveries/s",
    better: Better::More,
};
const SIZES_BYTES: &[usize] = &[16, 1024];
const SUBSCRIBERS: &[usize] = &[1, 10, 100, 1_000];
/// Of each subscriber, on either side; ZeroMQ's own default. With more, a thousand queues would be most of the memory.
const BOUND_MESSAGES: usize = 1_000;
/// The one rule for all, without which there is nothing to compare: whoever drops is as fast as it likes.
const WAITING: &str = "A publisher waits for the slowest subscriber once that one's queue is full; a subscriber that misses a message fails the run.";
/// What each runs with alone.
const SETTINGS: &[(&str, &str)] = &[
    (
        "treewire",
        "A node on one thread on either side. Overflow::Wait. A task for each subscriber.",
    ),
    (
        "libzmq",
        "One I/O thread on either side. XPUB with ZMQ_XPUB_NODROP. One thread polls all subscribers.",
    ),
    (
        "omq-tokio",
        "One I/O thread on either side, beside one that runs the program. xpub_nodrop. A task for each subscriber, up to 256 messages a call.",
    ),
    (
        "omq-tokio, one thread",
        "As omq-tokio, all on the one thread that runs the program.",
    ),
    (
        "nng",
        "Its own threads on either side. It knows no waiting: its publisher is told each time all subscribers have half a queue more.",
    ),
    (
        "bare tokio",
        "One thread on either side. The publisher writes each message to each connection; no queue, no framing.",
    ),
];
/// Done in no time by everybody.
const FIRST_GUESS_DELIVERIES: u64 = 2_000;
/// So many for each of a thousand take the slowest seconds, but with fewer it is the start that one sees.
const FIRST_GUESS_MESSAGES_MIN: u64 = 100;

fn main() -> ExitCode {
    compare::program_of_treewire(|options| match options.publishers() {
        Ok(participants) => {
            allow_many_files();
            println!("{}", compare::describe_machine());
            bench(options, &participants)
        }
        Err(failure) => vec![failure],
    })
}

/// As many as the system lets this process have, and those that it starts: a thousand connections are more than the
/// thousand files that are usual.
fn allow_many_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        eprintln!("no more open files are allowed: {error}");
    }
}

fn bench(options: &Options, participants: &[Participant]) -> Vec<Failure> {
    println!(
        "publisher/subscribers: two processes, a connection for each subscriber, TCP loopback; rounds: {} of about {:?}, interleaved",
        options.rounds,
        options.duration(),
    );
    let settings = compare::describe_settings(BOUND_MESSAGES);
    println!("{settings}");
    println!("{WAITING}");
    let mut recorder = options.report.recorder(QUESTION);
    recorder.settings("everybody", format!("{settings} {WAITING}"));
    for (name, text) in SETTINGS {
        if participants.iter().any(|one| one.name == *name) {
            recorder.settings(name, *text);
        }
    }
    let mut failures = Vec::new();
    let sizes_bytes = options.sizes_bytes(SIZES_BYTES);
    let subscribers = options.subscribers(SUBSCRIBERS);
    compare::expect_tables(sizes_bytes.len() * subscribers.len());
    for &size_bytes in &sizes_bytes {
        for &subscribers in &subscribers {
            let outcomes = measure(options, participants, size_bytes, subscribers);
            let size = compare::bytes(size_bytes);
            println!("\n{size}, subscribers: {subscribers}");
            print!("{}", table(size_bytes, &outcomes));
            failures.extend(compare::failures(&outcomes));
            let setup = Setup {
                transport: Some("tcp".to_owned()),
                connections: Some(subscribers as u64),
                size_bytes: Some(size_bytes as u64),
                ..Setup::default()
            };
            for outcome in &outcomes {
                let name = outcome.subject.name;
                let rate = Throughput::messages_per_second;
                recorder.record(name, "publish", &setup, DELIVERIES, outcome, rate);
            }
        }
    }
    recorder.finish(failures)
}

fn measure(
    options: &Options,
    participants: &[Participant],
    size_bytes: usize,
    subscribers: usize,
) -> Vec<Outcome<Participant, Throughput>> {
    let traffic = |count| Traffic {
        size_bytes,
        count,
        bound_messages: compare::bound_messages(BOUND_MESSAGES, size_bytes),
        ..Traffic::default()
    };
    let first_guess = (FIRST_GUESS_DELIVERIES / subscribers as u64).max(FIRST_GUESS_MESSAGES_MIN);
    let calibrate = |participant: &Participant| {
        compare::calibrated_count(options.duration(), first_guess, |count| {
            let throughput = run::fan_out(participant, &traffic(count), subscribers)?;
            Ok(Duration::from_nanos(throughput.nanoseconds))
        })
    };
    let run = |participant: &Participant, count: &u64| {
        run::fan_out(participant, &traffic(*count), subscribers)
    };
    compare::interleave(participants, options.rounds, calibrate, run)
}

fn table(size_bytes: usize, outcomes: &[Outcome<Participant, Throughput>]) -> Table {
    let rate = |outcome: &Outcome<Participant, Throughput>| {
        outcome.spread(Throughput::messages_per_second)
    };
    let treewire = compare::treewire(outcomes).and_then(rate);
    let mut table = Table::new(&[
        "",
        "deliveries/s",
        "min",
        "max",
        "MB/s",
        "deliveries a run",
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
