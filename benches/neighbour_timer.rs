//! How late does an actor's 5 ms timer come while its neighbours on the thread are flooded, beside stock actix?
//!
//! `cargo bench --bench neighbour_timer`; with options: `cargo bench --bench neighbour_timer -- --rounds 9 --work-us 20`.

mod compare;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use actix::prelude::*;
use clap::Parser;
use compare::{Better, Failure, Figure, Outcome, Recorder, ReportOptions, Setup, Table};
use tokio::sync::oneshot;
use treewire::{Child, Node};

const QUESTION: &str =
    "How late does an actor's 5 ms timer come while its neighbours on the thread are flooded?";
const TIMER: Duration = Duration::from_millis(5);
/// Messages that each flooded neighbour has in its mailbox at any time. Below Treewire's bound of 1,024.
const IN_FLIGHT: usize = 512;
/// What the design asks for at the most, of whatever percentile.
const GOAL_MILLISECONDS: f64 = 10.0;

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    println!("{}", compare::describe_machine());
    println!(
        "milliseconds by which a 5 ms timer comes late; neighbours on its thread with {IN_FLIGHT} messages each at any time;"
    );
    println!(
        "rounds: {} of {} s, interleaved; percentiles of a round, medians over the rounds; worst: of all rounds; mimalloc\n",
        options.rounds, options.seconds,
    );
    let works = [0, options.work_us].map(Duration::from_micros);
    let floods = [(0, works[0]), (1, works[0]), (1, works[1]), (64, works[1])];
    let subjects: Vec<Subject> = [Kind::Stock, Kind::Treewire]
        .into_iter()
        .flat_map(|kind| {
            floods.map(|(neighbours, work)| Subject {
                kind,
                neighbours,
                work,
            })
        })
        .collect();
    let duration = Duration::from_secs_f64(options.seconds);
    let ready = |_: &Subject| Ok(());
    let outcomes = compare::interleave(&subjects, options.rounds, ready, |subject, ()| {
        subject.measure(duration)
    });
    print!("{}", table(&outcomes));
    let ours = outcomes
        .iter()
        .filter(|outcome| matches!(outcome.subject.kind, Kind::Treewire));
    let worst = ours
        .filter_map(|outcome| Some(outcome.spread(Lateness::p99)?.median))
        .fold(0.0, f64::max);
    let met = if worst <= GOAL_MILLISECONDS {
        "met"
    } else {
        "missed"
    };
    println!("\ngoal: p99 at most {GOAL_MILLISECONDS} ms, {met}: {worst:.2} ms");
    let failures = record(options.report.recorder(QUESTION), &outcomes);
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn table(outcomes: &[Outcome<Subject, Lateness>]) -> Table {
    let mut table = Table::new(&[
        "",
        "flooded neighbours",
        "µs a message",
        "timers",
        "median",
        "p99",
        "worst",
    ]);
    for outcome in outcomes {
        let subject = &outcome.subject;
        let mut cells = vec![
            subject.kind.name().to_owned(),
            subject.neighbours.to_string(),
            subject.work.as_micros().to_string(),
        ];
        let spreads = [
            outcome.spread(Lateness::count),
            outcome.spread(Lateness::median),
            outcome.spread(Lateness::p99),
            outcome.spread(Lateness::worst),
        ];
        match spreads {
            [Some(count), Some(median), Some(p99), Some(worst)] => {
                cells.push(format!("{:.0}", count.median));
                let figures = [median.median, p99.median, worst.max];
                cells.extend(figures.map(|figure| format!("{figure:.2}")));
            }
            _ => cells.push("failed".to_owned()),
        }
        table.row(cells);
    }
    table
}

/// Writes down what came out and gives the failures.
fn record(mut recorder: Recorder, outcomes: &[Outcome<Subject, Lateness>]) -> Vec<Failure> {
    let everybody = format!("{IN_FLIGHT} messages in each neighbour's mailbox; mimalloc.");
    recorder.settings("everybody", everybody);
    type Percentile = fn(&Lateness) -> f64;
    let percentiles: [(&str, Percentile); 3] = [
        ("p50", Lateness::median),
        ("p99", Lateness::p99),
        ("max", Lateness::worst),
    ];
    for outcome in outcomes {
        let subject = &outcome.subject;
        let setup = Setup {
            also: Some(format!(
                "{} neighbours, {} µs a message",
                subject.neighbours,
                subject.work.as_micros()
            )),
            ..Setup::default()
        };
        for (name, of) in percentiles {
            let late = Figure {
                name,
                unit: "ms",
                better: Better::Less,
            };
            recorder.record(subject.kind.name(), "late", &setup, late, outcome, of);
        }
    }
    recorder.finish(compare::failures(outcomes))
}

/// By how many milliseconds the timers of a round came late, in ascending order; at least one.
struct Lateness(Vec<f64>);

impl Lateness {
    fn count(&self) -> f64 {
        self.0.len() as f64
    }

    fn median(&self) -> f64 {
        self.percentile(50)
    }

    fn p99(&self) -> f64 {
        self.percentile(99)
    }

    fn worst(&self) -> f64 {
        self.percentile(100)
    }

    fn percentile(&self, percent: usize) -> f64 {
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

#[derive(Clone, Copy)]
struct Subject {
    kind: Kind,
    neighbours: usize,
    /// What the handling of a message takes.
    work: Duration,
}

#[derive(Clone, Copy)]
enum Kind {
    Stock,
    Treewire,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Stock => "actix::Context",
            Kind::Treewire => "treewire::Context",
        }
    }
}

impl Subject {
    /// Measures fresh actors in a fresh system.
    fn measure(self, duration: Duration) -> Result<Lateness, Failure> {
        let flood = Flood {
            work: self.work,
            ended: Arc::default(),
        };
        let late = treewire::run(async move {
            match self.kind {
                Kind::Stock => self.measure_stock(flood, duration).await,
                Kind::Treewire => self.measure_treewire(flood, duration).await,
            }
        });
        let mut late = late.map_err(|error| error.to_string())?;
        if late.is_empty() {
            return Err("no timer was due: give it more --seconds".to_owned());
        }
        late.sort_by(f64::total_cmp);
        Ok(Lateness(late))
    }

    async fn measure_stock(&self, flood: Flood, duration: Duration) -> treewire::Result<Vec<f64>> {
        let timer = StockTimer(Late::default()).start();
        for _ in 0..self.neighbours {
            let neighbour = StockNeighbour(flood.clone()).start();
            (0..IN_FLIGHT).for_each(|_| neighbour.do_send(Droplet));
        }
        flood.last(duration).await;
        Ok(timer.send(Report).await?)
    }

    async fn measure_treewire(
        &self,
        flood: Flood,
        duration: Duration,
    ) -> treewire::Result<Vec<f64>> {
        let node = Node::builder("bench").start().await?;
        let timer = Child::new("timer", || OurTimer(Late::default()));
        let timer = node.spawn(timer).await?;
        for number in 0..self.neighbours {
            let flood = flood.clone();
            let neighbour = Child::new(format!("{number}"), move || OurNeighbour(flood.clone()));
            let neighbour = node.spawn(neighbour).await?;
            (0..IN_FLIGHT).for_each(|_| neighbour.do_send(Droplet));
        }
        flood.last(duration).await;
        let late = timer.send(Report).await;
        let late = late.map_err(|error| error.to_string())?;
        node.stop().await?;
        Ok(late)
    }
}

/// Each drop is followed by another until the flood has ended.
#[derive(Clone)]
struct Flood {
    work: Duration,
    ended: Arc<AtomicBool>,
}

impl Flood {
    /// Ends it after `duration`, measured on a thread of its own.
    async fn last(&self, duration: Duration) {
        let (end, ended) = oneshot::channel();
        let flag = self.ended.clone();
        thread::spawn(move || {
            thread::sleep(duration);
            flag.store(true, Relaxed);
            end.send(()).ok();
        });
        ended.await.ok();
    }

    fn goes_on(&self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < self.work {}
        !self.ended.load(Relaxed)
    }
}

/// The lateness of timers, each set when the one before has come.
#[derive(Default)]
struct Late {
    milliseconds: Vec<f64>,
    due: Option<Instant>,
}

impl Late {
    fn set(&mut self) {
        self.due = Some(Instant::now() + TIMER);
    }

    fn came(&mut self) {
        let due = self.due.take();
        let late = due.and_then(|due| Instant::now().checked_duration_since(due));
        self.milliseconds
            .extend(late.map(|late| late.as_secs_f64() * 1e3));
    }

    /// One that is overdue counts, too, with what it is late by now.
    fn report(&mut self) -> Vec<f64> {
        self.came();
        self.milliseconds.clone()
    }
}

struct Droplet;

impl Message for Droplet {
    type Result = ();
}

struct Report;

impl Message for Report {
    type Result = Vec<f64>;
}

struct StockTimer(Late);

impl Actor for StockTimer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.0.set();
        context.run_later(TIMER, |this, context| {
            this.0.came();
            this.started(context);
        });
    }
}

impl Handler<Report> for StockTimer {
    type Result = Vec<f64>;

    fn handle(&mut self, _: Report, _: &mut Self::Context) -> Vec<f64> {
        self.0.report()
    }
}

struct StockNeighbour(Flood);

impl Actor for StockNeighbour {
    type Context = Context<Self>;
}

impl Handler<Droplet> for StockNeighbour {
    type Result = ();

    fn handle(&mut self, _: Droplet, context: &mut Self::Context) {
        if self.0.goes_on() {
            context.address().do_send(Droplet);
        }
    }
}

struct OurTimer(Late);

impl Actor for OurTimer {
    type Context = treewire::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.0.set();
        context.run_later(TIMER, |this, context| {
            this.0.came();
            this.started(context);
        });
    }
}

impl Handler<Report> for OurTimer {
    type Result = Vec<f64>;

    fn handle(&mut self, _: Report, _: &mut Self::Context) -> Vec<f64> {
        self.0.report()
    }
}

struct OurNeighbour(Flood);

impl Actor for OurNeighbour {
    type Context = treewire::Context<Self>;
}

impl Handler<Droplet> for OurNeighbour {
    type Result = ();

    fn handle(&mut self, _: Droplet, context: &mut Self::Context) {
        if self.0.goes_on() {
            context.reference().do_send(Droplet);
        }
    }
}

#[derive(Parser)]
#[command(
    about = "Measures how late a timer comes beside flooded neighbours. See benches/README.md."
)]
struct Options {
    /// Rounds; each case is measured once in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Microseconds that the handling of a message takes where it takes any.
    #[arg(long, default_value_t = 2)]
    work_us: u64,
    #[command(flatten)]
    report: ReportOptions,
    /// What `cargo bench` adds and `cargo test` does not.
    #[arg(long, hide = true)]
    bench: bool,
}
