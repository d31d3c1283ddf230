//! The page of figures, in Markdown, made of reports alone. Pure.

mod amount;
mod budgets;
mod question;
mod tables;

pub(crate) use amount::{amount, bytes};
use treewire_bench_report::Report;

use crate::{Failure, plot};

const HEAD: &str = "\
# Figures

What Treewire costs beside those one would otherwise take, measured on one machine. `cargo xtask bench` repeats it where you are, in about an hour, \
and writes this page; with `--quick` it takes five minutes, and the figures are rough. The data is in `figures/`, \
with the value of every round.

";

const HOW_TO_READ: &str = "\
- **Everybody runs in every round**, in turn, so that a noisy minute hits all alike. A figure is the median over the rounds, and what follows it in brackets \
are the least and the greatest.
- **`treewire / it`** divides the medians. Trust a difference only when it is larger than the spread.
- **Peers** do what Treewire does. **Bare** sockets have no queue and no framing; they are what lies below.

";

/// The whole page. Without reports it says so.
pub(crate) fn page(reports: &[Report]) -> Result<String, Failure> {
    let mut page = HEAD.to_owned();
    if reports.is_empty() {
        page += "Nothing has been measured yet.\n";
        return Ok(page);
    }
    page += HOW_TO_READ;
    page += "## Budgets\n\nWhat the design allows, and what it is.\n\n";
    page += &budgets::table(reports);
    let plots = plot::plots(reports)?;
    for report in reports {
        let prefix = format!("{}-", report.bench);
        let own = plots.iter().filter(|(name, _)| name.starts_with(&prefix));
        page += "\n";
        page += &question::section(report, own.map(|(name, _)| &**name));
    }
    Ok(page)
}
