use std::process::ExitCode;

use clap::Parser;

use crate::framework::{Failure, Framework};
use crate::order::{Case, Order};
use crate::report::Report;
use crate::{children, messages};

#[derive(Parser)]
#[command(about = "Runs one case of Treewire's actors bench; the bench starts it.")]
struct Arguments {
    #[command(flatten)]
    order: Order,
}

/// The `main` of a rival: runs the case that the command line names.
pub fn main<F: Framework>() -> ExitCode {
    play::<F>(&Arguments::parse().order)
}

/// Runs a case, prints its report, and tells a failure on standard error.
pub fn play<F: Framework>(order: &Order) -> ExitCode {
    let order = order.clone();
    match F::run(async move |framework| measure(framework, &order).await) {
        Ok(report) => {
            report.print();
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn measure<F: Framework>(framework: F, order: &Order) -> Result<Report, Failure> {
    let time = order.duration();
    match order.case {
        Case::TellSame => messages::tell_same(&framework, time).await,
        Case::TellOther => messages::tell_other(&framework, time).await,
        Case::AskSame => messages::ask_same(&framework, time).await,
        Case::AskOther => messages::ask_other(&framework, time).await,
        Case::AskMany => messages::ask_many(&framework, time).await,
        Case::Spawn => children::spawn(&framework, order.children).await,
        Case::SpawnTogether => children::spawn_together(&framework, order.children).await,
        Case::Memory => children::memory(&framework, order.children).await,
        Case::Lives => children::lives(framework, order.children).await,
    }
}
