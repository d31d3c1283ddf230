use std::fmt;
use std::marker::PhantomData;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::error::Error;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use treewire::options::{OptionRow, Place, all};
use treewire::transports::OptionKind;
use treewire::transports::value::parse_bytes;
use treewire::{OptionError, Pub, Pull, Push, Rep, Req, Sub};

/// The options of a socket, from the table that the library has of them.
pub(crate) struct OptionArguments<S> {
    values: Vec<(&'static str, String)>,
    socket: PhantomData<fn() -> S>,
}

/// What is to be spawned, and has options.
pub(crate) trait Builder: Sized {
    /// As the table names it.
    const NAME: &'static str;

    fn set(self, name: &str, value: &str) -> Result<Self, OptionError>;
}

macro_rules! builders {
    ($($socket:ident)+) => {
        $(impl Builder for $socket {
            const NAME: &'static str = stringify!($socket);

            fn set(self, name: &str, value: &str) -> Result<Self, OptionError> {
                $socket::set(self, name, value)
            }
        })+
    };
}

builders!(Push Pull Req Rep Pub Sub);

impl<S: Builder> OptionArguments<S> {
    /// The socket with what the command line says.
    pub(crate) fn apply(&self, socket: S) -> Result<S, OptionError> {
        let mut values = self.values.iter();
        values.try_fold(socket, |socket, (name, value)| socket.set(name, value))
    }

    /// The largest message it sends.
    pub(crate) fn message_bytes_max(&self) -> usize {
        let row = Self::rows().find(|row| row.name() == "message-bytes-max");
        let given = self.values.iter();
        let given = given.filter(|(name, _)| row.is_some_and(|row| row.name() == *name));
        let given = given.map(|(_, value)| value.as_str()).next_back();
        let bytes = given.or(row.map(OptionRow::default)).and_then(parse_bytes);
        bytes.map_or(usize::MAX, |bytes| bytes as usize)
    }

    fn rows() -> impl Iterator<Item = &'static OptionRow> {
        let has_flag = |row: &&OptionRow| row.is_of(S::NAME) && row.places().contains(&Place::Flag);
        all().iter().filter(has_flag)
    }
}

fn argument(row: &'static OptionRow, socket: &str) -> Arg {
    Arg::new(row.name())
        .long(row.name())
        .value_name(value_name(row.allowed()))
        .value_parser(parser(row))
        .default_value(row.default_of(socket))
        .help(row.help().trim_end_matches('.'))
        .help_heading("Options of the socket")
}

fn parser(row: &'static OptionRow) -> ValueParser {
    match row.allowed() {
        OptionKind::OneOf(words) => PossibleValuesParser::new(words).into(),
        allowed => {
            let check = move |text: &str| match allowed.allows(text) {
                true => Ok(text.to_owned()),
                false => Err(format!("allowed is {allowed}")),
            };
            check.map(|text| text).into()
        }
    }
}

fn value_name(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::Bool => "ON|OFF",
        OptionKind::Integer { .. } => "N",
        OptionKind::Time { .. } => "TIME",
        OptionKind::Bytes { .. } => "BYTES",
        OptionKind::Text => "NAME",
        OptionKind::OrNone(kind) => value_name(*kind),
        _ => "WORD",
    }
}

impl<S: Builder> Args for OptionArguments<S> {
    fn augment_args(command: Command) -> Command {
        command.args(Self::rows().map(|row| argument(row, S::NAME)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Builder> FromArgMatches for OptionArguments<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let is_given =
            |row: &&OptionRow| matches.value_source(row.name()) == Some(ValueSource::CommandLine);
        let value = |row: &OptionRow| matches.get_one::<String>(row.name()).cloned();
        let given = Self::rows().filter(is_given);
        let values = given.filter_map(|row| Some((row.name(), value(row)?)));
        Ok(OptionArguments {
            values: values.collect(),
            socket: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl<S> fmt::Debug for OptionArguments<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.values.iter().map(|(name, value)| (name, value)))
            .finish()
    }
}

#[cfg(test)]
mod tests;
