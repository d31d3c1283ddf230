//! The conditions of a network and the chance that decides under them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Conditions;
use super::path::Ending;

pub(super) struct Weather {
    pub(super) conditions: Conditions,
    chance: fastrand::Rng,
}

impl Weather {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            conditions: Conditions::default(),
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    pub(super) fn delay(&mut self) -> Duration {
        let (shortest, longest) = self.conditions.delay.clone().into_inner();
        let spread = longest.saturating_sub(shortest);
        shortest + self.up_to(spread)
    }

    /// How much longer a datagram takes that others overtake.
    pub(super) fn detour(&mut self) -> Duration {
        let longest = *self.conditions.delay.end() * 4 + Duration::from_millis(10);
        self.up_to(longest)
    }

    /// How long so many bytes keep the line busy.
    pub(super) fn transmission(&self, bytes: usize) -> Duration {
        match self.conditions.bytes_per_second {
            Some(rate) => Duration::from_secs_f64(bytes as f64 / rate as f64),
            None => Duration::ZERO,
        }
    }

    /// Where a new direction of a link is cut.
    pub(super) fn cut_after(&mut self) -> Option<u64> {
        let bytes = self.conditions.cut_after.clone()?;
        Some(self.within(bytes))
    }

    pub(super) fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.chance.f64() < share
    }

    /// How a cut looks from one side.
    pub(super) fn ending(&mut self) -> Ending {
        match self.chance.bool() {
            true => Ending::Gone,
            false => Ending::Reset,
        }
    }

    /// Whether a dialer is told that a partition is in its way.
    pub(super) fn tells(&mut self) -> bool {
        self.chance.bool()
    }

    /// A number up to `limit`, included.
    pub(super) fn number_up_to(&mut self, limit: usize) -> usize {
        self.chance.usize(..=limit)
    }

    fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        if range.is_empty() {
            return *range.start();
        }
        self.chance.u64(range)
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        match longest.as_nanos() as u64 {
            0 => Duration::ZERO,
            nanos => Duration::from_nanos(self.chance.u64(..=nanos)),
        }
    }
}
