use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use treewire_bench_roles::Task;

use super::{
    Failure, Participant, ReportOptions, TYPED, Transport, rivals, treewire, treewire_typed,
};

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
    /// What carries the messages, of push_pull, delivery and round_trip; may be repeated. [default: tcp]
    #[arg(long = "transport", value_enum)]
    transports: Vec<Transport>,
    /// Pushes that send to one pull, each in a process of its own, of push_pull; may be repeated. [default: 1]
    #[arg(long = "connections", value_parser = clap::value_parser!(u32).range(1..))]
    connections: Vec<u32>,
    /// Questions under way at any time, of round_trip; may be repeated. [default: 1]
    #[arg(long = "in-flight", value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: Vec<u32>,
    /// Messages each side may queue, unless 16 MiB of payload are fewer.
    #[arg(long, default_value_t = 100_000, value_name = "MESSAGES")]
    pub(crate) bound: usize,
    /// Subscribers of one publisher, where there is one; may be repeated. [default: those of the bench]
    #[arg(long, value_name = "SUBSCRIBERS", value_parser = clap::value_parser!(u64).range(1..))]
    subscribers: Vec<u64>,
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
#[derive(Clone, Subcommand)]
enum Errand {
    /// To be Treewire's process.
    #[command(hide = true, subcommand)]
    Role(Task),
    /// The same with typed messages.
    #[command(hide = true, subcommand)]
    TypedRole(Task),
}

impl Options {
    /// What this process is to do, if the bench started it for that.
    pub(crate) fn played(&self) -> Option<ExitCode> {
        match self.errand.clone()? {
            Errand::Role(task) => Some(treewire_bench_roles::play(task, treewire::act)),
            Errand::TypedRole(task) => Some(treewire_bench_roles::play(task, treewire_typed::act)),
        }
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

    /// The transports asked for, or `tcp`.
    pub(crate) fn transports(&self) -> Vec<Transport> {
        or_default(&self.transports, Transport::Tcp)
    }

    /// The numbers of connections asked for, or one.
    pub(crate) fn connections(&self) -> Vec<u32> {
        or_default(&self.connections, 1)
    }

    /// The numbers of questions under way asked for, or one.
    pub(crate) fn in_flight(&self) -> Vec<u32> {
        or_default(&self.in_flight, 1)
    }

    /// `participants` with Treewire once more, behind itself, with typed messages, if that is wanted.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub(crate) fn with_typed(
        &self,
        participants: &[Participant],
    ) -> Result<Vec<Participant>, Failure> {
        let mut participants = participants.to_vec();
        if self.only.is_empty() || self.only.iter().any(|only| TYPED.contains(only.as_str())) {
            participants.insert(participants.len().min(1), Participant::typed()?);
        }
        Ok(participants)
    }

    /// The numbers of subscribers asked for, or the bench's own.
    pub(crate) fn subscribers(&self, default: &[usize]) -> Vec<usize> {
        if self.subscribers.is_empty() {
            default.to_vec()
        } else {
            self.subscribers.iter().map(|&one| one as usize).collect()
        }
    }

    /// Treewire and every rival that can be built here; who cannot is told on standard error.
    ///
    /// # Errors
    /// Nobody is left.
    pub(crate) fn participants(&self) -> Result<Vec<Participant>, Failure> {
        super::participants(rivals::OF_SOCKETS, &self.only)
    }

    /// The same of those that publish to many.
    ///
    /// # Errors
    /// Nobody is left.
    pub(crate) fn publishers(&self) -> Result<Vec<Participant>, Failure> {
        super::participants(rivals::OF_PUBLISHERS, &self.only)
    }
}

fn or_default<T: Clone>(asked: &[T], default: T) -> Vec<T> {
    if asked.is_empty() {
        vec![default]
    } else {
        asked.to_vec()
    }
}
