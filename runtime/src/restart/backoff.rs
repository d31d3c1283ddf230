use std::time::Duration;

/// How long what depends on the world waits before it is tried again: a child
/// ([`Child::backoff`](crate::Child::backoff)), or anything else ([`Retry`](crate::Retry)).
///
/// The first retry comes at once; later ones after a random time that grows with
/// decorrelated jitter: between `first` and three times the previous wait, at
/// most `ceiling`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The shortest wait after the first retry. Default 50 ms.
    pub first: Duration,
    /// The longest wait. Default 10 s.
    pub ceiling: Duration,
    /// How many retries there are in a row. Default `None`: no limit.
    pub attempts: Option<u32>,
}

impl Backoff {
    /// The same with another shortest wait.
    pub const fn first(self, first: Duration) -> Self {
        Backoff { first, ..self }
    }

    /// The same with another ceiling.
    pub const fn ceiling(self, ceiling: Duration) -> Self {
        Backoff { ceiling, ..self }
    }

    /// The same with at most `attempts` retries in a row; 0 means none at all.
    pub const fn attempts(self, attempts: u32) -> Self {
        Backoff {
            attempts: Some(attempts),
            ..self
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            first: Duration::from_millis(50),
            ceiling: Duration::from_secs(10),
            attempts: None,
        }
    }
}

/// So that a deadline can always be told; nobody waits longer.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// How far a row of failures has gone.
#[derive(Debug, Default)]
pub(crate) struct BackoffState {
    previous: Option<Duration>,
    attempts: u32,
}

impl BackoffState {
    /// The next wait of the row; `None` when its attempts are used up.
    pub(crate) fn next(&mut self, limits: Backoff, chance: &mut fastrand::Rng) -> Option<Duration> {
        self.count(limits)?;
        Some(self.wait(limits, chance))
    }

    /// The wait after a refusal: the ceiling, with a tenth of jitter below it.
    pub(crate) fn refused(
        &mut self,
        limits: Backoff,
        chance: &mut fastrand::Rng,
    ) -> Option<Duration> {
        self.count(limits)?;
        let wait = limits
            .ceiling
            .min(LONGEST)
            .mul_f64(0.9 + 0.1 * chance.f64());
        self.previous = Some(wait);
        Some(wait)
    }

    /// The next wait of the row after what was no failure: no attempt is used up.
    pub(crate) fn wait(&mut self, limits: Backoff, chance: &mut fastrand::Rng) -> Duration {
        let wait = match self.previous {
            None => Duration::ZERO,
            Some(previous) => {
                let low = nanos(limits.first);
                // After the retry at once it spreads, too.
                let high = nanos(previous).max(low).saturating_mul(3);
                let ceiling = limits.ceiling.min(LONGEST);
                Duration::from_nanos(chance.u64(low..=high)).min(ceiling)
            }
        };
        self.previous = Some(wait);
        wait
    }

    /// The retries of this row so far.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// It did what it is for: the next failure begins a new row.
    pub(crate) fn reset(&mut self) {
        *self = BackoffState::default();
    }

    fn count(&mut self, limits: Backoff) -> Option<()> {
        if limits.attempts.is_some_and(|most| self.attempts >= most) {
            return None;
        }
        self.attempts = self.attempts.saturating_add(1);
        Some(())
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_once_then_within_the_limits() {
        let limits = Backoff::default().ceiling(Duration::from_secs(1));
        let mut chance = fastrand::Rng::with_seed(7);
        for _ in 0..1_000 {
            let mut state = BackoffState::default();
            assert_eq!(state.next(limits, &mut chance), Some(Duration::ZERO));
            for _ in 0..20 {
                let wait = state.next(limits, &mut chance).unwrap();
                assert!(wait >= limits.first && wait <= limits.ceiling, "{wait:?}");
            }
        }
    }

    #[test]
    fn a_row_reaches_the_ceiling_and_reset_begins_anew() {
        let limits = Backoff::default();
        let mut chance = fastrand::Rng::with_seed(1);
        let mut state = BackoffState::default();
        assert!((0..100).any(|_| state.next(limits, &mut chance) == Some(limits.ceiling)));
        state.reset();
        assert_eq!(state.next(limits, &mut chance), Some(Duration::ZERO));
    }

    #[test]
    fn a_refusal_goes_straight_to_the_ceiling() {
        let limits = Backoff::default();
        let wait = BackoffState::default().refused(limits, &mut fastrand::Rng::with_seed(3));
        let wait = wait.unwrap();
        assert!(wait >= limits.ceiling.mul_f64(0.9) && wait <= limits.ceiling);
    }

    #[test]
    fn a_row_has_the_attempts_it_was_given_refused_ones_included() {
        let limits = Backoff::default().attempts(3);
        let mut chance = fastrand::Rng::with_seed(1);
        let mut state = BackoffState::default();
        assert!(state.next(limits, &mut chance).is_some());
        state.wait(limits, &mut chance);
        assert!(state.refused(limits, &mut chance).is_some());
        assert!(state.next(limits, &mut chance).is_some());
        assert_eq!(state.next(limits, &mut chance), None);
        assert_eq!(state.refused(limits, &mut chance), None);
        assert_eq!(state.attempts(), 3);
        state.reset();
        assert_eq!(state.next(limits, &mut chance), Some(Duration::ZERO));
        assert_eq!(
            BackoffState::default().next(limits.attempts(0), &mut chance),
            None
        );
    }

    #[test]
    fn limits_beyond_reason_do_not_overflow() {
        let limits = Backoff::default()
            .first(Duration::MAX)
            .ceiling(Duration::MAX);
        let mut chance = fastrand::Rng::with_seed(1);
        let mut state = BackoffState::default();
        for _ in 0..10 {
            let wait = state.next(limits, &mut chance).unwrap();
            assert!(std::time::Instant::now().checked_add(wait).is_some());
        }
        assert!(state.refused(limits, &mut chance).is_some());
    }
}
