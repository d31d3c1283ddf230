use clap::ValueEnum;

/// What there are many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// Connections of one pull, and of one push that dials it.
    Pull,
    /// Connections of one rep, and of one req that dials it.
    Rep,
    /// Connections of one pub, each of a sub of its own, which wants everything.
    Pub,
    /// Pulls of one node that have no endpoint.
    Socket,
    /// Pulls of one node that listen inside the process.
    Listener,
}

/// In what processes a unit is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One listens, one dials.
    Connected,
    /// One.
    Solitary,
}

impl Unit {
    pub(crate) const ALL: [Self; 5] = [
        Self::Pull,
        Self::Rep,
        Self::Pub,
        Self::Socket,
        Self::Listener,
    ];

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Pull | Self::Rep | Self::Pub => Kind::Connected,
            Self::Socket | Self::Listener => Kind::Solitary,
        }
    }

    /// As the command line has it.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What is measured where it is alone.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Pull | Self::Rep | Self::Pub => "connection",
            Self::Socket => "socket without endpoints",
            Self::Listener => "socket that listens on inproc",
        }
    }

    /// The process that listens.
    pub(crate) fn listener(self) -> &'static str {
        match self {
            Self::Rep => "rep listens",
            Self::Pub => "pub listens",
            _ => "pull listens",
        }
    }

    /// The process that dials.
    pub(crate) fn dialer(self) -> &'static str {
        match self {
            Self::Rep => "req dials",
            Self::Pub => "sub dials, and is one socket each",
            _ => "push dials",
        }
    }
}
