use std::collections::VecDeque;

use treewire_transports::Content;

use crate::bound::Bound;

/// The last messages of a publisher, for those that missed some; each has the number after
/// that of the one before it.
#[derive(Debug)]
pub(crate) struct Replay {
    bound: Bound,
    kept: VecDeque<Content>,
    bytes: u64,
    /// The number of the first that is kept.
    oldest: u64,
}

impl Replay {
    /// Keeps as many as a queue of that bound holds, the newest one whatever its size; none
    /// if the bound is of no messages or no bytes.
    pub(crate) fn new(bound: Bound) -> Self {
        Replay {
            bound,
            kept: VecDeque::new(),
            bytes: 0,
            oldest: 0,
        }
    }

    /// Another bound, which holds from the next message on.
    pub(crate) fn set_bound(&mut self, bound: Bound) {
        self.bound = bound;
    }

    /// One more message. What it has no room for any more comes back, to be dropped where
    /// its destructor may run; what has none is dropped here. A number that does not follow
    /// the last one begins anew.
    pub(crate) fn push(&mut self, sequence: u64, content: Content) -> Vec<Content> {
        let mut fallen = Vec::new();
        if self.bound.messages == 0 || self.bound.bytes == 0 {
            keep_if_foreign(content, &mut fallen);
            return fallen;
        }
        let follows = self.latest().is_some_and(|last| last + 1 == sequence);
        while !self.kept.is_empty() && (!follows || self.bound.reached(self.kept.len(), self.bytes))
        {
            self.drop_oldest(&mut fallen);
        }
        if self.kept.is_empty() {
            self.oldest = sequence;
        }
        self.bytes += content.byte_len() as u64;
        self.kept.push_back(content);
        fallen
    }

    fn drop_oldest(&mut self, fallen: &mut Vec<Content>) {
        if let Some(content) = self.kept.pop_front() {
            self.bytes -= content.byte_len() as u64;
            self.oldest += 1;
            keep_if_foreign(content, fallen);
        }
    }

    pub(crate) fn into_contents(self) -> impl Iterator<Item = Content> {
        self.kept.into_iter()
    }

    /// The number of the first message that is kept.
    pub(crate) fn oldest(&self) -> Option<u64> {
        (!self.kept.is_empty()).then_some(self.oldest)
    }

    /// The number of the last one.
    pub(crate) fn latest(&self) -> Option<u64> {
        self.oldest()
            .map(|oldest| oldest + self.kept.len() as u64 - 1)
    }

    /// What is kept of the messages after one, with their numbers, the oldest first.
    pub(crate) fn after(&self, sequence: u64) -> impl Iterator<Item = (u64, &Content)> {
        let known = sequence.saturating_add(1).saturating_sub(self.oldest);
        let known = known.min(self.kept.len() as u64);
        (self.oldest + known..).zip(self.kept.range(known as usize..))
    }
}

/// Drops what runs nobody's code when it is dropped.
fn keep_if_foreign(content: Content, fallen: &mut Vec<Content>) {
    if !content.is_inline() {
        fallen.push(content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not inline, so that it comes back.
    fn content(length: usize) -> Content {
        Content::new(vec![0; length])
    }

    fn bound(messages: u64, bytes: u64) -> Bound {
        Bound { messages, bytes }
    }

    fn numbers(replay: &Replay, after: u64) -> Vec<u64> {
        replay.after(after).map(|(number, _)| number).collect()
    }

    #[test]
    fn the_last_ones_are_kept_and_the_others_come_back() {
        let mut replay = Replay::new(bound(3, 1 << 20));
        assert_eq!((replay.oldest(), replay.latest()), (None, None));
        for number in 7..10 {
            assert_eq!(replay.push(number, content(100 + number as usize)), []);
        }
        assert_eq!((replay.oldest(), replay.latest()), (Some(7), Some(9)));
        assert_eq!(replay.push(10, content(110)), [content(107)]);
        assert_eq!(numbers(&replay, 0), [8, 9, 10]);
        assert_eq!(numbers(&replay, 7), [8, 9, 10]);
        assert_eq!(numbers(&replay, 8), [9, 10]);
        assert!(numbers(&replay, 10).is_empty());
        assert!(numbers(&replay, u64::MAX).is_empty());
        let lengths: Vec<_> = replay.after(8).map(|(_, kept)| kept.byte_len()).collect();
        assert_eq!(lengths, [109, 110]);
    }

    #[test]
    fn it_is_bounded_in_bytes_as_a_queue_is_and_the_newest_has_room_always() {
        let mut replay = Replay::new(bound(100, 250));
        for number in 1..=3 {
            assert_eq!(replay.push(number, content(100)), []);
        }
        assert_eq!(replay.push(4, content(1_000)).len(), 1);
        assert_eq!(numbers(&replay, 0), [2, 3, 4]);
        assert_eq!(replay.push(5, content(100)).len(), 3);
        assert_eq!(numbers(&replay, 0), [5]);
        assert_eq!(replay.push(6, content(100)), []);
    }

    #[test]
    fn a_bound_of_nothing_keeps_nothing() {
        for bound in [bound(0, 100), bound(100, 0)] {
            let mut replay = Replay::new(bound);
            assert_eq!(replay.push(1, content(100)), [content(100)]);
            assert_eq!((replay.oldest(), replay.latest()), (None, None));
            assert!(numbers(&replay, 0).is_empty());
        }
    }

    #[test]
    fn a_gap_in_the_numbers_begins_anew() {
        let mut replay = Replay::new(bound(100, 1 << 20));
        replay.push(1, content(100));
        assert_eq!(replay.push(3, content(100)).len(), 1);
        assert_eq!(numbers(&replay, 0), [3]);
    }

    #[test]
    fn what_lies_inline_is_dropped_at_once() {
        let mut replay = Replay::new(bound(1, 1 << 20));
        replay.push(1, Content::new("short"));
        assert_eq!(replay.push(2, content(100)), []);
        assert_eq!(numbers(&replay, 0), [2]);
    }
}
