use std::time::{Duration, Instant};

/// So long, of the machine's time, a world may run without any of its own passing...
const PATIENCE: Duration = Duration::from_secs(20);

/// ...if it ran that often meanwhile: whoever blocks its thread wakes nobody.
const RUNS: u32 = 10_000;

/// Notices that something in a world keeps waking itself, so that its time stands
/// still for good.
pub(super) struct Standstill {
    runs: u32,
    /// The world's time, and the machine's when that began.
    now: Instant,
    since: Instant,
}

impl Standstill {
    pub(super) fn new(worlds: Instant, machines: Instant) -> Self {
        Standstill {
            runs: 0,
            now: worlds,
            since: machines,
        }
    }

    /// Called before each run; whether it has gone on for too long.
    pub(super) fn is_endless(&mut self, worlds: Instant, machines: Instant) -> bool {
        if worlds > self.now {
            *self = Standstill::new(worlds, machines);
        }
        self.runs = self.runs.saturating_add(1);
        self.runs > RUNS && machines.saturating_duration_since(self.since) > PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_often_and_long_is_endless() {
        let begun = Instant::now();
        let later = begun + PATIENCE * 2;
        let mut still = Standstill::new(begun, begun);
        // It is blocked for long.
        assert!(!still.is_endless(begun, later));
        // It has a lot to do.
        let mut still = Standstill::new(begun, begun);
        assert!((0..2 * RUNS).all(|_| !still.is_endless(begun, begun)));
        assert!(still.is_endless(begun, later));
        // Time passes.
        let next = begun + Duration::from_millis(1);
        assert!(!still.is_endless(next, later));
        assert!((0..2 * RUNS).all(|_| !still.is_endless(next, later)));
    }
}
