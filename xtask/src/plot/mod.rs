//! Plots as SVG, with a background of their own, so that they are read on light and on dark pages. Pure.

mod axes;
mod chart;
mod curves;
mod look;

use treewire_bench_report::Report;

use crate::Failure;

/// A plot's file name, which begins with its bench, and its SVG.
pub(crate) type Plot = (String, String);

/// Every plot that the reports have data for.
pub(crate) fn plots(reports: &[Report]) -> Result<Vec<Plot>, Failure> {
    let mut plots = Vec::new();
    for report in reports {
        for chart in curves::charts(report) {
            plots.push((chart.file.clone(), chart.draw()?));
        }
    }
    Ok(plots)
}
