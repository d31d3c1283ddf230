//! When the drops of a socket are told: in one event a second for each cause.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long after an event the next one of the same cause comes.
const PERIOD: Duration = Duration::from_secs(1);

/// What was dropped and not told yet.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    causes: BTreeMap<&'static str, Account>,
}

#[derive(Debug, Default)]
struct Account {
    untold: u64,
    told_at: Option<Instant>,
}

/// So many messages were dropped because of that.
pub(crate) type Drops = (&'static str, u64);

impl Digest {
    /// `true` if it has to be [looked at](Self::due): nothing of that cause was untold.
    pub(crate) fn add(&mut self, cause: &'static str, count: u64) -> bool {
        let account = self.causes.entry(cause).or_default();
        let is_first = account.untold == 0 && count > 0;
        account.untold += count;
        is_first
    }

    /// What is to be told now, and when to look again.
    pub(crate) fn due(&mut self, now: Instant) -> (Vec<Drops>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        for (cause, account) in &mut self.causes {
            if account.untold == 0 {
                continue;
            }
            match account.told_at.map(|at| at + PERIOD) {
                Some(at) if now < at => next = Some(next.map_or(at, |next| next.min(at))),
                _ => {
                    account.told_at = Some(now);
                    due.push((*cause, std::mem::take(&mut account.untold)));
                }
            }
        }
        (due, next)
    }

    /// All that is untold: nobody looks again.
    pub(crate) fn rest(&mut self) -> Vec<Drops> {
        let causes = std::mem::take(&mut self.causes).into_iter();
        causes
            .map(|(cause, account)| (cause, account.untold))
            .filter(|(_, untold)| *untold > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        digest: Digest,
        start: Instant,
    }

    impl World {
        fn new() -> Self {
            World {
                digest: Digest::default(),
                start: Instant::now(),
            }
        }

        /// What is due, and after how many milliseconds to look again.
        fn due(&mut self, millis: u64) -> (Vec<Drops>, Option<u128>) {
            let (due, next) = self.digest.due(self.start + Duration::from_millis(millis));
            (due, next.map(|at| (at - self.start).as_millis()))
        }
    }

    #[test]
    fn the_first_is_told_at_once_and_what_follows_after_a_second_in_one() {
        let mut world = World::new();
        assert_eq!(world.due(0), (vec![], None));
        assert!(world.digest.add("queue full", 1));
        assert_eq!(world.due(0), (vec![("queue full", 1)], None));
        assert!(world.digest.add("queue full", 1));
        assert!(!world.digest.add("queue full", 40), "somebody looks");
        assert_eq!(world.due(100), (vec![], Some(1_000)));
        assert!(!world.digest.add("queue full", 2));
        assert_eq!(world.due(1_000), (vec![("queue full", 43)], None));
        assert_eq!(world.due(5_000), (vec![], None));
        assert!(world.digest.add("queue full", 3));
        assert_eq!(world.due(5_000), (vec![("queue full", 3)], None));
    }

    #[test]
    fn causes_do_not_wait_for_each_other() {
        let mut world = World::new();
        world.digest.add("closed", 1);
        assert_eq!(world.due(0), (vec![("closed", 1)], None));
        world.digest.add("closed", 2);
        world.digest.add("no peer", 3);
        assert_eq!(world.due(300), (vec![("no peer", 3)], Some(1_000)));
        world.digest.add("no peer", 4);
        assert_eq!(world.due(1_000), (vec![("closed", 2)], Some(1_300)));
    }

    #[test]
    fn nothing_is_left_out_at_the_end() {
        let mut world = World::new();
        world.digest.add("closed", 1);
        world.digest.add("no peer", 0);
        assert_eq!(world.due(0).0, [("closed", 1)]);
        world.digest.add("closed", 2);
        assert_eq!(world.digest.rest(), [("closed", 2)]);
        assert_eq!(world.due(9_000), (vec![], None));
    }
}
