use std::fmt;
use std::mem::take;
use std::ops::Deref;
use std::sync::Arc;

use treewire_transports::{Content, Payload};

use crate::core::{Arrivals, Inlet, PipeId};
use crate::position::StreamPosition;

/// A received message: headers, one or more parts, and the route back.
///
/// It counts as handled, and the sender learns so, when it is dropped or taken
/// apart. One of a reliable socket that is dropped by a panic comes again, up to three
/// times in all.
pub struct Message {
    /// The request it is, or its number in the stream of its publisher; else 0.
    correlation: u64,
    content: Content,
    /// Only one that was taken apart has none.
    receipt: Option<Receipt>,
}

impl Message {
    #[inline]
    pub(crate) fn new(correlation: u64, content: Content, receipt: Receipt) -> Self {
        Message {
            correlation,
            content,
            receipt: Some(receipt),
        }
    }

    /// The first part, which is all of it unless it has several.
    pub fn payload(&self) -> &Payload {
        self.content.first()
    }

    /// The peer it came from.
    pub fn source(&self) -> Source {
        Source(self.inlet().pipe())
    }

    /// The peer's address, for people.
    pub fn peer(&self) -> &str {
        self.inlet().peer()
    }

    /// Whether it came before, and a panic kept it from being handled.
    pub fn is_redelivered(&self) -> bool {
        self.receipt().is_redelivered()
    }

    /// Where it stands in the stream of its sender, to be stored together with its effect and
    /// given to [`Pull::resume_from`](crate::Pull::resume_from) after a crash of the process.
    /// `None` of best effort, and if this socket dialed its sender: then numbers begin anew
    /// with each session. What a [`Sub`](crate::Sub) receives always has one, that in the stream of
    /// its publisher.
    pub fn position(&self) -> Option<StreamPosition> {
        self.receipt().position_of(self.sequence())
    }

    /// Its number in the stream of its publisher, or 0.
    pub(crate) fn sequence(&self) -> u64 {
        match self.inlet().published() {
            Some(_) => self.correlation,
            None => 0,
        }
    }

    /// Counts it as handled, as dropping it does.
    pub fn ack(self) {}

    /// Headers and parts alone; the message counts as handled.
    pub fn into_content(self) -> Content {
        self.into_split().0
    }

    pub(crate) fn into_split(mut self) -> (Content, Receipt) {
        let content = take(&mut self.content);
        (content, self.receipt.take().expect(WHOLE))
    }

    /// From here on a panic that drops it brings it back to its socket.
    #[inline]
    pub(crate) fn handed_out(mut self) -> Self {
        if let Some(receipt) = &mut self.receipt
            && receipt.is_reliable()
        {
            receipt.attempts |= HANDED_OUT;
        }
        self
    }

    #[inline]
    fn receipt(&self) -> &Receipt {
        self.receipt.as_ref().expect(WHOLE)
    }

    /// The request it is, or 0.
    pub(crate) fn correlation(&self) -> u64 {
        self.correlation - self.sequence()
    }

    pub(crate) fn inlet(&self) -> &Arc<Inlet> {
        &self.receipt().inlet
    }

    pub(crate) fn is_reliable(&self) -> bool {
        self.receipt().is_reliable()
    }

    /// Whether the session that `other` belongs to has it before that one.
    pub(crate) fn precedes(&self, other: &Message) -> bool {
        if let (Some(stream), Some(other_stream)) =
            (self.inlet().published(), other.inlet().published())
        {
            return stream == other_stream && self.correlation < other.correlation;
        }
        let (own, others) = (self.receipt(), other.receipt());
        own.is_reliable()
            && own.number < others.number
            && own.inlet.is_of_the_session_of(&others.inlet)
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.correlation != 0 && self.inlet().is_cancelled(self.correlation)
    }
}

/// What is said of a message without a receipt, of which there is none.
const WHOLE: &str = "a message that was taken apart is gone";

impl Drop for Message {
    #[inline]
    fn drop(&mut self) {
        if let Some(receipt) = &self.receipt
            && receipt.attempts & HANDED_OUT != 0
            && std::thread::panicking()
        {
            self.come_again();
        }
    }
}

impl Message {
    /// A panic dropped it.
    #[cold]
    fn come_again(&mut self) {
        let Some(mut receipt) = self.receipt.take() else {
            return;
        };
        let Some(shared) = receipt.inlet.home().upgrade() else {
            return;
        };
        receipt.attempts &= !HANDED_OUT;
        let comes_again = receipt.panicked();
        let message = Message::new(self.correlation, take(&mut self.content), receipt);
        match comes_again {
            true => shared.come_again(message),
            false => shared.dead_letter(PANICKED, message.into_content()),
        }
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
    /// What it was given on [arrival](Arrivals::next).
    number: u64,
    /// How often a message of a session was handed over, this time included, and
    /// [`HANDED_OUT`]; 0 without a session. All of a message are words: it is moved as such,
    /// and what was written as a byte just before would hold that up.
    attempts: usize,
}

/// A panic that drops the message brings it back.
const HANDED_OUT: usize = 1 << 8;

impl Receipt {
    /// For a message that arrives now.
    #[inline]
    pub(crate) fn new(inlet: &Arc<Inlet>, arrivals: &mut Arrivals<'_>, bytes: u64) -> Self {
        Receipt {
            inlet: inlet.clone(),
            number: arrivals.next(bytes),
            attempts: usize::from(arrivals.are_of_a_session()),
        }
    }

    pub(crate) fn inlet(&self) -> &Arc<Inlet> {
        &self.inlet
    }

    /// Where the message stands in the stream of its sender.
    pub(crate) fn position(&self) -> Option<StreamPosition> {
        let stream = self.inlet.stream().filter(|_| self.is_reliable())?;
        Some(StreamPosition {
            stream,
            sequence: self.number,
        })
    }

    /// The same of a message that has that number in the stream of its publisher, or 0.
    pub(crate) fn position_of(&self, sequence: u64) -> Option<StreamPosition> {
        if sequence == 0 {
            return self.position();
        }
        let stream = self.inlet.published()?;
        Some(StreamPosition { stream, sequence })
    }

    /// Whether the message is one of a session: it comes again if its handling panics.
    pub(crate) fn is_reliable(&self) -> bool {
        self.attempts != 0
    }

    /// Whether a panic kept it from being handled before.
    pub(crate) fn is_redelivered(&self) -> bool {
        self.attempts() > 1
    }

    /// How often the message was handed over and not lost with a generation for another
    /// reason than its own panic.
    pub(crate) fn attempts(&self) -> usize {
        self.attempts & !HANDED_OUT
    }

    /// Handling it panicked; `false` if that was once too often.
    pub(crate) fn panicked(&mut self) -> bool {
        if self.attempts == 0 {
            return false;
        }
        self.attempts += 1;
        self.attempts() <= ATTEMPTS_MAX
    }
}

/// How often a message of a session is handed over, if handling it panics.
const ATTEMPTS_MAX: usize = 3;

/// The cause under which one that was handed over that often is counted.
pub(crate) const PANICKED: &str = "panicked three times";

impl Drop for Receipt {
    #[inline]
    fn drop(&mut self) {
        self.inlet.handled(self.number);
    }
}
