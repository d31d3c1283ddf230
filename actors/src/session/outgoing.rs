use std::collections::VecDeque;

/// The messages of one direction that the peer did not acknowledge, in order: those that
/// left, and those that are to leave once more.
///
/// Messages are numbered from 1; both sides count, so that none carries its number, which it
/// keeps until it is acknowledged or given up.
#[derive(Debug)]
pub(crate) struct Outgoing<T> {
    /// The number of the last message that the peer handled, or that was given up.
    acknowledged: u64,
    /// The bytes of all messages of the session up to that one.
    acknowledged_bytes: u64,
    /// What left after it, on the connection that is up or on an earlier one.
    kept: VecDeque<Kept<T>>,
    kept_bytes: u64,
    /// How many of them the peer has, as far as the connection that is up goes.
    left: usize,
    left_bytes: u64,
}

#[derive(Debug)]
struct Kept<T> {
    message: T,
    bytes: u64,
}

/// Where the numbers of a session stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The number of a message; 0 before the first.
    pub(crate) sequence: u64,
    /// The bytes of all messages of the session up to it.
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
            kept: VecDeque::new(),
            kept_bytes: 0,
            left: 0,
            left_bytes: 0,
        }
    }
}

impl<T> Outgoing<T> {
    /// One more message leaves, for the first time; where it is kept.
    #[inline]
    pub(crate) fn leaves(&mut self, message: T, bytes: u64) -> &mut T {
        debug_assert_eq!(self.again(), 0, "those before it leave first");
        self.kept_bytes += bytes;
        self.left += 1;
        self.left_bytes += bytes;
        self.kept.push_back(Kept { message, bytes });
        let last = self.kept.back_mut().expect("it was pushed just now");
        &mut last.message
    }

    /// The next message that left on an earlier connection leaves once more.
    pub(crate) fn leaves_again(&mut self) -> Option<&T> {
        let kept = self.kept.get(self.left)?;
        self.left += 1;
        self.left_bytes += kept.bytes;
        Some(&kept.message)
    }

    /// The messages that are kept, the oldest first, and whether they are to leave once more.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&T, bool)> {
        let messages = self.kept.iter().enumerate();
        messages.map(|(at, kept)| (&kept.message, at >= self.left))
    }

    /// How many messages are to leave once more.
    pub(crate) fn again(&self) -> usize {
        self.kept.len() - self.left
    }

    /// A message that left with `after` others behind it did not leave after all; it
    /// comes back.
    pub(crate) fn stays(&mut self, after: usize) -> Option<T> {
        let at = self.left.checked_sub(after + 1)?;
        let kept = self.kept.remove(at)?;
        self.kept_bytes -= kept.bytes;
        self.left -= 1;
        self.left_bytes -= kept.bytes;
        Some(kept.message)
    }

    /// Something else left in the place of a message with `after` others behind it, which
    /// comes back.
    pub(crate) fn replace(&mut self, after: usize, message: T, bytes: u64) -> Option<T> {
        let at = self.left.checked_sub(after + 1)?;
        let kept = self.kept.get_mut(at)?;
        self.kept_bytes = self.kept_bytes - kept.bytes + bytes;
        self.left_bytes = self.left_bytes - kept.bytes + bytes;
        Some(std::mem::replace(kept, Kept { message, bytes }).message)
    }

    /// The peer handled everything up to `sequence`. What was acknowledged is handed to
    /// `done`, the oldest first; nothing if that is old news.
    pub(crate) fn acknowledge(
        &mut self,
        sequence: u64,
        done: impl FnMut(T),
    ) -> Result<(), FalseFigure> {
        let sent = self.position().sequence;
        if sequence > sent {
            return Err(FalseFigure::NeverSent {
                claimed: sequence,
                last: sent,
            });
        }
        self.drop_first(sequence.saturating_sub(self.acknowledged) as usize, done);
        Ok(())
    }

    fn drop_first(&mut self, count: usize, mut done: impl FnMut(T)) {
        let mut bytes = 0;
        for kept in self.kept.drain(..count) {
            bytes += kept.bytes;
            done(kept.message);
        }
        self.acknowledged += count as u64;
        self.acknowledged_bytes += bytes;
        self.kept_bytes -= bytes;
        self.left -= count;
        self.left_bytes -= bytes;
    }

    /// Whether the peer may have received everything up to `sequence`, and nothing
    /// after it.
    pub(crate) fn check(&self, sequence: u64) -> Result<(), FalseFigure> {
        let last = self.last();
        if sequence > last {
            Err(FalseFigure::NeverSent {
                claimed: sequence,
                last,
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

    /// A session begins with a peer that handled everything up to `sequence`, which was
    /// [checked](Self::check): bytes count from there. What was acknowledged comes back.
    pub(crate) fn begin(&mut self, sequence: u64) -> Vec<T> {
        self.resume(self.last());
        let count = sequence.saturating_sub(self.acknowledged) as usize;
        let mut acknowledged = Vec::new();
        self.drop_first(count.min(self.kept.len()), |message| {
            acknowledged.push(message);
        });
        self.acknowledged_bytes = 0;
        acknowledged
    }

    /// A new connection is up, and the peer received everything up to `sequence`,
    /// which was [checked](Self::check): what comes after it is to leave once more.
    pub(crate) fn resume(&mut self, sequence: u64) {
        let received = sequence.saturating_sub(self.acknowledged) as usize;
        self.left = received.min(self.kept.len());
        let left = self.kept.iter().take(self.left);
        self.left_bytes = left.map(|kept| kept.bytes).sum();
    }

    /// Up to which message it is with the peer, as far as this connection goes.
    pub(crate) fn position(&self) -> Position {
        Position {
            sequence: self.acknowledged + self.left as u64,
            bytes: self.acknowledged_bytes + self.left_bytes,
        }
    }

    /// The number of the last message that ever left.
    pub(crate) fn last(&self) -> u64 {
        self.acknowledged + self.kept.len() as u64
    }

    /// The number of the last message that need not be kept.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// How many messages are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Their bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.kept_bytes
    }

    /// Everything that is kept, the oldest first, is given up; the numbers go on after it.
    pub(crate) fn take_all(&mut self) -> impl DoubleEndedIterator<Item = T> {
        self.acknowledged = self.last();
        self.acknowledged_bytes += self.kept_bytes;
        (self.kept_bytes, self.left, self.left_bytes) = (0, 0, 0);
        std::mem::take(&mut self.kept)
            .into_iter()
            .map(|kept| kept.message)
    }
}
