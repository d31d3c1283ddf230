use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use treewire_bench_report::{Better, Figures, Report, Series, Settings, Setup, Side};

use super::{Failure, Outcome, is_treewire, machine};

/// Where the results go, besides the tables.
#[derive(Args)]
pub(crate) struct ReportOptions {
    /// Also write the results to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl ReportOptions {
    /// A report of this bench, which has no figures yet.
    pub(crate) fn recorder(&self, question: &str) -> Recorder {
        Recorder {
            file: self.json.clone(),
            report: Report {
                bench: env!("CARGO_CRATE_NAME").to_owned(),
                question: question.to_owned(),
                machine: machine::machine(),
                date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
                command: command(),
                settings: Vec::new(),
                series: Vec::new(),
                failures: Vec::new(),
            },
        }
    }
}

/// What is measured, and how it is to be read.
#[derive(Clone, Copy)]
pub(crate) struct Figure {
    /// `throughput`, `p99`.
    pub(crate) name: &'static str,
    /// `messages/s`, `µs`.
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
}

/// Collects a bench's results and writes them where the command line wants them.
pub(crate) struct Recorder {
    file: Option<PathBuf>,
    report: Report,
}

impl Recorder {
    /// Notes how `of` was set up: a participant, or `everybody`.
    pub(crate) fn settings(&mut self, of: &str, text: impl Into<String>) {
        let (of, text) = (of.to_owned(), text.into());
        self.report.settings.push(Settings { of, text });
    }

    /// Notes a figure of `participant`, unless its runs failed.
    pub(crate) fn record<S, R>(
        &mut self,
        participant: &str,
        case: &str,
        setup: &Setup,
        figure: Figure,
        outcome: &Outcome<S, R>,
        of: impl Fn(&R) -> f64,
    ) {
        let Ok(runs) = &outcome.runs else { return };
        let Some(figures) = Figures::of(runs.iter().map(of)) else {
            return;
        };
        self.report.series.push(Series {
            participant: participant.to_owned(),
            side: side(participant),
            case: case.to_owned(),
            setup: setup.clone(),
            figure: figure.name.to_owned(),
            unit: figure.unit.to_owned(),
            better: figure.better,
            figures,
        });
    }

    /// Writes the report, with the failures of the bench, and gives them back with its own.
    pub(crate) fn finish(mut self, mut failures: Vec<Failure>) -> Vec<Failure> {
        self.report.failures.clone_from(&failures);
        if let Some(file) = &self.file {
            failures.extend(self.report.write(file).err());
        }
        failures
    }
}

/// By the name, which says it: `treewire, typed`, `bare tokio`.
fn side(participant: &str) -> Side {
    match participant {
        name if is_treewire(name) => Side::Ours,
        name if name.starts_with("bare") => Side::Bare,
        _ => Side::Peer,
    }
}

/// As one would type it; where the report goes is left out.
fn command() -> String {
    let mut command = format!("cargo bench --bench {}", env!("CARGO_CRATE_NAME"));
    let mut arguments = std::env::args().skip(1);
    let mut separated = false;
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--bench" => continue,
            "--json" => {
                arguments.next();
                continue;
            }
            other if other.starts_with("--json=") => continue,
            _ => {}
        }
        if !separated {
            command += " --";
            separated = true;
        }
        command += " ";
        command += &argument;
    }
    command
}
