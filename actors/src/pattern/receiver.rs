use std::collections::VecDeque;

/// From whom a socket receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// From nobody: it has no `recv`.
    Nobody,
    /// From all peers, one message of each in turn.
    All,
    /// The same, of what it subscribed to.
    Subscribed,
}

/// Whose turn it is among the peers that have messages waiting.
#[derive(Debug, Default)]
pub(crate) struct FairTurns(VecDeque<usize>);

impl FairTurns {
    /// A peer that had nothing waiting has something now.
    pub(crate) fn enter(&mut self, key: usize) {
        self.0.push_back(key);
    }

    /// The peer to take one message from.
    pub(crate) fn current(&self) -> Option<usize> {
        self.0.front().copied()
    }

    /// One message of the current peer was taken: the next one's turn. `has_more`
    /// says whether the current one stays among those that have messages waiting.
    pub(crate) fn pass(&mut self, has_more: bool) {
        match self.0.len() {
            1 if has_more => {}
            _ if has_more => self.0.rotate_left(1),
            _ => drop(self.0.pop_front()),
        }
    }

    /// How many peers have messages waiting.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
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
        while let Some(key) = turns.current() {
            order.push(key);
            waiting[key] -= 1;
            turns.pass(waiting[key] > 0);
        }
        assert_eq!(order, [0, 1, 2, 0, 2, 0]);
    }
}
