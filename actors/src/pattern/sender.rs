/// To whom a socket sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// To nobody: it has no `send`.
    Nobody,
    /// To one peer, chosen by its [`Balance`](super::Balance).
    One,
    /// To all peers.
    All,
    /// To the peer that a message came from.
    Source,
    /// To the peers that subscribed to its topic, its first part.
    Subscribers,
}

/// What a peer has before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// A connection is up.
    pub(crate) connected: bool,
    /// The lower, the sooner it is its turn.
    pub(crate) priority: u8,
    /// Messages queued for it or not yet handled by it.
    pub(crate) outstanding: u64,
}

/// Chooses one peer: connected ones before absent ones, then those of the lowest priority, then
/// the one with the least outstanding, then in turn.
#[derive(Debug, Default)]
pub(crate) struct LeastOutstanding {
    last: usize,
}

impl LeastOutstanding {
    /// The choice among the peers that have room, by key.
    pub(crate) fn choose(
        &mut self,
        mut peers: impl Iterator<Item = (usize, Load)>,
    ) -> Option<usize> {
        let first = peers.next()?;
        let Some(second) = peers.next() else {
            self.last = first.0;
            return Some(first.0);
        };
        let peers = [first, second].into_iter().chain(peers);
        let last = self.last;
        // Keys after the last choice come before those up to it.
        let rank = |key: usize, load: Load| {
            let Load {
                connected,
                priority,
                outstanding,
            } = load;
            (!connected, priority, outstanding, key <= last, key)
        };
        let (.., key) = peers.map(|(key, load)| rank(key, load)).min()?;
        self.last = key;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(connected: bool, outstanding: u64) -> Load {
        Load {
            connected,
            priority: 8,
            outstanding,
        }
    }

    #[test]
    fn equal_peers_take_turns() {
        let mut sender = LeastOutstanding { last: 2 };
        let peers = [(0, load(true, 0)), (1, load(true, 0)), (2, load(true, 0))];
        let chosen: Vec<_> = (0..7)
            .filter_map(|_| sender.choose(peers.into_iter()))
            .collect();
        assert_eq!(chosen, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn connected_before_absent_then_the_least_outstanding() {
        let mut sender = LeastOutstanding::default();
        let peers = [(0, load(false, 0)), (1, load(true, 9)), (2, load(true, 3))];
        assert_eq!(sender.choose(peers.into_iter()), Some(2));
        assert_eq!(sender.choose(peers[..1].iter().copied()), Some(0));
        assert_eq!(sender.choose(std::iter::empty()), None);
    }

    #[test]
    fn nanomsg_08_the_lowest_priority_that_is_connected_comes_first() {
        let mut sender = LeastOutstanding::default();
        let of = |priority, connected, outstanding| Load {
            priority,
            ..load(connected, outstanding)
        };
        let peers = [
            (0, of(1, false, 0)),
            (1, of(3, true, 0)),
            (2, of(2, true, 9)),
            (3, of(2, true, 7)),
        ];
        assert_eq!(sender.choose(peers.into_iter()), Some(3));
        assert_eq!(sender.choose(peers[..2].iter().copied()), Some(1));
        assert_eq!(sender.choose(peers[..1].iter().copied()), Some(0));
    }
}
