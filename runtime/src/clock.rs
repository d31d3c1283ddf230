use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time of a node: an argument to every rule, so that rules need no clock.
///
/// Reading it is cheap; copies tell the same time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(());

impl Clock {
    /// The time of the machine.
    pub fn real() -> Self {
        Clock(())
    }

    /// A monotonic reading.
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Wall-clock time since 1970-01-01 UTC, for people to read.
    pub fn since_epoch(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    /// Completes at `deadline`, at once if it has passed.
    ///
    /// Needs a tokio runtime with timers, which every arbiter has.
    pub async fn sleep_until(&self, deadline: Instant) {
        tokio::time::sleep_until(deadline.into()).await;
    }
}
