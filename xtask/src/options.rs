use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

/// The command line.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Errands of this repository."
)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) errand: Errand,
}

#[derive(Subcommand)]
pub(crate) enum Errand {
    /// Run every bench beside its rivals and write the page of figures, its data and its plots. Ctrl-C ends it.
    Bench(BenchOptions),
    /// Write the page and the plots again from the data, without measuring.
    Page {
        /// Where `figures/` with the data lies. [default: docs]
        folder: Option<PathBuf>,
    },
}

#[derive(Args, Default)]
pub(crate) struct BenchOptions {
    /// About five minutes instead of an hour: fewer and shorter rounds, fewer sizes. The figures are rough.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only this bench; may be repeated. What others gave before stays on the page.
    #[arg(long = "only", value_name = "BENCH")]
    pub(crate) only: Vec<String>,
    /// Rounds of each comparison. [default: that of the bench; quick: 2]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: Option<u16>,
    /// Seconds of one run, about. [default: that of the bench; quick: 0.2]
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Where `figures.md` and `figures/` go. [default: docs; quick: target/figures]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
}

impl BenchOptions {
    /// Rough figures do not end up in the guide unless told to.
    pub(crate) fn folder(&self, root: &Path) -> PathBuf {
        let default = if self.quick { "target/figures" } else { "docs" };
        self.output.clone().unwrap_or_else(|| root.join(default))
    }
}
