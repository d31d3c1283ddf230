use std::time::Duration;

/// How long a child that depends on the world waits before it is made again.
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
}

impl Backoff {
    /// The same with another ceiling.
    pub const fn with_ceiling(self, ceiling: Duration) -> Self {
        Backoff { ceiling, ..self }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff {
            first: Duration::from_millis(50),
            ceiling: Duration::from_secs(10),
        }
    }
}

/// How far a row of failures has gone.
#[derive(Debug, Default)]
pub(crate) struct BackoffState {
    previous: Option<Duration>,
}

impl BackoffState {
    /// The next wait of a row.
    pub(crate) fn next(&mut self, limits: Backoff, chance: &mut fastrand::Rng) -> Duration {
        let wait = match self.previous {
            None => Duration::ZERO,
            Some(previous) => {
                let low = limits.first.as_nanos() as u64;
                let high = (previous.as_nanos() as u64).saturating_mul(3).max(low);
                Duration::from_nanos(chance.u64(low..=high)).min(limits.ceiling)
            }
        };
        self.previous = Some(wait);
        wait
    }

    /// The wait after a refusal: the ceiling, with a tenth of jitter below it.
    pub(crate) fn refused(&mut self, limits: Backoff, chance: &mut fastrand::Rng) -> Duration {
        let wait = limits.ceiling.mul_f64(0.9 + 0.1 * chance.f64());
        self.previous = Some(wait);
        wait
    }

    /// The child did what it is for: the next failure begins a new row.
    pub(crate) fn reset(&mut self) {
        self.previous = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_once_then_within_the_limits() {
        let limits = Backoff::default().with_ceiling(Duration::from_secs(1));
        let mut chance = fastrand::Rng::with_seed(7);
        for _ in 0..1_000 {
            let mut state = BackoffState::default();
            assert_eq!(state.next(limits, &mut chance), Duration::ZERO);
            for _ in 0..20 {
                let wait = state.next(limits, &mut chance);
                assert!(wait >= limits.first && wait <= limits.ceiling, "{wait:?}");
            }
        }
    }

    #[test]
    fn a_row_reaches_the_ceiling_and_reset_begins_anew() {
        let limits = Backoff::default();
        let mut chance = fastrand::Rng::with_seed(1);
        let mut state = BackoffState::default();
        assert!((0..100).any(|_| state.next(limits, &mut chance) == limits.ceiling));
        state.reset();
        assert_eq!(state.next(limits, &mut chance), Duration::ZERO);
    }

    #[test]
    fn a_refusal_goes_straight_to_the_ceiling() {
        let limits = Backoff::default();
        let wait = BackoffState::default().refused(limits, &mut fastrand::Rng::with_seed(3));
        assert!(wait >= limits.ceiling.mul_f64(0.9) && wait <= limits.ceiling);
    }
}
