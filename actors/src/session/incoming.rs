use std::collections::VecDeque;

use super::Position;

/// Which of the messages received in a session were handled. The peer is told how
/// many were without a gap: a message that is open holds back those after it.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// The number of the last message before which none is open.
    handled: u64,
    /// Whether each message after it is handled, and its bytes.
    after: VecDeque<Arrived>,
    /// The bytes of all messages that arrived.
    bytes: u64,
    /// The bytes of those up to the last before which none is open.
    handled_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Arrived {
    bytes: u64,
    is_handled: bool,
}

/// Messages that the peer may be told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handled {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Incoming {
    /// For messages that are numbered from the one after `sequence` on.
    pub(crate) fn after(sequence: u64) -> Self {
        Incoming {
            handled: sequence,
            ..Incoming::default()
        }
    }

    /// A message arrived; its number.
    pub(crate) fn arrived(&mut self, bytes: u64) -> u64 {
        self.after.push_back(Arrived {
            bytes,
            is_handled: false,
        });
        self.bytes += bytes;
        self.received().sequence
    }

    /// Up to which message the peer's have arrived.
    pub(crate) fn received(&self) -> Position {
        Position {
            sequence: self.handled + self.after.len() as u64,
            bytes: self.bytes,
        }
    }

    /// The number of the last message before which none is open.
    pub(crate) fn handled_up_to(&self) -> u64 {
        self.handled
    }

    /// Messages up to `sequence` do not come any more: they count as handled. What the peer
    /// may be told of for it.
    pub(crate) fn skip_to(&mut self, sequence: u64) -> Handled {
        let mut skipped = Handled::default();
        while self.handled + skipped.messages < sequence
            && let Some(arrived) = self.after.pop_front()
        {
            skipped.messages += 1;
            skipped.bytes += arrived.bytes;
        }
        skipped.messages = skipped.messages.max(sequence.saturating_sub(self.handled));
        self.close(skipped)
    }

    /// Whether any message is not handled.
    pub(crate) fn is_open(&self) -> bool {
        !self.after.is_empty()
    }

    /// The bytes of the messages from the first that is open on.
    pub(crate) fn open_bytes(&self) -> u64 {
        self.bytes - self.handled_bytes
    }

    /// A message was handled; what the peer may be told of for it.
    pub(crate) fn handled(&mut self, sequence: u64) -> Handled {
        let at = sequence.checked_sub(self.handled + 1);
        if let Some(arrived) = at.and_then(|at| self.after.get_mut(at as usize)) {
            arrived.is_handled = true;
        }
        self.close(Handled::default())
    }

    /// Those at the front that are handled need not be known any more.
    fn close(&mut self, mut told: Handled) -> Handled {
        while let Some(arrived) = self.after.pop_front_if(|arrived| arrived.is_handled) {
            told.messages += 1;
            told.bytes += arrived.bytes;
        }
        self.handled += told.messages;
        self.handled_bytes += told.bytes;
        told
    }
}
