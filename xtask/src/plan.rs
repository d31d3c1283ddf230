use std::path::Path;

use cargo_metadata::{MetadataCommand, TargetKind};

use crate::Failure;
use crate::options::BenchOptions;

/// How a bench is run. One that is not listed runs last, with its own defaults.
struct Known {
    name: &'static str,
    full: &'static [&'static str],
    quick: &'static [&'static str],
    /// About how long it takes compared with the others, to tell the time left.
    weight: f64,
}

const KNOWN: &[Known] = &[
    Known {
        name: "push_pull",
        full: &[
            "--transport=tcp",
            "--transport=ipc",
            "--transport=inproc",
            "--connections=1",
            "--connections=8",
        ],
        quick: &[
            "--transport=tcp",
            "--transport=ipc",
            "--transport=inproc",
            "--size=16",
            "--size=1024",
            "--size=65536",
        ],
        weight: 20.0,
    },
    Known {
        name: "delivery",
        full: &["--rounds=9"],
        quick: &[],
        weight: 1.0,
    },
    Known {
        name: "round_trip",
        full: &[
            "--transport=tcp",
            "--transport=ipc",
            "--transport=inproc",
            "--in-flight=1",
            "--in-flight=64",
        ],
        quick: &["--in-flight=1", "--in-flight=64"],
        weight: 4.0,
    },
    Known {
        name: "fan_out",
        full: &[],
        quick: &[],
        weight: 3.0,
    },
    Known {
        name: "idle",
        full: &[],
        quick: &["--connections=2000", "--alone=2000"],
        weight: 5.0,
    },
    Known {
        name: "actors",
        full: &[],
        quick: &["--quick"],
        weight: 6.0,
    },
    Known {
        name: "pending_timers",
        full: &[],
        quick: &[],
        weight: 0.5,
    },
    Known {
        name: "neighbour_timer",
        full: &[],
        quick: &[],
        weight: 0.8,
    },
    Known {
        name: "fairness",
        full: &[],
        quick: &[],
        weight: 0.8,
    },
];

/// Whose figures are no matter of time: they are compared by `check`, with a file of their own.
const NOT_ON_THE_PAGE: &str = "instructions";

/// One bench to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) bench: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) weight: f64,
}

/// Where a bench stands in the order of the page.
pub(crate) fn place(bench: &str) -> usize {
    let place = KNOWN.iter().position(|known| known.name == bench);
    place.unwrap_or(KNOWN.len())
}

/// Every bench of the workspace's library that writes down its results for the page.
pub(crate) fn benches(root: &Path) -> Result<Vec<String>, Failure> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(|error| error.to_string())?;
    let targets = metadata
        .workspace_packages()
        .into_iter()
        .flat_map(|package| &package.targets);
    let benches = targets.filter(|target| target.kind.contains(&TargetKind::Bench));
    let names = benches.map(|target| target.name.clone());
    Ok(names.filter(|name| name != NOT_ON_THE_PAGE).collect())
}

/// What is to be run of `benches`, in the order of the page.
pub(crate) fn steps(options: &BenchOptions, benches: &[String]) -> Result<Vec<Step>, Failure> {
    if let Some(unknown) = options.only.iter().find(|only| !benches.contains(only)) {
        return Err(format!(
            "no bench {unknown}; there are {}",
            benches.join(", ")
        ));
    }
    let wanted = |bench: &&String| options.only.is_empty() || options.only.contains(bench);
    let mut wanted: Vec<_> = benches.iter().filter(wanted).collect();
    wanted.sort_by_key(|bench| (place(bench), *bench));
    Ok(wanted
        .into_iter()
        .map(|bench| step(options, bench))
        .collect())
}

fn step(options: &BenchOptions, bench: &str) -> Step {
    let known = KNOWN.iter().find(|known| known.name == bench);
    let own = known.map_or(&[][..], |known| {
        if options.quick {
            known.quick
        } else {
            known.full
        }
    });
    let mut arguments: Vec<String> = own.iter().map(ToString::to_string).collect();
    let (rounds, seconds) = match options.quick {
        true => (
            Some(options.rounds.unwrap_or(2)),
            Some(options.seconds.unwrap_or(0.2)),
        ),
        false => (options.rounds, options.seconds),
    };
    if let Some(rounds) = rounds {
        arguments.retain(|argument| !argument.starts_with("--rounds"));
        arguments.push(format!("--rounds={rounds}"));
    }
    arguments.extend(seconds.map(|seconds| format!("--seconds={seconds}")));
    Step {
        bench: bench.to_owned(),
        arguments,
        weight: known.map_or(1.0, |known| known.weight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<String> {
        ["new", "delivery", "push_pull"].map(str::to_owned).to_vec()
    }

    #[test]
    fn all_are_run_in_the_order_of_the_page_and_new_ones_last() {
        let steps = steps(&BenchOptions::default(), &some()).unwrap();
        let names: Vec<_> = steps.iter().map(|step| &*step.bench).collect();
        assert_eq!(names, ["push_pull", "delivery", "new"]);
    }

    #[test]
    fn rounds_asked_for_replace_those_of_the_plan() {
        let options = BenchOptions {
            only: vec!["delivery".to_owned()],
            rounds: Some(3),
            ..BenchOptions::default()
        };
        let steps = steps(&options, &some()).unwrap();
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].arguments, ["--rounds=3"]);
    }

    #[test]
    fn an_unknown_bench_is_refused() {
        let options = BenchOptions {
            only: vec!["pushpull".to_owned()],
            ..BenchOptions::default()
        };
        assert!(steps(&options, &some()).is_err());
    }
}
