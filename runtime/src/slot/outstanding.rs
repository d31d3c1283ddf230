use std::collections::HashMap;

use crate::exit::Exit;

/// The outcomes of messages that were handed to a handler and came to no result
/// yet, each with the life that took it: a life that was given up and comes back
/// later finds its own gone, and touches nobody else's.
pub(super) struct Outstanding<O> {
    /// What was handed over last: most are settled before the next one.
    in_hand: Option<(Handling, Entry<O>)>,
    /// To be answered later, or in the hands of a life that was given up.
    others: HashMap<Handling, Entry<O>>,
    last: u64,
    /// How many of them are [`Held::Orphaned`].
    orphans: usize,
}

struct Entry<O> {
    life: u64,
    held: Held<O>,
}

enum Held<O> {
    Here(O),
    /// Somebody asks it something, outside the lock, or it is still to come.
    Lent,
    /// Its life ended while it was lent.
    Orphaned(Box<Exit>),
}

/// A message in its handler, counted over the life of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Handling(u64);

impl<O> Default for Outstanding<O> {
    fn default() -> Self {
        Outstanding {
            in_hand: None,
            others: HashMap::new(),
            last: 0,
            orphans: 0,
        }
    }
}

impl<O> Outstanding<O> {
    pub(super) fn is_empty(&self) -> bool {
        self.in_hand.is_none() && self.others.is_empty()
    }

    /// The life of one that is lent has ended, and it was not taken back yet.
    pub(super) fn has_orphans(&self) -> bool {
        self.orphans > 0
    }

    /// A place for the outcome of what `life` took; [`take_back`](Self::take_back) is
    /// to follow, or [`forget`](Self::forget).
    pub(super) fn enter(&mut self, life: u64) -> Handling {
        self.last += 1;
        let handling = Handling(self.last);
        let held = Held::Lent;
        self.put_aside();
        self.in_hand = Some((handling, Entry { life, held }));
        handling
    }

    /// What is in hand is not settled before the next one.
    fn put_aside(&mut self) {
        if let Some((handling, entry)) = self.in_hand.take() {
            self.others.insert(handling, entry);
        }
    }

    /// Takes an outcome for good; `None` if it was taken, or ended with its life.
    pub(super) fn remove(&mut self, handling: Handling) -> Option<O> {
        let in_hand = self
            .in_hand
            .take_if(|(of, entry)| *of == handling && matches!(entry.held, Held::Here(_)));
        if let Some((_, entry)) = in_hand {
            return entry.held.into_outcome();
        }
        let outcome = self.lend(handling)?;
        self.forget(handling);
        Some(outcome)
    }

    /// An outcome in its place, if it is there.
    pub(super) fn here(&mut self, handling: Handling) -> Option<&mut O> {
        match &mut self.entry(handling)?.held {
            Held::Here(outcome) => Some(outcome),
            Held::Lent | Held::Orphaned(_) => None,
        }
    }

    /// Takes an outcome out for a moment; [`take_back`](Self::take_back) is to follow.
    pub(super) fn lend(&mut self, handling: Handling) -> Option<O> {
        let held = &mut self.entry(handling)?.held;
        if !matches!(held, Held::Here(_)) {
            return None;
        }
        std::mem::replace(held, Held::Lent).into_outcome()
    }

    /// Puts a lent outcome back, or hands it over with the exit of its life, which
    /// ended meanwhile.
    pub(super) fn take_back(&mut self, handling: Handling, outcome: O) -> Option<(O, Exit)> {
        let held = &mut self.entry(handling)?.held;
        if let Held::Orphaned(exit) = held {
            let exit = Exit::clone(exit);
            self.forget(handling);
            return Some((outcome, exit));
        }
        *held = Held::Here(outcome);
        None
    }

    /// The outcomes of the lives that ended with `exit`, oldest first.
    pub(super) fn end(&mut self, exit: &Exit, has_ended: impl Fn(u64) -> bool) -> Vec<O> {
        self.put_aside();
        let others = self.others.iter();
        let ended = others.filter(|(_, entry)| has_ended(entry.life));
        let mut ended: Vec<Handling> = ended.map(|(handling, _)| *handling).collect();
        ended.sort_unstable();
        let mut outcomes = Vec::with_capacity(ended.len());
        for handling in ended {
            match self.lend(handling) {
                Some(outcome) => {
                    self.forget(handling);
                    outcomes.push(outcome);
                }
                None => {
                    let entry = self.entry(handling);
                    if let Some(entry) = entry.filter(|entry| matches!(entry.held, Held::Lent)) {
                        entry.held = Held::Orphaned(Box::new(exit.clone()));
                        self.orphans += 1;
                    }
                }
            }
        }
        outcomes
    }

    fn entry(&mut self, handling: Handling) -> Option<&mut Entry<O>> {
        match &mut self.in_hand {
            Some((of, entry)) if *of == handling => Some(entry),
            _ => self.others.get_mut(&handling),
        }
    }

    /// The place is not needed any more.
    pub(super) fn forget(&mut self, handling: Handling) {
        let in_hand = self.in_hand.take_if(|(of, _)| *of == handling);
        let forgotten = match in_hand {
            Some((_, entry)) => Some(entry),
            None => self.others.remove(&handling),
        };
        if forgotten.is_some_and(|entry| matches!(entry.held, Held::Orphaned(_))) {
            self.orphans -= 1;
        }
    }
}

impl<O> Held<O> {
    fn into_outcome(self) -> Option<O> {
        match self {
            Held::Here(outcome) => Some(outcome),
            Held::Lent | Held::Orphaned(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Killer;

    const EXIT: Exit = Exit::Killed(Killer::Deadline);

    impl<O> Outstanding<O> {
        fn insert(&mut self, life: u64, outcome: O) -> Handling {
            let handling = self.enter(life);
            assert!(self.take_back(handling, outcome).is_none());
            handling
        }
    }

    #[test]
    fn a_life_that_was_given_up_finds_its_own_gone_and_nobody_elses() {
        let mut outstanding = Outstanding::default();
        let old = outstanding.insert(4, "old");
        let late = outstanding.insert(4, "late");
        let young = outstanding.insert(5, "young");
        assert_eq!(outstanding.end(&EXIT, |life| life == 4), ["old", "late"]);
        let next = outstanding.insert(5, "next");
        assert_eq!(outstanding.remove(old), None);
        assert_eq!(outstanding.remove(late), None);
        assert_eq!(outstanding.remove(young), Some("young"));
        assert_eq!(outstanding.remove(young), None);
        assert_eq!(outstanding.remove(next), Some("next"));
        assert!(outstanding.is_empty());
    }

    #[test]
    fn what_is_lent_while_its_life_ends_is_handed_over_when_it_comes_back() {
        let mut outstanding = Outstanding::default();
        let lent = outstanding.insert(4, "lent");
        let outcome = outstanding.lend(lent).unwrap();
        assert_eq!(outstanding.remove(lent), None, "it is not there");
        assert!(outstanding.end(&EXIT, |_| true).is_empty());
        assert!(outstanding.end(&EXIT, |_| true).is_empty(), "counted once");
        assert!(outstanding.has_orphans());
        assert_eq!(outstanding.take_back(lent, outcome), Some(("lent", EXIT)));
        assert!(!outstanding.has_orphans());
        assert!(outstanding.is_empty());

        let lent = outstanding.insert(5, "lent again");
        let outcome = outstanding.lend(lent).unwrap();
        assert_eq!(outstanding.take_back(lent, outcome), None);
        assert_eq!(outstanding.remove(lent), Some("lent again"));
    }
}
