use std::collections::VecDeque;

/// What left for the peer of a session and is not acknowledged, in order.
///
/// Messages are numbered from 1 over the life of the session; both sides count, so
/// that none carries its number.
#[derive(Debug)]
pub(crate) struct Outgoing<T> {
    /// The number of the last message that the peer handled.
    acknowledged: u64,
    /// The bytes of all messages up to that one.
    acknowledged_bytes: u64,
    /// What left after it, on the connection that is up or on an earlier one.
    left: VecDeque<Left<T>>,
    left_bytes: u64,
    /// The number of the last message that ever left.
    last: u64,
}

#[derive(Debug)]
struct Left<T> {
    message: T,
    bytes: u64,
}

/// Where the numbers of a session stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The number of a message; 0 before the first.
    pub(crate) sequence: u64,
    /// The bytes of all messages up to it.
    pub(crate) bytes: u64,
}

/// A figure of the peer that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FalseFigure {
    /// It has what it was never sent.
    #[error(
        "the peer says that it has message {claimed} of the session, the last it was sent is {last}"
    )]
    NeverSent { claimed: u64, last: u64 },
    /// It forgot what it had handled.
    #[error(
        "the peer says that it has message {claimed} of the session, it had handled {acknowledged}: it lost the session"
    )]
    Forgotten { claimed: u64, acknowledged: u64 },
}

impl<T> Default for Outgoing<T> {
    fn default() -> Self {
        Outgoing {
            acknowledged: 0,
            acknowledged_bytes: 0,
            left: VecDeque::new(),
            left_bytes: 0,
            last: 0,
        }
    }
}

impl<T> Outgoing<T> {
    /// One more message leaves; `true` if it had left before.
    pub(crate) fn leaves(&mut self, message: T, bytes: u64) -> bool {
        self.left.push_back(Left { message, bytes });
        self.left_bytes += bytes;
        let number = self.acknowledged + self.left.len() as u64;
        let is_again = number <= self.last;
        self.last = self.last.max(number);
        is_again
    }

    /// A message that left with `after` others behind it did not leave after all.
    pub(crate) fn stays(&mut self, after: usize) {
        let at = self.left.len().checked_sub(after + 1);
        if let Some(left) = at.and_then(|at| self.left.remove(at)) {
            self.left_bytes -= left.bytes;
            self.last -= 1;
        }
    }

    /// Something else left in the place of a message with `after` others behind it.
    pub(crate) fn replace(&mut self, after: usize, message: T, bytes: u64) {
        let at = self.left.len().checked_sub(after + 1);
        if let Some(left) = at.and_then(|at| self.left.get_mut(at)) {
            self.left_bytes = self.left_bytes - left.bytes + bytes;
            *left = Left { message, bytes };
        }
    }

    /// The peer handled everything up to `sequence`. What was acknowledged comes
    /// back, the oldest first; nothing if that is old news.
    pub(crate) fn acknowledge(
        &mut self,
        sequence: u64,
    ) -> Result<impl Iterator<Item = T>, FalseFigure> {
        let sent = self.position().sequence;
        if sequence > sent {
            return Err(FalseFigure::NeverSent {
                claimed: sequence,
                last: sent,
            });
        }
        let count = sequence.saturating_sub(self.acknowledged) as usize;
        self.acknowledged += count as u64;
        let bytes: u64 = self.left.iter().take(count).map(|left| left.bytes).sum();
        self.acknowledged_bytes += bytes;
        self.left_bytes -= bytes;
        Ok(self.left.drain(..count).map(|left| left.message))
    }

    /// Whether the peer may have received everything up to `sequence`, and nothing
    /// after it.
    pub(crate) fn check(&self, sequence: u64) -> Result<(), FalseFigure> {
        if sequence > self.last {
            Err(FalseFigure::NeverSent {
                claimed: sequence,
                last: self.last,
            })
        } else if sequence < self.acknowledged {
            Err(FalseFigure::Forgotten {
                claimed: sequence,
                acknowledged: self.acknowledged,
            })
        } else {
            Ok(())
        }
    }

    /// A new connection is up, and the peer received everything up to `sequence`,
    /// which was [checked](Self::check): what it did not receive comes back, the
    /// oldest first, to leave again.
    pub(crate) fn resume(&mut self, sequence: u64) -> Vec<T> {
        let received = sequence.saturating_sub(self.acknowledged) as usize;
        let again = self.left.split_off(received.min(self.left.len()));
        self.left_bytes -= again.iter().map(|left| left.bytes).sum::<u64>();
        again.into_iter().map(|left| left.message).collect()
    }

    /// Up to which message it is with the peer, as far as this connection goes.
    pub(crate) fn position(&self) -> Position {
        Position {
            sequence: self.acknowledged + self.left.len() as u64,
            bytes: self.acknowledged_bytes + self.left_bytes,
        }
    }

    /// How many messages are kept.
    pub(crate) fn len(&self) -> usize {
        self.left.len()
    }

    /// Their bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.left_bytes
    }

    /// Everything that is kept, the oldest first: the session has ended.
    pub(crate) fn take_all(&mut self) -> impl DoubleEndedIterator<Item = T> {
        self.left_bytes = 0;
        std::mem::take(&mut self.left)
            .into_iter()
            .map(|left| left.message)
    }
}
