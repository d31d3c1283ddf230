use std::fmt;
use std::time::Duration;

use super::value::{parse_bytes, parse_switch, parse_time, show_bytes, show_time};
use super::{Endpoint, EndpointError, network};

/// An option that may stand in an endpoint: one table gives its check, its error text and its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// As written before the `=`, with hyphens between its words.
    pub name: &'static str,
    /// Which values it takes.
    pub value: OptionKind,
    /// One line: what it does, its unit, its default.
    pub help: &'static str,
}

/// The values an option takes. `Display` says them to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionKind {
    /// `on` or `off`, `true` or `false`.
    Bool,
    /// A decimal integer within bounds, both included.
    Integer {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Decimal integers from 0 to the largest, separated by commas; at least one.
    Integers {
        /// The largest.
        max: u64,
    },
    /// An octal integer from 0 to the largest, as the permissions of a file are written.
    Octal {
        /// The largest.
        max: u32,
    },
    /// IP addresses and networks as `10.0.0.0/8`, separated by commas; at least one.
    Networks,
    /// A time with its units, as in `250ms`, within bounds, both included.
    Time {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// A number of bytes, as in `16MiB`, within bounds, both included.
    Bytes {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Bytes as hexadecimal digits.
    Hexadecimal {
        /// How many bytes: half as many as digits.
        bytes: usize,
    },
    /// Any text, but not an empty one.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of that kind, or `none`, which may be written `inf` as well.
    OrNone(&'static OptionKind),
}

impl OptionKind {
    /// What systems take for a buffer of theirs.
    pub(crate) const BUFFER: OptionKind = OptionKind::Bytes {
        min: 4 << 10,
        max: 1 << 30,
    };

    /// Whether `value` says that there is none.
    pub fn is_none(value: &str) -> bool {
        matches!(value, "none" | "inf")
    }

    /// Whether `value` is one of them.
    pub fn allows(&self, value: &str) -> bool {
        match self {
            Self::Bool => parse_switch(value).is_some(),
            Self::Integer { min, max } => value
                .parse()
                .is_ok_and(|value: u64| (*min..=*max).contains(&value)),
            Self::Integers { max } => value
                .split(',')
                .all(|value| value.parse().is_ok_and(|value: u64| value <= *max)),
            Self::Octal { max } => u32::from_str_radix(value, 8).is_ok_and(|value| value <= *max),
            Self::Networks => network::parse_all(value).is_some(),
            Self::Time { min, max } => {
                parse_time(value).is_some_and(|value| (*min..=*max).contains(&value))
            }
            Self::Bytes { min, max } => {
                parse_bytes(value).is_some_and(|value| (*min..=*max).contains(&value))
            }
            Self::Hexadecimal { bytes } => {
                value.len() == 2 * bytes && value.bytes().all(|digit| digit.is_ascii_hexdigit())
            }
            Self::Text => !value.is_empty(),
            Self::OneOf(words) => words.contains(&value),
            Self::OrNone(kind) => Self::is_none(value) || kind.allows(value),
        }
    }
}

impl fmt::Display for OptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("on or off, true or false"),
            Self::Integer { min, max } => write!(f, "an integer from {min} to {max}"),
            Self::Integers { max } => {
                write!(f, "integers from 0 to {max}, separated by commas")
            }
            Self::Octal { max } => write!(f, "an octal integer from 0 to {max:o}"),
            Self::Networks => {
                f.write_str("IP addresses or networks as 10.0.0.0/8, separated by commas")
            }
            Self::Time { min, max } => {
                let (min, max) = (show_time(*min), show_time(*max));
                write!(f, "a time from {min} to {max}, as in 250ms or 5s")
            }
            Self::Bytes { min, max } => {
                let (min, max) = (show_bytes(*min), show_bytes(*max));
                write!(f, "bytes from {min} to {max}, as in 64KiB or 16MiB")
            }
            Self::Hexadecimal { bytes } => write!(f, "{} hexadecimal digits", 2 * bytes),
            Self::Text => f.write_str("a text that is not empty"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::OrNone(kind) => write!(f, "none, or {kind}"),
        }
    }
}

/// Whether every option of `endpoint` is in `allowed` with a value it takes.
pub(crate) fn check(endpoint: &Endpoint, allowed: &[OptionSpec]) -> Result<(), EndpointError> {
    for (name, value) in endpoint.options() {
        let shown = || endpoint.without_options().to_string();
        let Some(spec) = allowed.iter().find(|spec| spec.name == name) else {
            let mut names: Vec<_> = allowed.iter().map(|spec| spec.name.to_owned()).collect();
            names.sort_unstable();
            names.dedup();
            return Err(EndpointError::UnknownOption {
                name: name.to_owned(),
                endpoint: shown(),
                allowed: names,
            });
        };
        if !spec.value.allows(value) {
            return Err(EndpointError::BadValue {
                value: value.to_owned(),
                name: name.to_owned(),
                endpoint: shown(),
                allowed: spec.value.to_string(),
            });
        }
    }
    Ok(())
}
