use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime::Handle;

/// The time of a node: an argument to every rule, so that rules need no clock.
///
/// Reading it is cheap; copies tell the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Keeps time for who runs on no runtime of its own.
    timers: Option<Handle>,
}

impl Clock {
    /// The time of the machine. Waiting needs a tokio runtime with timers.
    pub fn real() -> Self {
        Clock { timers: None }
    }

    /// The time of the machine; where there is no runtime, `timers` waits.
    pub(crate) fn with_timers(timers: Handle) -> Self {
        Clock {
            timers: Some(timers),
        }
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

    /// Completes at `deadline`, at once if it has passed. With the clock of a
    /// node it may be called and awaited on any thread, with or without a runtime.
    pub fn sleep_until(&self, deadline: Instant) -> impl Future<Output = ()> + Send + 'static {
        let _timers = match (&self.timers, Handle::try_current()) {
            (Some(timers), Err(_)) => Some(timers.enter()),
            _ => None,
        };
        tokio::time::sleep_until(deadline.into())
    }

    /// Completes after `time`; see [`sleep_until`](Self::sleep_until).
    pub fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.sleep_until(self.now() + time)
    }
}
