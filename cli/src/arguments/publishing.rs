use clap::Args;
use treewire::{Pub, StreamPosition, Sub};

use super::{EndpointArguments, InputArguments, OptionArguments, OutputArguments};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire pub --listen tcp://127.0.0.1:5600 --topic news < lines.txt
  treewire pub --listen tcp://127.0.0.1:5600 --wait-for 2 --file ticks.log --overflow wait
  tail -f ticks.log | treewire pub --listen ipc:///run/ticks.sock --replay-messages-max 100000

What nobody subscribed to is sent to nobody. At the end of its input it waits until every
subscriber confirmed what it was sent, however long unless --timeout says otherwise.")]
pub(crate) struct PubArguments {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArguments,
    #[command(flatten)]
    pub(crate) options: OptionArguments<Pub>,
    #[command(flatten)]
    pub(crate) input: InputArguments,

    /// Send this topic as a part before each message [default: a message is its own topic]
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,

    /// Send nothing before so many peers have subscribed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) wait_for: usize,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire sub --dial tcp://127.0.0.1:5600 --topic news
  treewire sub --dial tcp://127.0.0.1:5600 --pattern 'fx.*' --pattern 'bond.>'
  treewire sub --dial tcp://127.0.0.1:5600 --count 10 --since 0f6d01e276ea4f21f13dbc736044b5b9/3

At its end it says on standard error how far it printed each publisher's stream: with --since
another process goes on from there, as far as the publisher keeps (--replay-messages-max) what came since.")]
pub(crate) struct SubArguments {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArguments,
    #[command(flatten)]
    pub(crate) options: OptionArguments<Sub>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,

    /// Subscribe to topics that begin with this; may be given again [default: all topics]
    #[arg(long, value_name = "PREFIX", value_parser = prefix)]
    pub(crate) topic: Vec<String>,

    /// Subscribe to topics of these dotted tokens: `*` is exactly one, a last `>` one or more; may be given again
    #[arg(long, value_name = "TOKENS", value_parser = tokens)]
    pub(crate) pattern: Vec<String>,

    /// Go on behind this position; may be given again, for another stream [default: from now on]
    #[arg(long, value_name = "POSITION")]
    pub(crate) since: Vec<StreamPosition>,

    /// Stop after that many messages [default: never]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

fn prefix(text: &str) -> Result<String, treewire::PatternError> {
    treewire::Pattern::prefix(text.to_owned()).map(|_| text.to_owned())
}

fn tokens(text: &str) -> Result<String, treewire::PatternError> {
    treewire::Pattern::tokens(text).map(|_| text.to_owned())
}
