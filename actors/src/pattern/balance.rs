use super::Load;

/// Which of several peers gets the next message of a socket that sends to one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Balance {
    /// The one with the least outstanding, queued or not handled yet: who is slow gets less.
    #[default]
    LeastOutstanding,
    /// The next in turn: each gets as many.
    RoundRobin,
}

/// Chooses one peer: connected ones before absent ones, then those of the lowest priority, and
/// of these the next in turn. Each priority has a turn of its own, so that what others take
/// when those are full changes nobody's share.
#[derive(Debug, Default)]
pub(crate) struct RoundRobin {
    /// By priority: from which key on the next peer is looked for.
    next: Vec<usize>,
}

impl RoundRobin {
    /// The choice among the peers that have room, by key.
    pub(crate) fn choose(&mut self, peers: impl Iterator<Item = (usize, Load)>) -> Option<usize> {
        let next_of = |priority: u8| self.next.get(usize::from(priority)).copied();
        let rank = |(key, load): (usize, Load)| {
            let next = next_of(load.priority).unwrap_or(0);
            (!load.connected, load.priority, key < next, key)
        };
        let (_, priority, _, key) = peers.map(rank).min()?;
        let priority = usize::from(priority);
        if self.next.len() <= priority {
            self.next.resize(priority + 1, 0);
        }
        self.next[priority] = key + 1;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<const COUNT: usize>(
        sender: &mut RoundRobin,
        peers: &[(usize, Load)],
    ) -> [Option<usize>; COUNT] {
        std::array::from_fn(|_| sender.choose(peers.iter().copied()))
    }

    fn load(connected: bool, priority: u8, outstanding: u64) -> Load {
        Load {
            connected,
            priority,
            outstanding,
        }
    }

    #[test]
    fn each_has_its_turn_whatever_it_has_before_it() {
        let mut sender = RoundRobin::default();
        let peers = [900, 0, 7].map(|outstanding| load(true, 8, outstanding));
        let peers: Vec<_> = peers.into_iter().enumerate().collect();
        let turns = [0, 1, 2, 0, 1, 2, 0].map(Some);
        assert_eq!(chosen(&mut sender, &peers), turns);
    }

    #[test]
    fn who_has_no_room_or_has_left_is_passed_over() {
        let mut sender = RoundRobin::default();
        let peers = [0, 1, 2].map(|key| (key, load(true, 8, 0)));
        assert_eq!(chosen(&mut sender, &peers), [Some(0)]);
        let without = [peers[0], peers[2]];
        assert_eq!(chosen(&mut sender, &without), [2, 0, 2].map(Some));
        assert_eq!(chosen(&mut sender, &peers), [0, 1, 2].map(Some));
        assert_eq!(chosen(&mut sender, &[]), [None]);
    }

    #[test]
    fn connected_before_absent() {
        let mut sender = RoundRobin::default();
        let peers = [
            (0, load(false, 1, 0)),
            (1, load(true, 8, 0)),
            (2, load(true, 8, 0)),
        ];
        assert_eq!(chosen(&mut sender, &peers), [1, 2, 1].map(Some));
        let absent = [0, 1].map(|key| (key, load(false, 8, 0)));
        assert_eq!(chosen(&mut sender, &absent), [0, 1, 0].map(Some));
    }

    #[test]
    fn the_lowest_priority_comes_before_the_turn_and_each_has_its_own() {
        let mut sender = RoundRobin::default();
        let first = [0, 3].map(|key| (key, load(true, 1, 0)));
        let last = [1, 2].map(|key| (key, load(true, 2, 0)));
        let all = [first, last].concat();
        assert_eq!(chosen(&mut sender, &all), [0, 3, 0].map(Some));
        assert_eq!(chosen(&mut sender, &last), [1, 2, 1].map(Some));
        assert_eq!(chosen(&mut sender, &all), [3, 0].map(Some));
        assert_eq!(chosen(&mut sender, &last), [2].map(Some));
    }
}
