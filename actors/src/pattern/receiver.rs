use std::collections::VecDeque;

/// From whom a socket receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// From nobody: it has no `recv`.
    Nobody,
    /// From all peers, one message of each in turn.
    All,
}

/// Whose turn it is among the peers that have messages waiting.
#[derive(Debug, Default)]
pub(crate) struct FairTurns(VecDeque<usize>);

impl FairTurns {
    /// A peer that had nothing waiting has something now.
    pub(crate) fn enter(&mut self, key: usize) {
        self.0.push_back(key);
    }

    /// The peer to take one message from; [`enter`](Self::enter) it again if it has more.
    pub(crate) fn next(&mut self) -> Option<usize> {
        self.0.pop_front()
    }

    /// The peer is gone.
    pub(crate) fn leave(&mut self, key: usize) {
        self.0.retain(|&other| other != key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeromq_04_the_first_of_each_comes_before_the_second_of_any() {
        let mut waiting = [3, 1, 2];
        let mut turns = FairTurns::default();
        (0..3).for_each(|key| turns.enter(key));
        let mut order = Vec::new();
        while let Some(key) = turns.next() {
            order.push(key);
            waiting[key] -= 1;
            if waiting[key] > 0 {
                turns.enter(key);
            }
        }
        assert_eq!(order, [0, 1, 2, 0, 2, 0]);
    }
}
