use crate::{Endpoint, OptionKind, OptionSpec};

const NAME: &str = "links";

pub(super) const OPTION: OptionSpec = OptionSpec {
    name: NAME,
    value: OptionKind::OneOf(&["stream", "messages", "datagrams"]),
    help: "how bytes move, the same for both ends; stream by default",
};

/// How the bytes of a link move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Stream,
    Messages,
    Datagrams,
}

impl Kind {
    /// As the option of a checked endpoint has it.
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        match endpoint.option(NAME) {
            Some("messages") => Self::Messages,
            Some("datagrams") => Self::Datagrams,
            _ => Self::Stream,
        }
    }
}
