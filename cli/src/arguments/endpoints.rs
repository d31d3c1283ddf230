use std::time::Duration;

use clap::{ArgGroup, Args};

use super::time::duration;
use super::url::{dialed, listened, observed};

/// Where a socket finds its peers, and how long it waits for them.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("peers").required(true).multiple(true).args(["listen", "dial"]))]
pub(crate) struct EndpointArguments {
    /// Accept peers there; may be given again. tcp://127.0.0.1:0 takes a free port and says which; ipc:///run/x.sock is a
    /// socket of this machine alone
    #[arg(long, value_name = "URL", value_parser = listened)]
    pub(crate) listen: Vec<String>,

    /// Connect to a peer there, now and again; may be given again. An absent peer is waited for
    #[arg(long, value_name = "URL", value_parser = dialed)]
    pub(crate) dial: Vec<String>,

    /// Give up after that long without progress (500ms, 5s, 2m), with exit status 3 [default: never]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,

    /// Show this process' tree there, as in http://127.0.0.1:7070, for `treewire tree`
    #[arg(long, value_name = "URL", value_parser = observed)]
    pub(crate) observe: Option<String>,
}

impl EndpointArguments {
    /// The same endpoint twice is a slip.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (option, urls) in [("--listen", &self.listen), ("--dial", &self.dial)] {
            for (index, url) in urls.iter().enumerate() {
                if urls[..index].contains(url) {
                    return Err(format!("{option} {url} is given twice: give it once"));
                }
            }
        }
        Ok(())
    }
}
