use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;

use super::Chance;
use crate::slot::Slice;

/// Who runs when in a driven world, as its seed has it.
///
/// Tasks run in the order in which they became runnable, but for those that are
/// sent to the end of the row: so another seed explores another interleaving.
#[derive(Debug)]
pub(in crate::node) struct Schedule {
    /// `None`: nobody is sent to the end, and slices are as they are on threads.
    chance: Mutex<Option<Chance>>,
}

impl Schedule {
    pub(super) fn new(seed: u64) -> Self {
        Schedule {
            chance: Mutex::new(Some(Chance::new(seed, "schedule"))),
        }
    }

    pub(super) fn keep_order(&self) {
        *self.chance.lock() = None;
    }

    pub(in crate::node) fn lets_others_go_first(&self) -> bool {
        let mut chance = self.chance.lock();
        chance.as_mut().is_some_and(|chance| chance.once_in(3))
    }

    pub(in crate::node) fn messages_a_slice(&self) -> u32 {
        let mut chance = self.chance.lock();
        let few = chance
            .as_mut()
            .and_then(|chance| chance.once_in(2).then(|| 1 + chance.below(4) as u32));
        few.unwrap_or(Slice::MESSAGES)
    }
}

/// A future that runs when the schedule lets it.
pub(super) struct Scheduled<F> {
    future: Pin<Box<F>>,
    schedule: Arc<Schedule>,
}

impl<F> Scheduled<F> {
    pub(super) fn new(future: F, schedule: Arc<Schedule>) -> Self {
        Scheduled {
            future: Box::pin(future),
            schedule,
        }
    }
}

impl<F: Future> Future for Scheduled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<F::Output> {
        if self.schedule.lets_others_go_first() {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.future.as_mut().poll(task)
    }
}
