use std::fmt;
use std::hash::Hash;

use actix::Message;

use crate::slot::Conflating;

/// How messages wait for an actor: how many, what becomes of those that find no
/// room, and of those that wait when a generation ends.
///
/// Defaults: at most 1,024, the newest is dropped at the bound, kept over restarts. A number
/// alone is a mailbox of that size: `child.mailbox(16)`.
///
/// Only what was told by [`do_send`](crate::Ref::do_send) is ever dropped; it is
/// counted by cause in the tree. Whoever asks or waits is told instead.
#[derive(Clone)]
pub struct Mailbox {
    pub(crate) capacity: usize,
    pub(crate) drops_oldest: bool,
    pub(crate) discards: bool,
    pub(crate) conflatings: Vec<Conflating>,
}

impl Mailbox {
    /// At most `capacity` messages wait, at least one.
    pub fn bounded(capacity: usize) -> Self {
        Mailbox {
            capacity,
            drops_oldest: false,
            discards: false,
            conflatings: Vec::new(),
        }
    }

    /// When it is full, [`do_send`](crate::Ref::do_send) drops the oldest message that
    /// waits and was told by `do_send`, and the new one takes its room; if there is
    /// none, the new one is dropped. Default: the new one is.
    pub fn drop_oldest(mut self) -> Self {
        self.drops_oldest = true;
        self
    }

    /// Of the messages of type `M` told by `do_send` only the newest of each key
    /// waits: it takes the place of the one before, whose turn it keeps, and which is
    /// dropped. A message whose key panics waits beside them. Default: all wait.
    pub fn conflate<M, K>(mut self, key: impl Fn(&M) -> K + Send + Sync + 'static) -> Self
    where
        M: Message + Send + 'static,
        K: Hash + Eq + Send + Sync + 'static,
    {
        self.conflatings.push(Conflating::new(key));
        self
    }

    /// What waits when a generation ends goes back to its senders, as
    /// [`SendError::Stopped`](crate::SendError::Stopped), or is dropped and counted
    /// if it was told. Default: it is kept for the next generation.
    pub fn discard(mut self) -> Self {
        self.discards = true;
        self
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Mailbox::bounded(1_024)
    }
}

impl From<usize> for Mailbox {
    fn from(capacity: usize) -> Self {
        Mailbox::bounded(capacity)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("capacity", &self.capacity)
            .field("drops_oldest", &self.drops_oldest)
            .field("discards", &self.discards)
            .field("conflated", &self.conflatings.len())
            .finish()
    }
}
