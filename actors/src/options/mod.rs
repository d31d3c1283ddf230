//! The options of sockets: one row each in one table, and all that follows from it.
//!
//! A row gives the builder method, the text that [`SocketHandle::get`](crate::SocketHandle::get) and
//! [`set`](crate::SocketHandle::set) know it by, the parameter in URLs, the flag of the command line and the line in
//! `docs/options.md`. Who adds a row adds its proof in `tests/options` as well.

mod error;
mod foreign_names;
mod kind;
mod macros;
mod page;
mod page_of_urls;
mod row;
mod table;

pub use error::OptionError;
pub use page::page;
pub use row::{Changes, OptionRow, Place};
pub(crate) use table::SocketOptions;
pub use table::all;

use std::time::Duration;

use treewire_transports::{Endpoint, OptionSpec, Use};

use crate::bound::Bound;
use crate::core::Perseverance;

/// What a stopping socket has beyond its linger.
const STOP_MARGIN: Duration = Duration::from_secs(2);

/// The options that sockets take in URLs, beside those of transports and dialects.
pub fn in_urls(wanted: Use) -> Vec<OptionSpec> {
    let rows = all().iter().filter(|row| row.is_in_urls(wanted));
    rows.map(OptionRow::spec).collect()
}

impl SocketOptions {
    /// What of one peer may wait on the way out.
    pub(crate) fn send_bound(&self) -> Bound {
        Bound {
            messages: self.send_messages_max,
            bytes: self.send_bytes_max,
        }
    }

    /// What of one peer may be received and not handled yet.
    pub(crate) fn receive_bound(&self) -> Bound {
        Bound {
            messages: self.receive_messages_max,
            bytes: self.receive_bytes_max,
        }
    }

    /// What is kept of what was published, if anything is.
    pub(crate) fn replay_bound(&self) -> Option<Bound> {
        (self.replay_messages_max > 0).then_some(Bound {
            messages: self.replay_messages_max,
            bytes: self.replay_bytes_max,
        })
    }

    /// The lower, the sooner it is a peer's turn.
    pub(crate) fn priority(&self) -> u8 {
        u8::try_from(self.priority).unwrap_or(u8::MAX)
    }

    /// How long the socket has to stop before it is killed.
    pub(crate) fn stops_within(&self) -> Duration {
        self.linger.saturating_add(STOP_MARGIN)
    }

    /// When what is dialed is given up.
    pub(crate) fn perseverance(&self) -> Perseverance {
        Perseverance {
            attempts: self.reconnect_attempts.filter(|&attempts| attempts > 0),
            stops: self.reconnect_stop,
        }
    }

    /// The options that the socket takes.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static OptionRow> {
        let socket = self.socket;
        all().iter().filter(move |row| row.is_of(socket))
    }

    /// # Errors
    /// The socket takes none of that name.
    pub(crate) fn row(&self, name: &str) -> Result<&'static OptionRow, OptionError> {
        let found = self.rows().find(|row| row.name() == name);
        found.ok_or_else(|| OptionError::Unknown {
            name: name.to_owned(),
            allowed: self.rows().map(OptionRow::name).collect(),
        })
    }

    /// The rows in which the two differ.
    pub(crate) fn changed_since(
        &self,
        before: &SocketOptions,
    ) -> impl Iterator<Item = &'static OptionRow> {
        self.rows().filter(|row| row.get(self) != row.get(before))
    }

    /// Before the socket is spawned, when all of them may be set.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        self.row(name)?.set(self, value)
    }

    /// What does not fit, of options that were set in programs.
    pub(crate) fn check(&self) -> Result<(), OptionError> {
        self.rows().try_for_each(|row| row.check(self))
    }

    /// The same for one endpoint, whose URL may say otherwise.
    pub(crate) fn at(mut self, endpoint: &Endpoint) -> Self {
        for (name, value) in endpoint.options() {
            // Others are the transport's, and all were checked.
            if let Ok(row) = self.row(name)
                && row.is_in_some_urls()
            {
                let _ = row.set(&mut self, value);
            }
        }
        if let Some(service) = endpoint.service() {
            self.service = service.to_owned();
        }
        self
    }
}

#[cfg(test)]
mod tests;
