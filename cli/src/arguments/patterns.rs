use clap::{ArgGroup, Args};

use treewire::{Pull, Push, Rep, Req};

use super::{EndpointArguments, InputArguments, OptionArguments, OutputArguments};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire push --dial tcp://127.0.0.1:5555 --file big.log
  treewire push --listen tcp://127.0.0.1:5555 --data hello --timeout 5s
  treewire push --dial ipc:///run/lines.sock --file big.log
  tail -f service.log | treewire push --dial tcp://logs:5555 --delivery reliable

At the end of its input it waits until every message is confirmed, however long unless --timeout
says otherwise. Waiting for input does not count as lack of progress.")]
pub(crate) struct PushArguments {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArguments,
    #[command(flatten)]
    pub(crate) options: OptionArguments<Push>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire pull --listen tcp://127.0.0.1:5555 > out.log
  treewire pull --dial tcp://127.0.0.1:5555 --count 1 --format json
  treewire pull --listen ipc:///run/lines.sock?mode=0660 > out.log
  treewire pull --listen ws://0.0.0.0:8080/lines > out.log

A message is confirmed to its sender once it is written to standard output.")]
pub(crate) struct PullArguments {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArguments,
    #[command(flatten)]
    pub(crate) options: OptionArguments<Pull>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,

    /// Stop after that many messages [default: never]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  treewire req --dial tcp://127.0.0.1:5556 --data hello
  treewire req --dial tcp://a:5556 --dial tcp://b:5556 --file questions.txt > answers.txt

Requests are marked idempotent: if a peer dies, they are asked again, there or elsewhere.
Up to 256 are under way at a time.")]
pub(crate) struct ReqArguments {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArguments,
    #[command(flatten)]
    pub(crate) options: OptionArguments<Req>,
    #[command(flatten)]
    pub(crate) input: InputArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("answer").required(true).args(["echo", "reply"]))]
#[command(after_help = "Examples:
  treewire rep --listen tcp://127.0.0.1:5556 --echo
  treewire rep --listen tcp://127.0.0.1:5556 --reply pong --count 10")]
pub(crate) struct RepArguments {
    #[command(flatten)]
    pub(crate) endpoints: EndpointArguments,
    #[command(flatten)]
    pub(crate) options: OptionArguments<Rep>,

    /// Answer each request with itself
    #[arg(long)]
    pub(crate) echo: bool,

    /// Answer each request with this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) reply: Option<String>,

    #[command(flatten)]
    pub(crate) output: OutputArguments,

    /// Stop after that many requests [default: never]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}
