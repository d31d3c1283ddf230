use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::restart::Backoff;

/// How long a child is waited for, which may be changed while it runs: see
/// [`Child::patience`](crate::Child::patience). Clones are one and the same.
///
/// Defaults: 5 s to stop, restarted at once.
#[derive(Clone)]
pub struct Patience(Arc<Mutex<Waits>>);

#[derive(Clone, Copy, Debug)]
struct Waits {
    shutdown: Duration,
    backoff: Option<Backoff>,
}

pub(super) const SHUTDOWN: Duration = Duration::from_secs(5);

impl Patience {
    /// With the defaults.
    pub fn new() -> Self {
        Patience(Arc::new(Mutex::new(Waits {
            shutdown: SHUTDOWN,
            backoff: None,
        })))
    }

    /// How long the child has to stop before it is killed, when it is asked to from now on.
    pub fn set_shutdown(&self, deadline: Duration) {
        self.0.lock().shutdown = deadline;
    }

    /// Waits between restarts, from the next wait on; see [`Child::backoff`](crate::Child::backoff).
    pub fn set_backoff(&self, backoff: impl Into<Option<Backoff>>) {
        self.0.lock().backoff = backoff.into();
    }

    pub(super) fn shutdown(&self) -> Duration {
        self.0.lock().shutdown
    }

    pub(super) fn backoff(&self) -> Option<Backoff> {
        self.0.lock().backoff
    }
}

impl Default for Patience {
    fn default() -> Self {
        Patience::new()
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = *self.0.lock();
        f.debug_struct("Patience")
            .field("shutdown", &waits.shutdown)
            .field("backoff", &waits.backoff)
            .finish()
    }
}
