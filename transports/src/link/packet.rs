use bytes::Bytes;

/// One whole message of a [`MessageLink`](super::MessageLink): its bytes are `head` followed by `body`.
///
/// The cut between the two lets a sender put a header before shared bytes without copying them. A transport may join
/// the two, so a receiver must not give the cut a meaning; it never splits one packet over two receives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// The first bytes.
    pub head: Bytes,
    /// The bytes after them.
    pub body: Bytes,
}

impl Packet {
    /// How many bytes the message has.
    pub fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Whether the message has no bytes; it is a message all the same.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.body.is_empty()
    }

    /// The message as one buffer; without a copy when head or body is empty.
    pub fn into_bytes(self) -> Bytes {
        if self.head.is_empty() {
            return self.body;
        }
        if self.body.is_empty() {
            return self.head;
        }
        [self.head, self.body].concat().into()
    }
}

impl From<Bytes> for Packet {
    fn from(body: Bytes) -> Self {
        Self {
            head: Bytes::new(),
            body,
        }
    }
}
