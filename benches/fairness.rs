//! How long does a req wait for its answer while another socket of its arbiter, or of the rep's, is flooded?
//!
//! `cargo bench --bench fairness`; with options: `cargo bench --bench fairness -- --rounds 9 --seconds 1`.

mod compare;

use std::env::current_exe;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use compare::{Better, Failure, Figure, Outcome, Participant, Process, Recorder, ReportOptions};
use compare::{Setup, Table};
use hdrhistogram::Histogram;
use treewire::prelude::*;
use treewire::{PullSocket, PushSocket, RepSocket, ReqSocket};
use treewire_bench_roles::{Line, RoundTrip, Throughput};

const QUESTION: &str = "How long does a req wait for its answer while another socket of its arbiter, or of the rep's, is flooded?";
/// What the design asks for at the most, of each arrangement.
const GOAL_MICROSECONDS: f64 = 1_000.0;
const SIZE_BYTES: usize = 16;
const ANYWHERE: &str = "tcp://127.0.0.1:0";
/// Of each measurement, not counted.
const WARM_UP: Duration = Duration::from_millis(200);
/// Beyond a measurement; a process that is not done by then hangs.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Errand::Play(errand)) = options.errand {
        return play(errand);
    }
    if !options.bench {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    println!("{}", compare::describe_machine());
    println!(
        "microseconds of a round trip of {SIZE_BYTES} bytes, one at a time, beside a flood of messages of {SIZE_BYTES} bytes; TCP loopback;"
    );
    println!(
        "sockets that share a process share its one arbiter; rounds: {} of {} s, interleaved; percentiles are medians over the rounds,",
        options.rounds, options.seconds
    );
    println!(
        "max is that of all rounds; queues of {} messages; mimalloc\n",
        options.bound
    );
    let subjects: Vec<Subject> = Arrangement::ALL
        .into_iter()
        .flat_map(|arrangement| {
            [false, true].map(|flooded| Subject {
                arrangement,
                flooded,
            })
        })
        .collect();
    let ready = |_: &Subject| Ok(());
    let outcomes = compare::interleave(&subjects, options.rounds, ready, |subject, ()| {
        subject.measure(&options)
    });
    print!("{}", table(&outcomes));
    judge(&outcomes);
    let failures = record(options.report.recorder(QUESTION), &outcomes, options.bound);
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Who shares a process, and so an arbiter.
#[derive(Clone, Copy, PartialEq)]
enum Arrangement {
    /// The flooded pull and the rep that answers.
    Listeners,
    /// The push that floods and the req that asks.
    Dialers,
    /// Both of these.
    Both,
}

impl Arrangement {
    const ALL: [Self; 3] = [Self::Listeners, Self::Dialers, Self::Both];

    fn name(self) -> &'static str {
        match self {
            Self::Listeners => "pull beside rep",
            Self::Dialers => "push beside req",
            Self::Both => "pull beside rep, push beside req",
        }
    }

    fn joins_listeners(self) -> bool {
        self != Self::Dialers
    }

    fn joins_dialers(self) -> bool {
        self != Self::Listeners
    }
}

#[derive(Clone, Copy)]
struct Subject {
    arrangement: Arrangement,
    flooded: bool,
}

/// What one measurement gave.
struct Answers {
    trips: RoundTrip,
    /// `None` without a flood.
    flood: Option<Throughput>,
}

impl Subject {
    fn measure(self, options: &Options) -> Result<Answers, Failure> {
        let program = current_exe().map_err(|error| error.to_string())?;
        let this = Participant::rival("fairness", program, usize::MAX);
        let seconds = options.seconds;
        let deadline = Instant::now() + WARM_UP + Duration::from_secs_f64(seconds) + PATIENCE;
        let start = |errand: Play| {
            let arguments = errand.to_arguments();
            Process::start(&this, &arguments, deadline)
        };
        let nothing = Play {
            seconds,
            bound: options.bound,
            ..Play::default()
        };
        let (pull, rep) = (Some(ANYWHERE.to_owned()), Some(ANYWHERE.to_owned()));
        let mut listeners = Vec::new();
        if self.arrangement.joins_listeners() {
            let both = Play {
                pull,
                rep,
                ..nothing.clone()
            };
            listeners.push(start(both)?);
        } else {
            listeners.push(start(Play {
                pull,
                ..nothing.clone()
            })?);
            listeners.push(start(Play {
                rep,
                ..nothing.clone()
            })?);
        }
        let mut places = Vec::new();
        for at in [0, listeners.len() - 1] {
            match next_line(&mut listeners[at])? {
                Line::Listening(endpoint) => places.push(Some(endpoint)),
                _ => return Err(listeners[at].failure("expected to hear where it listens")),
            }
        }
        let req = places.pop().flatten();
        let push = places.pop().flatten().filter(|_| self.flooded);
        let mut dialers = Vec::new();
        if self.arrangement.joins_dialers() {
            dialers.push(start(Play {
                push,
                req,
                ..nothing
            })?);
        } else {
            if push.is_some() {
                dialers.push(start(Play {
                    push,
                    ..nothing.clone()
                })?);
            }
            dialers.push(start(Play { req, ..nothing })?);
        }
        let asker = dialers.len() - 1;
        let Line::RoundTrip(trips) = next_line(&mut dialers[asker])? else {
            return Err(dialers[asker].failure("expected its round trips"));
        };
        let flood = match self.flooded.then(|| next_line(&mut listeners[0])) {
            None => None,
            Some(Ok(Line::Throughput(throughput))) => Some(throughput),
            Some(Ok(_)) => return Err(listeners[0].failure("expected its throughput")),
            Some(Err(failure)) => return Err(failure),
        };
        // The flood goes on until then: dropped, they end.
        Ok(Answers { trips, flood })
    }
}

fn next_line(process: &mut Process) -> Result<Line, Failure> {
    let text = process.next_line()?;
    Line::parse(&text).map_err(|error| process.failure(&error))
}

fn table(outcomes: &[Outcome<Subject, Answers>]) -> Table {
    let mut table = Table::new(&["", "flood, messages/s", "trips", "p50", "p99", "max"]);
    for outcome in outcomes {
        let mut cells = vec![outcome.subject.arrangement.name().to_owned()];
        let flood = outcome.spread(|answers| {
            let flood = answers.flood.as_ref();
            flood.map_or(0.0, Throughput::messages_per_second)
        });
        let trips = outcome.spread(|answers| answers.trips.trips as f64);
        let (p50, p99, max) = (
            outcome.spread(Answers::p50),
            outcome.spread(Answers::p99),
            outcome.spread(Answers::max),
        );
        if let (Some(flood), Some(trips), Some(p50), Some(p99), Some(max)) =
            (flood, trips, p50, p99, max)
        {
            cells.push(compare::amount(flood.median));
            cells.push(compare::amount(trips.median));
            cells.extend([p50.median, p99.median, max.max].map(|figure| format!("{figure:.1}")));
        } else {
            cells.push("failed".to_owned());
        }
        table.row(cells);
    }
    table
}

fn judge(outcomes: &[Outcome<Subject, Answers>]) {
    println!();
    for outcome in outcomes.iter().filter(|outcome| outcome.subject.flooded) {
        let Some(p99) = outcome.spread(Answers::p99) else {
            continue;
        };
        let met = if p99.median <= GOAL_MICROSECONDS {
            "met"
        } else {
            "missed"
        };
        println!(
            "goal: p99 beside the flood at most {GOAL_MICROSECONDS} µs, {}: {met}, {:.1} µs",
            outcome.subject.arrangement.name(),
            p99.median
        );
    }
}

/// Writes down what came out and gives the failures.
fn record(
    mut recorder: Recorder,
    outcomes: &[Outcome<Subject, Answers>],
    bound: u64,
) -> Vec<Failure> {
    let everybody = format!("Queues of {bound} messages; TCP_NODELAY; mimalloc.");
    recorder.settings("everybody", everybody);
    type Percentile = fn(&Answers) -> f64;
    let percentiles: [(&str, Percentile); 3] = [
        ("p50", Answers::p50),
        ("p99", Answers::p99),
        ("max", Answers::max),
    ];
    for outcome in outcomes {
        let flooded = if outcome.subject.flooded {
            "flooded"
        } else {
            "calm"
        };
        let setup = Setup {
            transport: Some("tcp".to_owned()),
            size_bytes: Some(SIZE_BYTES as u64),
            also: Some(format!("{}, {flooded}", outcome.subject.arrangement.name())),
            ..Setup::default()
        };
        for (name, of) in percentiles {
            let trip = Figure {
                name,
                unit: "µs",
                better: Better::Less,
            };
            recorder.record("treewire", "round trip", &setup, trip, outcome, of);
        }
    }
    recorder.finish(compare::failures(outcomes))
}

impl Answers {
    fn p50(&self) -> f64 {
        self.trips.median_nanoseconds as f64 / 1e3
    }

    fn p99(&self) -> f64 {
        self.trips.p99_nanoseconds as f64 / 1e3
    }

    fn max(&self) -> f64 {
        self.trips.max_nanoseconds as f64 / 1e3
    }
}

/// Plays the sockets of one process.
fn play(errand: Play) -> ExitCode {
    let played = treewire::run(async move {
        let node = Node::builder("bench").start().await?;
        let bound = Bound::messages(errand.bound);
        let measured = Duration::from_secs_f64(errand.seconds);
        let mut asking = None;
        if let Some(place) = &errand.pull {
            let pull = Pull::new("pull").listen(place).receive_bound(bound);
            let pull = node.spawn(pull).await?;
            Line::Listening(pull.endpoints()[0].to_string()).print();
            actix_rt::spawn(drain(pull, measured));
        }
        if let Some(place) = &errand.rep {
            let rep = node.spawn(Rep::new("rep").listen(place)).await?;
            Line::Listening(rep.endpoints()[0].to_string()).print();
            actix_rt::spawn(answer(rep));
        }
        if let Some(place) = &errand.push {
            let push = Push::new("push").dial(place).send_bound(bound);
            actix_rt::spawn(flood(node.spawn(push).await?));
        }
        if let Some(place) = &errand.req {
            let req = node.spawn(Req::new("req").dial(place)).await?;
            asking = Some(actix_rt::spawn(ask(req, measured)));
        }
        if let Some(asking) = asking {
            Line::RoundTrip(asking.await??).print();
        }
        // Whoever started this process ends it.
        std::future::pending::<treewire::Result<()>>().await
    });
    if let Err(error) = played {
        eprintln!("{error}");
    }
    ExitCode::FAILURE
}

async fn flood(push: PushSocket) -> treewire::Result<()> {
    let payload = [7; SIZE_BYTES];
    loop {
        push.send(payload.as_slice()).await?;
    }
}

/// Says how fast they came, and takes what comes after that as well.
async fn drain(pull: PullSocket, measured: Duration) -> treewire::Result<()> {
    if pull.recv().await?.is_none() {
        return Ok(());
    }
    let begun = Instant::now();
    let mut messages = 1;
    let mut told = false;
    while pull.recv().await?.is_some() {
        messages += 1;
        // The clock costs as much as a message.
        if !told && messages % 64 == 0 && begun.elapsed() >= measured {
            told = true;
            let throughput = Throughput {
                messages,
                bytes: messages * SIZE_BYTES as u64,
                nanoseconds: begun.elapsed().as_nanos() as u64,
            };
            Line::Throughput(throughput).print();
        }
    }
    Ok(())
}

async fn answer(rep: RepSocket) -> treewire::Result<()> {
    while let Some(request) = rep.recv().await? {
        let content = request.content().clone();
        request.reply(content);
    }
    Ok(())
}

async fn ask(req: ReqSocket, measured: Duration) -> treewire::Result<RoundTrip> {
    let payload = [7; SIZE_BYTES];
    let mut trips = Histogram::<u64>::new(3)?;
    let begun = Instant::now();
    let mut asked = begun;
    while asked - begun < WARM_UP + measured {
        req.request(payload.as_slice()).await?;
        let answered = Instant::now();
        if asked - begun >= WARM_UP {
            trips.record((answered - asked).as_nanos() as u64)?;
        }
        asked = answered;
    }
    Ok(RoundTrip {
        trips: trips.len(),
        total_nanoseconds: measured.as_nanos() as u64,
        median_nanoseconds: trips.value_at_quantile(0.5),
        p90_nanoseconds: trips.value_at_quantile(0.9),
        p99_nanoseconds: trips.value_at_quantile(0.99),
        p999_nanoseconds: trips.value_at_quantile(0.999),
        max_nanoseconds: trips.max(),
    })
}

#[derive(Parser)]
#[command(about = "Measures round trips beside a flood. See benches/README.md.")]
struct Options {
    /// Rounds; each arrangement is measured once in each, with the flood and without.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Messages that the push and the pull may queue; the default is that of sockets.
    #[arg(long, default_value_t = 1_000, value_name = "MESSAGES")]
    bound: u64,
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
    /// To be a process with these sockets.
    #[command(hide = true)]
    Play(Play),
}

/// The sockets of one process, each with where it listens or what it dials.
#[derive(Args, Clone, Default)]
struct Play {
    #[arg(long)]
    pull: Option<String>,
    #[arg(long)]
    rep: Option<String>,
    #[arg(long)]
    push: Option<String>,
    #[arg(long)]
    req: Option<String>,
    #[arg(long)]
    seconds: f64,
    #[arg(long)]
    bound: u64,
}

impl Play {
    fn to_arguments(&self) -> Vec<String> {
        let sockets = [
            ("pull", &self.pull),
            ("rep", &self.rep),
            ("push", &self.push),
            ("req", &self.req),
        ];
        let places = sockets
            .into_iter()
            .filter_map(|(name, place)| Some(format!("--{name}={}", place.as_ref()?)));
        let figures = [
            format!("--seconds={}", self.seconds),
            format!("--bound={}", self.bound),
        ];
        ["play".to_owned()]
            .into_iter()
            .chain(places)
            .chain(figures)
            .collect()
    }
}
