//! What the command line says. Each option is declared once; parser and help follow.

mod endpoints;
mod input;
mod options;
mod output;
mod patterns;
mod publishing;
mod time;
mod url;

pub(crate) use endpoints::EndpointArguments;
pub(crate) use input::InputArguments;
pub(crate) use options::OptionArguments;
pub(crate) use output::{Format, OutputArguments};
pub(crate) use patterns::{PullArguments, PushArguments, RepArguments, ReqArguments};
pub(crate) use publishing::{PubArguments, SubArguments};
pub(crate) use time::ChaosInterval;
pub(crate) use url::NodeUrl;

use time::{chaos_of_a_demo, duration_of_a_demo};
use url::observed;

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

/// Sockets of a supervised messaging runtime, from the shell.
///
/// Received messages go to standard output, everything else to standard error.
#[derive(Debug, Parser)]
#[command(name = "treewire", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = LONG_EXAMPLES)]
pub(crate) struct Arguments {
    /// Log what happens to standard error; twice: in detail. RUST_LOG, if set, decides instead.
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 900)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Arguments {
    /// What the command line says, as far as it makes sense.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let arguments = Self::try_parse()?;
        let endpoints = match &arguments.command {
            Command::Push(push) => &push.endpoints,
            Command::Pull(pull) => &pull.endpoints,
            Command::Req(req) => &req.endpoints,
            Command::Rep(rep) => &rep.endpoints,
            Command::Pub(publisher) => &publisher.endpoints,
            Command::Sub(subscriber) => &subscriber.endpoints,
            Command::Tree(_) | Command::Demo(_) => return Ok(arguments),
        };
        match endpoints.check() {
            Ok(()) => Ok(arguments),
            Err(text) => Err(Self::command().error(ErrorKind::ArgumentConflict, text)),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send messages, each to one of the peers (pull sockets)
    Push(PushArguments),
    /// Receive messages from all peers (push sockets) and print them
    Pull(PullArguments),
    /// Send requests and print their replies, in the order of the requests
    Req(ReqArguments),
    /// Print requests and answer them
    Rep(RepArguments),
    /// Publish messages to the peers (sub sockets) that subscribed to them
    Pub(PubArguments),
    /// Subscribe at peers (pub sockets) and print what they publish
    Sub(SubArguments),
    /// Watch a small market of services break and come back
    Demo(DemoArguments),
    /// Print the tree of a node that runs with --observe
    Tree(TreeArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire demo
  treewire demo --duration 5m --chaos 500ms
  treewire demo --chaos off --observe http://127.0.0.1:7070")]
pub(crate) struct DemoArguments {
    /// How long it runs, at least 1s: 8s, 2m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration_of_a_demo)]
    pub(crate) duration: Duration,

    /// How often something is killed, every 100ms at most; or off
    #[arg(long, value_name = "TIME|off", default_value = "3s", value_parser = chaos_of_a_demo)]
    pub(crate) chaos: ChaosInterval,

    /// What is killed follows from this number; without it from one by chance, which is shown
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Show the tree there, as in http://127.0.0.1:7070, for `treewire tree`
    #[arg(long, value_name = "URL", value_parser = observed)]
    pub(crate) observe: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire tree http://127.0.0.1:7070
  treewire tree http://127.0.0.1:7070 --json | jq .restarts")]
pub(crate) struct TreeArguments {
    /// Where the node shows its tree, as given to its --observe: http://127.0.0.1:7070
    #[arg(value_name = "URL")]
    pub(crate) url: NodeUrl,

    /// Print the JSON as it came
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "Examples:
  treewire demo
  treewire pull --listen tcp://127.0.0.1:5555 --count 1000000 > out.log
  treewire push --dial tcp://127.0.0.1:5555 --file big.log
  treewire rep --listen tcp://127.0.0.1:5556 --echo
  treewire req --dial tcp://127.0.0.1:5556 --data hello
  treewire sub --dial tcp://127.0.0.1:5600 --topic news

`treewire help COMMAND` has the options of each command, `treewire --help` the exit status.";

const LONG_EXAMPLES: &str = "Examples:
  treewire demo
  treewire pull --listen tcp://127.0.0.1:5555 --count 1000000 > out.log
  treewire push --dial tcp://127.0.0.1:5555 --file big.log
  treewire rep --listen tcp://127.0.0.1:5556 --echo
  treewire req --dial tcp://127.0.0.1:5556 --data hello
  treewire sub --dial tcp://127.0.0.1:5600 --topic news

Exit status:
  0    done: everything that was sent is confirmed
  1    failed: also when a message was dropped or not confirmed, or output could not be written
  2    wrong arguments
  3    timed out: no progress for as long as --timeout says
  130  ended in order by Ctrl-C (SIGINT), 143 by SIGTERM; a second signal ends at once";
