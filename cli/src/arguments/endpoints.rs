use std::time::Duration;

use clap::Args;

use super::time::duration;
use super::url::{dialed, listened, observed};

/// Where a socket finds its peers, and how long it waits for them.
#[derive(Debug, Args)]
pub(crate) struct EndpointArguments {
    /// Accept peers there; may be given again. tcp://127.0.0.1:0 takes a free port and says which
    #[arg(long, value_name = "URL", value_parser = listened, required_unless_present = "dial")]
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
