use std::fmt;

/// Where a message is that was sent with
/// [`send_tracked`](crate::PushSocket::send_tracked), or what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It waits in a queue of this socket: for the first time, or since it is to leave again
    /// on another connection.
    Queued,
    /// It was handed to a connection, and the peer has not said yet that it was handled.
    Written,
    /// The peer says that it was handled.
    Acknowledged,
    /// It was given up and nobody got it.
    Dropped {
        /// The cause under which the tree counts it: `queue full`, `conflated`, `no peer`,
        /// `peer gone`, `too large for the peer`, `not for the peer's wire`, `closed`,
        /// `undialed`, and why its session ended.
        cause: &'static str,
    },
    /// It left, and its connection, or the session with its peer where there is one, ended
    /// without a word about it: it may have been handled or not.
    LostInCrash,
    /// Its peer stayed away for the lease of the session: it may have been handled or not.
    Expired,
}

impl Fate {
    /// Whether it stays so.
    pub fn is_final(self) -> bool {
        !matches!(self, Fate::Queued | Fate::Written)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Queued => f.write_str("queued"),
            Fate::Written => f.write_str("written"),
            Fate::Acknowledged => f.write_str("acknowledged"),
            Fate::Dropped { cause } => write!(f, "dropped: {cause}"),
            Fate::LostInCrash => f.write_str("lost in a crash"),
            Fate::Expired => f.write_str("expired"),
        }
    }
}
