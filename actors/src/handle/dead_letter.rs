use std::sync::Arc;

use treewire_transports::Content;

use crate::core::{Fetched, Inbox, Tidings};

/// A message that a socket gave up; see
/// [`SocketHandle::dead_letters`](crate::SocketHandle::dead_letters).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketDeadLetter {
    /// Why: as the tree counts it.
    pub cause: &'static str,
    /// Headers and parts.
    pub content: Content,
}

impl Tidings for SocketDeadLetter {
    fn content_bytes(&self) -> u64 {
        self.content.byte_len() as u64
    }
}

/// The messages that a socket gives up, from the call to
/// [`dead_letters`](crate::SocketHandle::dead_letters) on.
///
/// Reading slowly never holds the socket up: of those that are not fetched the newest 256 are
/// kept, fewer if they have more than 32 MiB, and the others counted.
#[derive(Debug)]
pub struct SocketDeadLetters {
    inbox: Arc<Inbox<SocketDeadLetter>>,
    missed: u64,
}

impl SocketDeadLetters {
    pub(crate) fn new(inbox: Arc<Inbox<SocketDeadLetter>>) -> Self {
        SocketDeadLetters { inbox, missed: 0 }
    }

    /// The next one; `None` once the socket is gone for good, with its node for instance.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    pub async fn next(&mut self) -> Option<SocketDeadLetter> {
        loop {
            match self.inbox.next() {
                Fetched::Item(letter) => return Some(letter),
                Fetched::Missed(count) => self.missed += count,
                Fetched::Nothing => self.inbox.arrived.notified().await,
                Fetched::End => return None,
            }
        }
    }

    /// How many before the last one fetched were lost because this reader was slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}
