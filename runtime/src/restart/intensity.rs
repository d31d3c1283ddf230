use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many restarts of its children a supervisor bears before it fails itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// Restarts that are still borne.
    pub restarts: usize,
    /// The sliding period in which they are counted.
    pub within: Duration,
}

impl Intensity {
    /// At most `restarts` restarts in any period of length `within`.
    pub const fn new(restarts: usize, within: Duration) -> Self {
        Intensity { restarts, within }
    }
}

impl Default for Intensity {
    /// 3 restarts in 5 s.
    fn default() -> Self {
        Intensity::new(3, Duration::from_secs(5))
    }
}

/// The restarts of the last period.
#[derive(Debug, Default)]
pub(crate) struct RestartWindow(VecDeque<Instant>);

impl RestartWindow {
    /// Nothing has happened yet.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts one restart; `false` when that is one too many.
    pub(crate) fn bears(&mut self, limit: Intensity, now: Instant) -> bool {
        self.0.push_back(now);
        while self.0.front().is_some_and(|&at| now - at > limit.within) {
            self.0.pop_front();
        }
        self.0.len() <= limit.restarts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_slides() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let limit = Intensity::default();
        let mut window = RestartWindow::default();
        for second in [0.0, 1.0, 2.0, 5.5, 6.5] {
            assert!(window.bears(limit, at(second)), "restart at {second} s");
        }
        assert!(!window.bears(limit, at(6.6)));
    }

    #[test]
    fn none_may_be_borne() {
        let mut window = RestartWindow::default();
        assert!(!window.bears(Intensity::new(0, Duration::from_secs(1)), Instant::now()));
    }
}
