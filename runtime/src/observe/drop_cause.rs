use std::fmt;

/// Why a mailbox dropped a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropCause {
    /// It found no room.
    MailboxFull,
    /// It was the oldest, and made room for a newer one.
    Displaced,
    /// A newer one of the same key took its place.
    Conflated,
    /// Its generation ended, and the mailbox keeps nothing over restarts.
    Discarded,
    /// The actor has stopped for good.
    Stopped,
    /// The actor sent it to itself in an earlier generation.
    OwnEarlierGeneration,
}

impl DropCause {
    /// Under which name the tree counts it.
    pub fn as_str(self) -> &'static str {
        match self {
            DropCause::MailboxFull => "mailbox full",
            DropCause::Displaced => "displaced by a newer one",
            DropCause::Conflated => "conflated",
            DropCause::Discarded => "discarded at a restart",
            DropCause::Stopped => "stopped",
            DropCause::OwnEarlierGeneration => "sent by an earlier generation to itself",
        }
    }
}

impl fmt::Display for DropCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
