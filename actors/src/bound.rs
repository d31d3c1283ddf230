/// How much may wait in one direction of one pipe.
///
/// A queue is at its bound when it holds `messages` messages, or `bytes` bytes or
/// more; one message larger than `bytes` therefore still passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Messages, from 1 to 16 million (2^24 - 1). Default 1,000.
    pub messages: u64,
    /// Payload and header bytes, from 1 to 512 GiB (2^39). Default 16 MiB.
    pub bytes: u64,
}

pub(crate) const MESSAGES_MAX: u64 = (1 << 24) - 1;
pub(crate) const BYTES_MAX: u64 = 1 << 39;

impl Bound {
    /// This many messages, and the default number of bytes.
    pub fn messages(messages: u64) -> Self {
        Bound {
            messages,
            ..Bound::default()
        }
        .within_limits()
    }

    /// The same with another number of bytes.
    pub fn bytes(self, bytes: u64) -> Self {
        Bound { bytes, ..self }.within_limits()
    }

    pub(crate) fn within_limits(self) -> Self {
        Bound {
            messages: self.messages.clamp(1, MESSAGES_MAX),
            bytes: self.bytes.clamp(1, BYTES_MAX),
        }
    }

    pub(crate) fn reached(&self, messages: usize, bytes: u64) -> bool {
        messages as u64 >= self.messages || bytes >= self.bytes
    }
}

impl Default for Bound {
    fn default() -> Self {
        Bound {
            messages: 1_000,
            bytes: 16 * 1024 * 1024,
        }
    }
}

/// What a socket does with a message to send when its queues are at their bound
/// or it has no peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// `send` waits; `try_send` refuses. The default of `push` and `req`.
    #[default]
    Wait,
    /// Both refuse.
    Refuse,
    /// The message is dropped and counted.
    DropNewest,
    /// The oldest messages in the queue are dropped and counted, as many as it takes,
    /// and the new one has their room. Without a peer the new one is dropped. What a
    /// reliable socket sent already stays: if that is the bound by itself, the newest
    /// message is kept beside it.
    DropOldest,
    /// Only the newest message is kept in a queue that is full; the others are counted as
    /// dropped. What a reliable socket sent already stays, as above.
    Conflate,
}
