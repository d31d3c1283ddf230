//! What do a message, a question and a child cost, beside stock actix, ractor and kameo?
//!
//! `cargo bench --bench actors`; in under a minute: `cargo bench --bench actors -- --quick`; one case:
//! `cargo bench --bench actors -- --case ask-same --rounds 9 --seconds 2`.

mod compare;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand, ValueEnum};
use compare::rivals::{self, STOCK_ACTIX};
use compare::{
    Better, Failure, Figure, Goal, Outcome, Participant, Process, Recorder, ReportOptions, Setup,
    Table, TreewireActors, Verdict,
};
use treewire_bench_cases::{Case, Order, QUEUED_MESSAGES_MAX, Report};

const QUESTION: &str = "What do a message, a question and a child cost?";
/// Far beyond any run; a process that is not done by then hangs.
const DEADLINE: Duration = Duration::from_secs(600);

/// The goals of messages and questions.
const BESIDE_OTHERS: &[Goal] = &[Goal::TimesStockActix(1.1), Goal::LessThanOthers];

/// A case as the tables tell it.
struct Question {
    case: Case,
    title: &'static str,
    /// What is judged: less is better. The first of the columns.
    figure: Column,
    others: &'static [Column],
    goals: &'static [Goal],
    /// Where children are measured.
    children: Option<Children>,
}

struct Column {
    heading: &'static str,
    unit: &'static str,
    of: fn(&Report) -> f64,
}

/// How many children take part: with `--quick`, and else.
struct Children {
    quick: usize,
    full: usize,
}

const NANOSECONDS: Column = Column {
    heading: "ns each",
    unit: "ns",
    of: Report::nanoseconds_each,
};
const BYTES: Column = Column {
    heading: "bytes each",
    unit: "B",
    of: Report::bytes_each,
};
const STOP_NANOSECONDS: Column = Column {
    heading: "ns a stop",
    unit: "ns",
    of: Report::stop_nanoseconds_each,
};
const SECONDS: Column = Column {
    heading: "s in all",
    unit: "s",
    of: |report| (report.nanoseconds + report.stop_nanoseconds) as f64 / 1e9,
};
const PEAK_MEBIBYTES: Column = Column {
    heading: "peak MiB",
    unit: "MiB",
    of: |report| report.bytes as f64 / f64::from(1 << 20),
};
const STARTS: Option<Children> = Some(Children {
    quick: 10_000,
    full: 10_000,
});

const QUESTIONS: &[Question] = &[
    Question::of_messages(
        Case::TellSame,
        "tell, same thread: bursts of 64, each handled before the next",
    ),
    Question::of_messages(
        Case::TellOther,
        "tell, from another thread: end to end, 256 told while 256 are handled",
    ),
    Question::of_messages(Case::AskSame, "ask, same thread: one at a time"),
    Question::of_messages(Case::AskOther, "ask, from another thread: one at a time"),
    Question::of_messages(Case::AskMany, "ask, from another thread: 64 under way"),
    Question {
        case: Case::Spawn,
        title: "spawn, one after another: from the call until it is ready",
        figure: NANOSECONDS,
        others: &[],
        goals: &[],
        children: STARTS,
    },
    Question {
        case: Case::SpawnTogether,
        title: "spawn, together: from the first call until all are ready",
        figure: NANOSECONDS,
        others: &[],
        goals: &[Goal::AtMost(3_000.0, "3,000 ns a child")],
        children: STARTS,
    },
    Question {
        case: Case::Memory,
        title: "memory of an idle child with one address: growth of the process",
        figure: BYTES,
        others: &[],
        goals: &[Goal::AtMost(2_048.0, "2,048 bytes a child")],
        children: Some(Children {
            quick: 30_000,
            full: 100_000,
        }),
    },
    Question {
        case: Case::Lives,
        title: "lives: started, all alive, then stopped in reverse order, one by one",
        figure: Column {
            heading: "ns a start",
            unit: "ns",
            of: Report::nanoseconds_each,
        },
        others: &[STOP_NANOSECONDS, SECONDS, PEAK_MEBIBYTES],
        goals: &[],
        children: Some(Children {
            quick: 30_000,
            full: 1_000_000,
        }),
    },
];

impl Question {
    const fn of_messages(case: Case, title: &'static str) -> Self {
        Question {
            case,
            title,
            figure: NANOSECONDS,
            others: &[],
            goals: BESIDE_OTHERS,
            children: None,
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Errand::Role(order)) = &options.errand {
        return treewire_bench_cases::play::<TreewireActors>(order);
    }
    if !options.bench {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    let failures = match compare::participants(rivals::OF_ACTORS, &options.only) {
        Ok(participants) => bench(&options, &participants),
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

fn bench(options: &Options, participants: &[Participant]) -> Vec<Failure> {
    println!("{}", compare::describe_machine());
    println!(
        "rounds: {}, interleaved, a process for each run; messages for about {:?} a run; actors on one thread; mimalloc; \
         link-time optimized",
        options.rounds(),
        options.duration(),
    );
    println!(
        "mailboxes: treewire and kameo 1,024 messages, of which {QUEUED_MESSAGES_MAX} are used at most; the others without bound"
    );
    let mut recorder = options.report.recorder(QUESTION);
    let everybody = "Actors on one thread; a process for each run; mimalloc; link-time optimized.";
    compare::record_settings(&mut recorder, everybody, participants);
    compare::expect_tables(options.questions().count());
    let mut goals = Table::new(&["goal", "it is", ""]);
    let mut failures = Vec::new();
    for question in options.questions() {
        let order = options.order(question);
        match question.children {
            Some(_) => println!("\n{}; {} children", question.title, order.children),
            None => println!("\n{}", question.title),
        }
        let ready = |_: &Participant| Ok(());
        let outcomes =
            compare::interleave(participants, options.rounds(), ready, |participant, ()| {
                run(participant, &order)
            });
        print!("{}", table(question, &outcomes));
        for goal in question.goals {
            goals.row(judged(order.case, *goal, question.figure.of, &outcomes));
        }
        failures.extend(compare::failures(&outcomes));
        record(&mut recorder, question, &order, &outcomes);
    }
    print!("\n{goals}");
    recorder.finish(failures)
}

fn record(
    recorder: &mut Recorder,
    question: &Question,
    order: &Order,
    outcomes: &[Outcome<Participant, Report>],
) {
    let case = name(order.case);
    let setup = Setup {
        also: question
            .children
            .as_ref()
            .map(|_| format!("{} children", order.children)),
        ..Setup::default()
    };
    for column in std::iter::once(&question.figure).chain(question.others) {
        let figure = Figure {
            name: column.heading,
            unit: column.unit,
            better: Better::Less,
        };
        for outcome in outcomes {
            recorder.record(
                outcome.subject.name,
                &case,
                &setup,
                figure,
                outcome,
                column.of,
            );
        }
    }
}

fn run(participant: &Participant, order: &Order) -> Result<Report, Failure> {
    let deadline = Instant::now() + DEADLINE;
    let mut process = Process::start(participant, &order.to_arguments(), deadline)?;
    let line = process.next_line()?;
    let report = Report::parse(&line).map_err(|error| process.failure(&error))?;
    process.finish()?;
    Ok(report)
}

fn table(question: &Question, outcomes: &[Outcome<Participant, Report>]) -> Table {
    let stock = compare::of(outcomes, STOCK_ACTIX)
        .and_then(|outcome| outcome.spread(question.figure.of))
        .map(|spread| spread.median);
    let mut headings = vec![
        "",
        question.figure.heading,
        "min",
        "max",
        "it / stock actix",
    ];
    headings.extend(question.others.iter().map(|column| column.heading));
    let mut table = Table::new(&headings);
    for outcome in outcomes {
        let name = outcome.subject.name.to_owned();
        let Some(spread) = outcome.spread(question.figure.of) else {
            table.row([name, "failed".to_owned()]);
            continue;
        };
        let ratio = stock.map_or_else(
            || "-".to_owned(),
            |stock| format!("{:.2}", spread.median / stock),
        );
        let figures = [spread.median, spread.min, spread.max].map(compare::amount);
        let others = question
            .others
            .iter()
            .filter_map(|column| outcome.spread(column.of));
        table.row(
            [name]
                .into_iter()
                .chain(figures)
                .chain([ratio])
                .chain(others.map(|spread| compare::amount(spread.median))),
        );
    }
    table
}

fn judged(
    case: Case,
    goal: Goal,
    figure: impl Fn(&Report) -> f64,
    outcomes: &[Outcome<Participant, Report>],
) -> [String; 3] {
    let goal_text = format!("{}: {goal}", name(case));
    match goal.judge(outcomes, figure) {
        Some(Verdict { figure, met }) => {
            let verdict = if met { "met" } else { "not met" };
            [goal_text, goal.tell(figure), verdict.to_owned()]
        }
        None => [goal_text, "-".to_owned(), "not judged".to_owned()],
    }
}

/// As `--case` takes it.
fn name(case: Case) -> String {
    let value = case.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

#[derive(Parser)]
#[command(about = "Measures Treewire's actors beside those of others. See benches/README.md.")]
struct Options {
    /// Under a minute in all: fewer and shorter rounds, fewer children. The figures are rough.
    #[arg(long)]
    quick: bool,
    /// Rounds; every participant runs once in each. [default: 5, quick: 3]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Seconds of one run, where messages are measured. [default: 1, quick: 0.1]
    #[arg(long)]
    seconds: Option<f64>,
    /// Children of one run, where children are measured. [default: 10,000; memory 100,000; lives 1,000,000]
    #[arg(long)]
    children: Option<usize>,
    /// Only this case; may be repeated.
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<Case>,
    /// Only participants whose name contains this; may be repeated.
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
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
    /// To be Treewire's process.
    #[command(hide = true)]
    Role(Order),
}

impl Options {
    fn rounds(&self) -> u16 {
        self.rounds.unwrap_or(if self.quick { 3 } else { 5 })
    }

    fn duration(&self) -> Duration {
        let seconds = self.seconds.unwrap_or(if self.quick { 0.1 } else { 1.0 });
        Duration::from_secs_f64(seconds.max(0.01))
    }

    fn questions(&self) -> impl Iterator<Item = &'static Question> {
        let wanted =
            |question: &&Question| self.cases.is_empty() || self.cases.contains(&question.case);
        QUESTIONS.iter().filter(wanted)
    }

    fn order(&self, question: &Question) -> Order {
        let default = question.children.as_ref().map_or(0, |children| {
            if self.quick {
                children.quick
            } else {
                children.full
            }
        });
        Order {
            case: question.case,
            milliseconds: self.duration().as_millis() as u64,
            children: self.children.unwrap_or(default),
        }
    }
}
