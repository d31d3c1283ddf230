use std::time::Duration;

use clap::{Parser, Subcommand};
use treewire_bench_roles::Role;

use super::rivals;
use super::{Participant, ReportOptions};

/// The command line of a comparing bench.
#[derive(Parser)]
#[command(about = "Measures Treewire beside its rivals. See benches/README.md.")]
pub(crate) struct Options {
    /// Rounds; every participant runs once in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: u16,
    /// Seconds of traffic in one run, about.
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Bytes in one payload; may be repeated. [default: those of the bench]
    #[arg(long = "size", value_name = "BYTES")]
    sizes_bytes: Vec<usize>,
    /// Messages each side may queue, unless 16 MiB of payload are fewer.
    #[arg(long, default_value_t = 100_000, value_name = "MESSAGES")]
    pub(crate) bound: usize,
    /// Only participants whose name contains this; may be repeated.
    #[arg(long = "only", value_name = "NAME")]
    only: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportOptions,
    /// What `cargo bench` adds and `cargo test` does not.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    errand: Option<Errand>,
}

/// Why a bench starts itself again.
#[derive(Subcommand)]
enum Errand {
    /// To be a participant's process.
    #[command(hide = true, subcommand)]
    Role(Role),
}

impl Options {
    /// The role this process is to play, if the bench started it for that.
    pub(crate) fn role(&self) -> Option<&Role> {
        let Errand::Role(role) = self.errand.as_ref()?;
        Some(role)
    }

    /// Whether `cargo test` started this and wants to know only that it starts.
    pub(crate) fn only_tested(&self) -> bool {
        !self.bench
    }

    /// The traffic of one run.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.max(0.01))
    }

    /// The payload sizes asked for, or the bench's own.
    pub(crate) fn sizes_bytes(&self, default: &[usize]) -> Vec<usize> {
        if self.sizes_bytes.is_empty() {
            default.to_vec()
        } else {
            self.sizes_bytes.clone()
        }
    }

    /// Treewire and every rival that can be built here; who cannot is told on standard error.
    ///
    /// # Errors
    /// Nobody is left.
    pub(crate) fn participants(&self) -> Result<Vec<Participant>, super::Failure> {
        super::participants(rivals::OF_SOCKETS, &self.only)
    }
}
