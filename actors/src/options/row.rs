use std::fmt;

use treewire_transports::{OptionKind, OptionSpec, Use};

use super::{OptionError, SocketOptions};

/// All that is known of one option.
#[derive(Clone, Copy)]
pub struct OptionRow {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) default: &'static str,
    pub(super) exceptions: &'static [(&'static str, &'static str)],
    pub(super) allowed: OptionKind,
    pub(super) sockets: &'static [&'static str],
    pub(super) changes: Changes,
    pub(super) places: &'static [Place],
    pub(super) get: fn(&SocketOptions) -> String,
    /// Of a text that is allowed.
    pub(super) put: fn(&mut SocketOptions, &str) -> Option<()>,
    pub(super) fits: fn(&SocketOptions) -> bool,
}

/// Whether an option may be changed while the socket runs, and for what the change holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changes {
    /// For what there is and what comes.
    AtOnce,
    /// For messages that are sent from then on.
    NextMessage,
    /// For connections that are made from then on.
    NextConnection,
    /// For waits between attempts that begin from then on.
    NextWait,
    /// It is fixed when the socket is spawned: what to do instead.
    Never(&'static str),
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Changes::AtOnce => f.write_str("at once"),
            Changes::NextMessage => f.write_str("for the next message"),
            Changes::NextConnection => f.write_str("for the next connection"),
            Changes::NextWait => f.write_str("for the next wait"),
            Changes::Never(instead) => write!(f, "no: {instead}"),
        }
    }
}

/// Where an option may stand, beside programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// On the command line of `treewire`.
    Flag,
    /// In the URL of an endpoint: then it holds for the connections of that one.
    Url,
    /// In the URL of an endpoint that is dialed.
    DialedUrl,
}

impl OptionRow {
    /// As it is written everywhere: `send-messages-max`. The builder method has underscores.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it does, in plain text.
    pub fn help(&self) -> &'static str {
        self.help.trim_ascii()
    }

    /// What holds if nobody says otherwise.
    pub fn default(&self) -> &'static str {
        self.default
    }

    /// The same for the sockets of that builder, some of which have their own.
    pub fn default_of(&self, socket: &str) -> &'static str {
        super::macros::pick(socket, self.default, self.exceptions)
    }

    /// The builders whose default is another, and that.
    pub fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        self.exceptions
    }

    /// The values that may be written.
    pub fn allowed(&self) -> OptionKind {
        self.allowed
    }

    /// The builders that have it: `Push`, `Req` and so on.
    pub fn sockets(&self) -> &'static [&'static str] {
        self.sockets
    }

    /// Whether the sockets of that builder have it.
    pub fn is_of(&self, socket: &str) -> bool {
        self.sockets.contains(&socket)
    }

    /// Whether it may be changed while the socket runs.
    pub fn changes(&self) -> Changes {
        self.changes
    }

    /// Where it may stand.
    pub fn places(&self) -> &'static [Place] {
        self.places
    }

    /// Whether it may stand in the URL of such an endpoint.
    pub fn is_in_urls(&self, wanted: Use) -> bool {
        self.places.contains(&Place::Url)
            || wanted == Use::Dial && self.places.contains(&Place::DialedUrl)
    }

    pub(super) fn is_in_some_urls(&self) -> bool {
        self.is_in_urls(Use::Dial)
    }

    pub(super) fn spec(&self) -> OptionSpec {
        OptionSpec {
            name: self.name,
            value: self.allowed,
            help: self.help(),
        }
    }

    /// Whether that may be written.
    ///
    /// # Errors
    /// It may not; what may.
    pub fn check_text(&self, value: &str) -> Result<(), OptionError> {
        match self.allowed.allows(value) {
            true => Ok(()),
            false => Err(self.bad_value(value)),
        }
    }

    fn bad_value(&self, value: &str) -> OptionError {
        OptionError::BadValue {
            name: self.name,
            value: value.to_owned(),
            allowed: self.allowed.to_string(),
        }
    }

    pub(crate) fn get(&self, options: &SocketOptions) -> String {
        (self.get)(options)
    }

    pub(crate) fn set(&self, options: &mut SocketOptions, value: &str) -> Result<(), OptionError> {
        self.check_text(value)?;
        (self.put)(options, value).ok_or_else(|| self.bad_value(value))
    }

    pub(crate) fn set_live(
        &self,
        options: &mut SocketOptions,
        value: &str,
    ) -> Result<(), OptionError> {
        match self.changes {
            Changes::Never(instead) => Err(OptionError::Fixed {
                name: self.name,
                instead,
            }),
            _ => self.set(options, value),
        }
    }

    pub(super) fn check(&self, options: &SocketOptions) -> Result<(), OptionError> {
        match (self.fits)(options) {
            true => Ok(()),
            false => Err(self.bad_value(&self.get(options))),
        }
    }
}

impl fmt::Debug for OptionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptionRow")
            .field("name", &self.name)
            .field("default", &self.default)
            .field("allowed", &self.allowed)
            .field("sockets", &self.sockets)
            .field("changes", &self.changes)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}
