use std::process::ExitCode;

use clap::Parser;

use super::{Failure, Options, Participant, describe_machine};

/// The `main` of a comparing bench: plays a role if it was started for that, and else runs `bench` with whoever can take
/// part. `bench` prints its tables and lists what failed.
pub(crate) fn program(bench: impl FnOnce(&Options, &[Participant]) -> Vec<Failure>) -> ExitCode {
    program_of_treewire(|options| match options.participants() {
        Ok(participants) => {
            println!("{}", describe_machine());
            bench(options, &participants)
        }
        Err(failure) => vec![failure],
    })
}

/// The same for a bench in which Treewire is compared with itself: no rivals are built.
pub(crate) fn program_of_treewire(bench: impl FnOnce(&Options) -> Vec<Failure>) -> ExitCode {
    let options = Options::parse();
    if let Some(played) = options.played() {
        return played;
    }
    if options.only_tested() {
        println!("starts; run it with cargo bench");
        return ExitCode::SUCCESS;
    }
    let failures = bench(&options);
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
