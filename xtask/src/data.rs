//! The data of the page: `figures/NAME.json` beside `figures.md`, one file a bench, in the repository with the page.

use std::fs;
use std::path::{Path, PathBuf};

use treewire_bench_report::Report;

use crate::{Failure, plan};

/// Where data and plots lie; made if it is not there.
pub(crate) fn folder(output: &Path) -> Result<PathBuf, Failure> {
    let folder = output.join("figures");
    let made = fs::create_dir_all(&folder);
    made.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// Every report there is, in the order of the plan.
pub(crate) fn read(output: &Path) -> Result<Vec<Report>, Failure> {
    let Ok(entries) = fs::read_dir(output.join("figures")) else {
        return Ok(Vec::new());
    };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_data = |file: &PathBuf| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    };
    let reports: Result<Vec<_>, _> = files
        .filter(is_data)
        .map(|file| Report::read(&file))
        .collect();
    let mut reports = reports?;
    reports.sort_by_key(|report| (plan::place(&report.bench), report.bench.clone()));
    Ok(reports)
}

/// Removes every plot: one that is not drawn any more would stay for ever.
pub(crate) fn remove_plots(output: &Path) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(output.join("figures")) else {
        return Ok(());
    };
    for file in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if file.extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}

pub(crate) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}
