//! What one subscriber got of the ticks that it subscribed to, and what it was told it missed.

use super::ticks::TOPICS;

/// Ticks are numbered from 1, and their topics take turns: so a number says who wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Followed {
    /// Which of the topics it wants.
    wants: [bool; TOPICS.len()],
    received: u64,
    /// The highest number that came.
    newest: u64,
    /// What came behind something newer, or again.
    doubled: u64,
    /// What came and was not wanted.
    stray: u64,
    /// The first and the last number of what was passed over.
    gaps: Vec<[u64; 2]>,
    /// The same of what is told as missed, in order and apart from each other.
    told: Vec<[u64; 2]>,
    /// How often its screen was given up with its thread: what that had in hand is lost, or
    /// comes late.
    given_up: u64,
}

impl Followed {
    pub(super) fn new(wants: [bool; TOPICS.len()]) -> Self {
        Followed {
            wants,
            received: 0,
            newest: 0,
            doubled: 0,
            stray: 0,
            gaps: Vec::new(),
            told: Vec::new(),
            given_up: 0,
        }
    }

    /// Its screen was given up with its thread.
    pub(super) fn give_up(&mut self) {
        self.given_up += 1;
    }

    pub(super) fn receive(&mut self, number: u64) {
        if number <= self.newest {
            self.doubled += 1;
            return;
        }
        if self.wanted(self.newest + 1, number - 1) > 0 {
            self.gaps.push([self.newest + 1, number - 1]);
        }
        self.newest = number;
        match self.wanted(number, number) {
            0 => self.stray += 1,
            _ => self.received += 1,
        }
    }

    /// It is told that it does not get these.
    pub(super) fn tell_missed(&mut self, from: u64, to: u64) {
        self.told.push([from, to]);
        self.told.sort_unstable();
        self.told.dedup_by(|next, before| {
            let touches = next[0] <= before[1].saturating_add(1);
            if touches {
                before[1] = before[1].max(next[1]);
            }
            touches
        });
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn doubled(&self) -> u64 {
        self.doubled.saturating_sub(self.given_up)
    }

    pub(super) fn stray(&self) -> u64 {
        self.stray
    }

    /// How many of the first `published` ticks are for it.
    pub(super) fn sent(&self, published: u64) -> u64 {
        self.wanted(1, published)
    }

    /// How many of those neither came nor are told as missed, or not yet.
    pub(super) fn open(&self, published: u64) -> u64 {
        let tail = [self.newest + 1, published];
        let gaps = self.gaps.iter().chain([&tail]);
        let open = gaps.map(|&[from, to]| self.wanted(from, to) - self.told_of(from, to));
        open.sum::<u64>().saturating_sub(self.given_up)
    }

    fn told_of(&self, from: u64, to: u64) -> u64 {
        let told = self.told.iter();
        told.map(|told| self.wanted(from.max(told[0]), to.min(told[1])))
            .sum()
    }

    fn wanted(&self, from: u64, to: u64) -> u64 {
        if from > to {
            return 0;
        }
        let topics = (0..).zip(self.wants).filter(|(_, is_wanted)| *is_wanted);
        topics
            .map(|(topic, _)| up_to(to, topic) - up_to(from - 1, topic))
            .sum()
    }
}

/// How many of the numbers from 1 to `last` are of that topic.
fn up_to(last: u64, topic: u64) -> u64 {
    let topics = TOPICS.len() as u64;
    let with_zero = (last + topics - topic) / topics;
    match topic {
        0 => with_zero - 1,
        _ => with_zero,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the topics it wants the second and the fourth: numbers 1, 3, 5, 7, …
    fn followed() -> Followed {
        Followed::new([false, true, false, true])
    }

    #[test]
    fn a_number_says_who_wants_it() {
        assert_eq!(TOPICS.len(), 4);
        for last in 0..20 {
            let odd = (1..=last).filter(|number| number % 2 == 1).count() as u64;
            assert_eq!(followed().sent(last), odd, "{last}");
            let even = Followed::new([true, false, true, false]);
            assert_eq!(even.sent(last), last - odd, "{last}");
        }
    }

    #[test]
    fn what_neither_came_nor_was_told_is_open() {
        let mut followed = followed();
        for number in [1, 3, 9, 11, 11, 5] {
            followed.receive(number);
        }
        assert_eq!((followed.received(), followed.doubled()), (4, 2));
        // 5 and 7, then 13 and 15.
        assert_eq!(followed.open(16), 4);
        followed.tell_missed(6, 8);
        assert_eq!(followed.open(16), 3);
        followed.tell_missed(14, 20);
        followed.tell_missed(4, 7);
        assert_eq!(followed.open(16), 1);
        followed.tell_missed(1, 13);
        assert_eq!(followed.open(16), 0);
        assert_eq!(followed.told, [[1, 20]]);
    }

    #[test]
    fn what_was_in_hand_when_a_screen_was_given_up_is_nobody_s_fault() {
        let mut followed = followed();
        for number in [1, 5, 7, 3] {
            followed.receive(number);
        }
        assert_eq!((followed.open(7), followed.doubled()), (1, 1));
        followed.give_up();
        assert_eq!((followed.open(7), followed.doubled()), (0, 0));
    }

    #[test]
    fn what_nobody_asked_for_is_noticed() {
        let mut followed = followed();
        for number in [1, 2, 3] {
            followed.receive(number);
        }
        assert_eq!((followed.received(), followed.stray()), (2, 1));
        assert_eq!(followed.open(3), 0);
    }
}
