use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use treewire_transports::{Content, Payload};

use crate::core::{Inlet, PipeId, Shared};

/// A received message: headers, one or more parts, and the route back.
///
/// It counts as handled, and the sender learns so, when it is dropped or taken
/// apart. One of a reliable socket that is dropped by a panic comes again, up to three
/// times in all.
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

    /// Whether it came before, and a panic kept it from being handled.
    pub fn is_redelivered(&self) -> bool {
        self.receipt.attempts > 1
    }

    /// Counts it as handled, as dropping it does.
    pub fn ack(self) {}

    /// Headers and parts alone; the message counts as handled.
    pub fn into_content(self) -> Content {
        self.content
    }

    pub(crate) fn into_split(self) -> (Content, Receipt) {
        (self.content, self.receipt)
    }

    /// From here on a panic that drops it brings it back to that socket.
    pub(crate) fn handed_out(mut self, shared: &Arc<Shared>) -> Self {
        if self.receipt.sequence != 0 {
            self.receipt.kept = Some(Box::new(Kept {
                content: self.content.clone(),
                correlation: self.correlation,
                shared: Arc::downgrade(shared),
            }));
        }
        self
    }

    /// The request it is, or 0.
    pub(crate) fn correlation(&self) -> u64 {
        self.correlation
    }

    pub(crate) fn inlet(&self) -> &Arc<Inlet> {
        &self.receipt.inlet
    }

    pub(crate) fn is_reliable(&self) -> bool {
        self.receipt.is_reliable()
    }

    /// Whether the session that `other` belongs to has it before that one.
    pub(crate) fn precedes(&self, other: &Message) -> bool {
        let (own, others) = (&self.receipt, &other.receipt);
        own.sequence < others.sequence && own.inlet.is_of_the_session_of(&others.inlet)
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
    /// Its number in the session; 0 without one.
    sequence: u64,
    bytes: u64,
    /// How often the message was handed over, this time included.
    attempts: u32,
    kept: Option<Box<Kept>>,
}

/// A message that comes again if its handling panics.
struct Kept {
    content: Content,
    correlation: u64,
    shared: Weak<Shared>,
}

impl Receipt {
    /// For a message that arrives now.
    pub(crate) fn new(inlet: Arc<Inlet>, bytes: u64) -> Self {
        let sequence = inlet.arrived(bytes);
        Receipt {
            inlet,
            sequence,
            bytes,
            attempts: 1,
            kept: None,
        }
    }

    pub(crate) fn inlet(&self) -> &Arc<Inlet> {
        &self.inlet
    }

    /// Whether the message is one of a session: it comes again if its handling panics.
    pub(crate) fn is_reliable(&self) -> bool {
        self.sequence != 0
    }

    /// How often the message was handed over and not lost with a generation for another
    /// reason than its own panic.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Handling it panicked; `false` if that was once too often.
    pub(crate) fn panicked(&mut self) -> bool {
        self.attempts += 1;
        self.attempts <= ATTEMPTS_MAX
    }
}

/// How often a message of a session is handed over, if handling it panics.
const ATTEMPTS_MAX: u32 = 3;

/// The cause under which one that was handed over that often is counted.
pub(crate) const PANICKED: &str = "panicked three times";

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take()
            && std::thread::panicking()
            && let Some(shared) = kept.shared.upgrade()
        {
            let mut receipt = Receipt {
                inlet: self.inlet.clone(),
                kept: None,
                ..*self
            };
            let comes_again = receipt.panicked();
            let message = Message::new(kept.correlation, kept.content, receipt);
            return match comes_again {
                true => shared.come_again(message),
                false => shared.dead_letter(PANICKED, message.into_content()),
            };
        }
        self.inlet.handled(self.sequence, self.bytes);
    }
}
