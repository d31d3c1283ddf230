/// How many peers a socket takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connector {
    /// Any number.
    #[default]
    Unlimited,
    /// At most this many at a time; one more is told why it is refused.
    AtMost(usize),
}

impl Connector {
    /// Whether one more peer is taken beside `connected` ones.
    pub fn admits(self, connected: usize) -> bool {
        match self {
            Connector::Unlimited => true,
            Connector::AtMost(limit) => connected < limit,
        }
    }
}

impl From<usize> for Connector {
    fn from(limit: usize) -> Self {
        Connector::AtMost(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multisocket_07_the_peer_above_the_limit_is_not_admitted() {
        assert!(Connector::Unlimited.admits(1_000_000));
        assert!(Connector::AtMost(2).admits(1));
        assert!(!Connector::AtMost(2).admits(2));
    }
}
