//! Errands of this repository.
//!
//! `cargo xtask bench` runs every bench beside its rivals and writes `docs/figures.md` with its data and its plots;
//! `cargo xtask page` makes the page from the data again.

mod budget;
mod children;
mod data;
mod options;
mod page;
mod plan;
mod plot;
mod progress;
mod run;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use options::{BenchOptions, Errand, Options};

/// Why an errand was not done, for whoever reads it.
type Failure = String;

fn main() -> ExitCode {
    let done = match Options::parse().errand {
        Errand::Bench(options) => bench(&options),
        Errand::Page { folder } => write_page(&folder.unwrap_or_else(docs)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, and writes the page with whatever was measured, also when something failed.
fn bench(options: &BenchOptions) -> Result<(), Failure> {
    let folder = options.folder(root());
    let steps = plan::steps(options, &plan::benches(root())?)?;
    let measured = run::run(&steps, &data::folder(&folder)?);
    write_page(&folder)?;
    measured
}

fn write_page(folder: &Path) -> Result<(), Failure> {
    let reports = data::read(folder)?;
    data::remove_plots(folder)?;
    for (name, svg) in plot::plots(&reports)? {
        data::write(&data::folder(folder)?.join(name), &svg)?;
    }
    let page = folder.join("figures.md");
    data::write(&page, &page::page(&reports)?)?;
    println!("{}", page.display());
    Ok(())
}

/// The repository.
fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

fn docs() -> PathBuf {
    root().join("docs")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody writes figures by hand. After a change of the page's own text: `cargo xtask page`.
    #[test]
    fn the_page_in_the_guide_is_made_of_the_data_beside_it() {
        let page = std::fs::read_to_string(docs().join("figures.md")).unwrap();
        let reports = data::read(&docs()).unwrap();
        assert_eq!(page, page::page(&reports).unwrap());
        for (name, svg) in plot::plots(&reports).unwrap() {
            let plot = docs().join("figures").join(name);
            assert_eq!(std::fs::read_to_string(plot).unwrap(), svg);
        }
    }
}
