use clap::{Args, ValueEnum};

/// How received messages are printed.
#[derive(Debug, Args)]
pub(crate) struct OutputArguments {
    /// How received messages are printed, one a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The bytes as they are, parts joined by one space
    Text,
    /// {"parts":["…"],"headers":{…}}; what is not UTF-8 as {"hex":"…"}
    Json,
    /// Hexadecimal digits, parts joined by one space
    Hex,
    /// Each part in quotes, with escapes for what is not printable ASCII
    Quoted,
}
