use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use crate::clock::Clock;

/// Until when a send waits. The time runs from the first poll on: before, there may
/// be no clock yet, and nothing waits.
#[derive(Default)]
pub(super) enum Deadline {
    #[default]
    Never,
    After(Duration),
    Running(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Deadline {
    /// `clock` is asked once. Where nobody keeps time the time is up at once, since
    /// nothing would ever end the wait.
    pub(super) fn poll(&mut self, clock: impl FnOnce() -> Clock, task: &mut Task<'_>) -> Poll<()> {
        if let Deadline::After(timeout) = *self {
            let clock = clock();
            if !clock.keeps_time() {
                return Poll::Ready(());
            }
            *self = Deadline::Running(Box::pin(clock.sleep(timeout)));
        }
        match self {
            Deadline::Never | Deadline::After(_) => Poll::Pending,
            Deadline::Running(sleep) => sleep.as_mut().poll(task),
        }
    }
}
