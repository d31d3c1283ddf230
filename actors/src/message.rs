use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use treewire_transports::{Content, Payload};

use crate::core::{Inlet, PipeId};

/// A received message: headers, one or more parts, and the route back.
///
/// It counts as handled, and the sender learns so, when it is dropped or taken
/// apart.
pub struct Message {
    correlation: u64,
    content: Content,
    receipt: Receipt,
}

impl Message {
    pub(crate) fn new(correlation: u64, content: Content, receipt: Receipt) -> Self {
        Message {
            correlation,
            content,
            receipt,
        }
    }

    /// The first part, which is all of it unless it has several.
    pub fn payload(&self) -> &Payload {
        self.content.first()
    }

    /// The peer it came from.
    pub fn source(&self) -> Source {
        Source(self.receipt.inlet.pipe())
    }

    /// The peer's address, for people.
    pub fn peer(&self) -> &str {
        self.receipt.inlet.peer()
    }

    /// Headers and parts alone; the message counts as handled.
    pub fn into_content(self) -> Content {
        self.content
    }

    pub(crate) fn into_split(self) -> (Content, Receipt) {
        (self.content, self.receipt)
    }

    /// The request it is, or 0.
    pub(crate) fn correlation(&self) -> u64 {
        self.correlation
    }

    pub(crate) fn inlet(&self) -> &Arc<Inlet> {
        &self.receipt.inlet
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.correlation != 0 && self.receipt.inlet.is_cancelled(self.correlation)
    }
}

impl Deref for Message {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("content", &self.content)
            .field("peer", &self.peer())
            .finish()
    }
}

/// A peer of a socket, as the origin and destination of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(pub(crate) PipeId);

/// Counts one received message as handled when it is dropped.
pub(crate) struct Receipt {
    inlet: Arc<Inlet>,
    bytes: u64,
}

impl Receipt {
    pub(crate) fn new(inlet: Arc<Inlet>, bytes: u64) -> Self {
        Receipt { inlet, bytes }
    }

    pub(crate) fn inlet(&self) -> &Arc<Inlet> {
        &self.inlet
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.inlet.handled(self.bytes);
    }
}
