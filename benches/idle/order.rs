use std::io::{self, BufRead};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use treewire_bench_roles::{Delivery, Failure};

use crate::unit::Unit;
use crate::{descriptors, dialer, listener, solitary};

/// What a process is to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Order {
    /// Listens until as many peers are there, and tells what that takes.
    Listen(Connections),
    /// Dials so often, and tells what that takes.
    Dial {
        #[command(flatten)]
        connections: Connections,
        /// Where the other process listens on every address of this machine.
        #[arg(long)]
        port: u16,
    },
    /// Starts so many sockets, and tells what that takes.
    Alone {
        #[arg(long)]
        unit: Unit,
        #[arg(long)]
        count: usize,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Connections {
    #[arg(long)]
    pub(crate) unit: Unit,
    #[arg(long)]
    pub(crate) delivery: Delivery,
    #[arg(long)]
    pub(crate) count: usize,
}

impl Order {
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let (verb, unit, count) = match self {
            Self::Listen(connections) => ("listen", connections.unit, connections.count),
            Self::Dial { connections, .. } => ("dial", connections.unit, connections.count),
            Self::Alone { unit, count } => ("alone", *unit, *count),
        };
        let mut arguments = vec![
            verb.to_owned(),
            format!("--unit={}", unit.name()),
            format!("--count={count}"),
        ];
        if let Self::Listen(connections) | Self::Dial { connections, .. } = self {
            arguments.push(format!("--delivery={}", connections.delivery.name()));
        }
        if let Self::Dial { port, .. } = self {
            arguments.push(format!("--port={port}"));
        }
        arguments
    }

    /// Does it, and tells a failure on standard error.
    pub(crate) fn play(&self) -> ExitCode {
        match self.act() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{failure}");
                ExitCode::FAILURE
            }
        }
    }

    fn act(&self) -> Result<(), Failure> {
        descriptors::allow_all()?;
        match self.clone() {
            Self::Listen(connections) => treewire::run(listener::act(connections)),
            Self::Dial { connections, port } => treewire::run(dialer::act(connections, port)),
            Self::Alone { unit, count } => treewire::run(solitary::act(unit, count)),
        }
    }
}

/// Waits until the bench says that all have measured.
pub(crate) async fn told_to_go_on() -> Result<(), Failure> {
    tokio::task::spawn_blocking(|| io::stdin().lock().read_line(&mut String::new())).await??;
    Ok(())
}
