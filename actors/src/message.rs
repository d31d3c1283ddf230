use std::fmt;
use std::mem::take;
use std::ops::Deref;
use std::sync::Arc;

use treewire_transports::{Content, Payload};

use crate::core::{Arrivals, Inlet, PipeId};
use crate::position::{SEQUENCE_MAX, StreamPosition};

/// A received message: headers, one or more parts, and the route back.
///
/// It counts as handled, and the sender learns so, when it is dropped or taken
/// apart. One of a reliable socket that is dropped by a panic comes again, up to three
/// times in all.
// The content comes first in all that has one, so that it is moved in the same steps of 16 bytes
// wherever it goes: a load that spans two stores waits for both.
#[repr(C)]
pub struct Message {
    content: Content,
    /// The request it is, or its number in the stream of its publisher; else 0.
    correlation: u64,
    /// Only one that was taken apart has none.
    receipt: Option<Receipt>,
    place: Place,
}

/// Where a message of a session is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Place {
    /// With its socket, or on its way; and all others, wherever they are.
    Here,
    /// With who received it: a panic that drops it brings it back.
    HandedOut,
}

impl Message {
    #[inline]
    pub(crate) fn new(correlation: u64, content: Content, receipt: Receipt) -> Self {
        Message {
            content,
            correlation,
            receipt: Some(receipt),
            place: Place::Here,
        }
    }

    /// One that is to be [filled](Self::fill).
    #[inline]
    pub(crate) const fn vacant() -> Self {
        Message {
            content: Content::empty(),
            correlation: 0,
            receipt: None,
            place: Place::Here,
        }
    }

    #[inline]
    pub(crate) fn fill(&mut self, correlation: u64, content: Content, receipt: Receipt) {
        self.correlation = correlation;
        self.content = content;
        self.receipt = Some(receipt);
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
    pub(crate) fn hand_out(&mut self) {
        if self.is_reliable() {
            self.place = Place::HandedOut;
        }
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
            && own.number() < others.number()
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
        if self.place == Place::HandedOut && std::thread::panicking() {
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
    /// What it was given on [arrival](Arrivals::next), and above [`NUMBER_BITS`] how often a
    /// message of a session was handed over, this time included; 0 without a session.
    number: u64,
}

/// The bytes of a message do not come near it, and the messages of a session, which begins after
/// [`SEQUENCE_MAX`] at most, do not in a century.
const NUMBER_BITS: u32 = 56;

const _: () = assert!(SEQUENCE_MAX <= 1 << (NUMBER_BITS - 1));

impl Receipt {
    /// For a message that arrives now.
    #[inline]
    pub(crate) fn new(inlet: &Arc<Inlet>, arrivals: &mut Arrivals<'_>, bytes: u64) -> Self {
        Receipt {
            inlet: inlet.clone(),
            number: arrivals.next(bytes) | u64::from(arrivals.are_of_a_session()) << NUMBER_BITS,
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
            sequence: self.number(),
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
        self.attempts() != 0
    }

    /// Whether a panic kept it from being handled before.
    pub(crate) fn is_redelivered(&self) -> bool {
        self.attempts() > 1
    }

    #[inline]
    fn number(&self) -> u64 {
        self.number & ((1 << NUMBER_BITS) - 1)
    }

    #[inline]
    fn attempts(&self) -> u64 {
        self.number >> NUMBER_BITS
    }

    /// Handling it panicked; `false` if that was once too often.
    pub(crate) fn panicked(&mut self) -> bool {
        if !self.is_reliable() {
            return false;
        }
        self.number += 1 << NUMBER_BITS;
        self.attempts() <= ATTEMPTS_MAX
    }
}

/// How often a message of a session is handed over, if handling it panics.
const ATTEMPTS_MAX: u64 = 3;

/// The cause under which one that was handed over that often is counted.
pub(crate) const PANICKED: &str = "panicked three times";

impl Drop for Receipt {
    #[inline]
    fn drop(&mut self) {
        self.inlet.handled(self.number());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_and_what_holds_it_are_moved_in_the_same_steps() {
        assert_eq!(size_of::<Message>(), 4 * 16 + 8);
        type Received = std::task::Poll<Result<Option<Message>, crate::handle::RecvError>>;
        assert_eq!(size_of::<Received>(), size_of::<Message>());
    }
}
