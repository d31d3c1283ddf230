use std::time::Duration;

/// Which polls of a generation are timed: all that take long, and of those that
/// follow a short one a few, since reading the clock twice costs a tenth of an ask.
#[derive(Debug, Default)]
pub(crate) struct Sampling {
    quick: bool,
    untimed: u32,
}

impl Sampling {
    /// One in so many short polls is timed.
    const EVERY: u32 = 8;
    /// What is short.
    const QUICK: Duration = Duration::from_micros(10);

    /// Whether the poll that begins is to be timed.
    pub(crate) fn is_due(&mut self) -> bool {
        if self.quick && self.untimed + 1 < Self::EVERY {
            self.untimed += 1;
            return false;
        }
        true
    }

    /// A poll took so long; for how many it stands.
    pub(crate) fn timed(&mut self, busy: Duration) -> u32 {
        self.quick = busy < Self::QUICK;
        std::mem::take(&mut self.untimed) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_actor_is_timed_now_and_then_and_a_slow_one_always() {
        let mut sampling = Sampling::default();
        assert!(sampling.is_due());
        assert_eq!(sampling.timed(Duration::from_nanos(200)), 1);
        for _ in 0..3 {
            for _ in 1..Sampling::EVERY {
                assert!(!sampling.is_due());
            }
            assert!(sampling.is_due());
            assert_eq!(sampling.timed(Duration::from_nanos(200)), Sampling::EVERY);
        }
        for _ in 1..Sampling::EVERY {
            assert!(!sampling.is_due());
        }
        assert!(sampling.is_due());
        sampling.timed(Duration::from_millis(3));
        assert!(sampling.is_due());
        assert_eq!(sampling.timed(Duration::from_millis(3)), 1);
    }
}
