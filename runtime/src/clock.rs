use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime::{EnterGuard, Handle};

/// The time of a node: an argument to every rule, so that rules need no clock.
///
/// Reading it is cheap; copies tell the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Keeps time for who runs on no runtime of its own.
    timers: Option<Handle>,
    /// When the driven world began whose time it tells.
    world_began: Option<Instant>,
}

/// What a driven world's wall clock shows when it begins: 2000-01-01.
const WORLDS_BEGIN: Duration = Duration::from_secs(946_684_800);

impl Clock {
    /// The time of the machine. Waiting needs a tokio runtime with timers.
    pub fn real() -> Self {
        Clock::default()
    }

    /// The time of the machine; where there is no runtime, `timers` waits.
    pub(crate) fn with_timers(timers: Handle) -> Self {
        Clock {
            timers: Some(timers),
            world_began: None,
        }
    }

    /// The time of the driven world that begins now, on `timers`, whose clock is paused.
    #[cfg(feature = "driven")]
    pub(crate) fn of_a_world(timers: Handle) -> Self {
        Clock {
            timers: Some(timers),
            world_began: Some(tokio::time::Instant::now().into_std()),
        }
    }

    /// A monotonic reading.
    pub fn now(&self) -> Instant {
        match self.world_began {
            None => Instant::now(),
            Some(_) => {
                let _timers = self.enter_timers();
                tokio::time::Instant::now().into_std()
            }
        }
    }

    /// Wall-clock time since 1970-01-01 UTC, for people to read.
    pub fn since_epoch(&self) -> Duration {
        match self.world_began {
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Some(began) => WORLDS_BEGIN + self.now().saturating_duration_since(began),
        }
    }

    /// Completes at `deadline`, at once if it has passed. With the clock of a
    /// node it may be called and awaited on any thread, with or without a runtime.
    pub fn sleep_until(&self, deadline: Instant) -> impl Future<Output = ()> + Send + 'static {
        let _timers = self.enter_timers();
        tokio::time::sleep_until(deadline.into())
    }

    /// Completes after `time`; see [`sleep_until`](Self::sleep_until).
    pub fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + 'static {
        let _timers = self.enter_timers();
        tokio::time::sleep(time)
    }

    /// Whether it stands still as long as anything can run, as a driven world's does:
    /// then to look again and again until a time has passed would never end.
    pub fn is_driven(&self) -> bool {
        self.world_began.is_some()
    }

    /// Whether one can wait here: `false` where the machine's clock has no runtime.
    pub(crate) fn keeps_time(&self) -> bool {
        self.timers.is_some() || Handle::try_current().is_ok()
    }

    fn enter_timers(&self) -> Option<EnterGuard<'_>> {
        match (&self.timers, Handle::try_current()) {
            (Some(timers), Err(_)) => Some(timers.enter()),
            _ => None,
        }
    }
}
