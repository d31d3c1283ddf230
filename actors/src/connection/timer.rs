use std::future::Future;
use std::pin::Pin;
use std::task::Context as Task;
use std::time::Instant;

use treewire_runtime::Clock;

/// One timer for all deadlines of a connection.
pub(super) struct Timer {
    pub(super) clock: Clock,
    sleep: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    at: Option<Instant>,
}

impl Timer {
    pub(super) fn new(clock: Clock) -> Self {
        Timer {
            clock,
            sleep: None,
            at: None,
        }
    }

    /// Whether the time `next` has come; otherwise the task is woken then, or
    /// earlier, since a deadline that moves back is not worth a new timer.
    pub(super) fn is_due(&mut self, next: Option<Instant>, task: &mut Task<'_>) -> bool {
        let Some(next) = next else { return false };
        if self.at.is_none_or(|at| next < at) {
            self.sleep = Some(Box::pin(self.clock.sleep_until(next)));
            self.at = Some(next);
        }
        let Some(sleep) = &mut self.sleep else {
            return false;
        };
        if sleep.as_mut().poll(task).is_pending() {
            return false;
        }
        self.at = None;
        self.sleep = None;
        true
    }
}
