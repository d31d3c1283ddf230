use std::path::PathBuf;

use clap::Args;

/// What is sent. One message per line unless it says otherwise.
#[derive(Debug, Args)]
pub(crate) struct InputArguments {
    /// Send this text as one message; may be given again [default: standard input, one message per line]
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["file", "whole"])]
    pub(crate) data: Vec<String>,

    /// Send the lines of a file, one message each, without their line ends
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,

    /// Send the file or standard input as one message in all
    #[arg(long)]
    pub(crate) whole: bool,

    /// Stop after that many messages [default: at the end of the input]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}
