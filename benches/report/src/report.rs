use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Series;

/// Everything that one run of one bench gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The bench's name, as `cargo bench --bench` takes it.
    pub bench: String,
    /// What it answers, ending in a question mark.
    pub question: String,
    /// Where it ran.
    pub machine: Machine,
    /// When it began, in UTC, as RFC 3339 with seconds.
    pub date: String,
    /// The command that repeats it.
    pub command: String,
    /// What everybody ran with, and what somebody ran with alone.
    pub settings: Vec<Settings>,
    /// The figures, in the order of the bench's tables.
    pub series: Vec<Series>,
    /// Who gave no figure, and why.
    pub failures: Vec<String>,
}

/// The machine, and how busy it was before the bench began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// CPUs that this process may use.
    pub cpus: usize,
    /// Their model, or `unknown model`.
    pub model: String,
    /// The kernel and its release: `Linux 6.1.0`.
    pub system: String,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: String,
}

/// How somebody was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// A participant, or `everybody`.
    pub of: String,
    /// Sentences.
    pub text: String,
}

impl Report {
    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// The file cannot be read, or is no report; the text names it.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| told(file, error))?;
        serde_json::from_str(&text).map_err(|error| told(file, error))
    }

    /// Writes JSON with one series a line, so that a new run is a short difference.
    ///
    /// # Errors
    /// The file cannot be written; the text names it.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        fs::write(file, self.to_json()).map_err(|error| told(file, error))
    }

    fn to_json(&self) -> String {
        let head = Report {
            series: Vec::new(),
            ..self.clone()
        };
        let head = serde_json::to_string_pretty(&head).expect("numbers and text always serialize");
        let series = self.series.iter().map(|series| {
            let line = serde_json::to_string(series).expect("numbers and text always serialize");
            format!("\n    {line}")
        });
        let series = series.collect::<Vec<_>>().join(",");
        let empty = "\"series\": []";
        let full = format!("\"series\": [{series}\n  ]");
        // Keys are never text of somebody else, and quotes in text are escaped: this matches once.
        head.replacen(empty, &full, 1) + "\n"
    }
}

fn told(file: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Better, Figures, Setup, Side};

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let series = |size_bytes| Series {
            participant: "\"series\": []".to_owned(),
            side: Side::Peer,
            case: "push/pull".to_owned(),
            setup: Setup {
                size_bytes: Some(size_bytes),
                ..Setup::default()
            },
            figure: "throughput".to_owned(),
            unit: "messages/s".to_owned(),
            better: Better::More,
            figures: Figures::of([3.0, 1.0]).unwrap(),
        };
        let report = Report {
            bench: "push_pull".to_owned(),
            question: "How \"series\": [] many?".to_owned(),
            machine: Machine::default(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            command: "cargo bench".to_owned(),
            settings: vec![Settings {
                of: "everybody".to_owned(),
                text: "alike".to_owned(),
            }],
            series: vec![series(16), series(1024)],
            failures: vec!["nobody".to_owned()],
        };
        let json = report.to_json();
        let read: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(read, report);
        let lines = json.lines().filter(|line| line.contains("\"rounds\""));
        assert_eq!(lines.count(), 2, "{json}");
    }
}
