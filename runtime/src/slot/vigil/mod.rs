//! Staying awake for each other: an asker and an actor on two threads.
//!
//! To sleep and be woken costs a thread many times what a cheap ask does. So an
//! asker looks for its answer again and again for a moment, and the actor for the
//! next question, as long as experience says that it comes: two that keep up with
//! each other never sleep, and no thread calls the other. Both let everybody else on
//! their threads go first. Whoever has more than one question under way does not:
//! many are served best by sleeping until many answers are there.

mod patience;

use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;
// Guesses, which no model need try: nothing follows from them but when a thread sleeps.
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Instant;

use tokio::runtime::{Handle, RuntimeFlavor};

use patience::Patience;

thread_local! {
    /// Its address stands for the thread.
    static HERE: u8 = const { 0 };
    /// The questions to other threads that are under way.
    static QUESTIONS: Cell<usize> = const { Cell::new(0) };
}

/// What the two sides know of each other.
#[derive(Debug)]
pub(crate) struct Vigil {
    /// The thread of the generation that began last; zero before.
    actor: AtomicUsize,
    patience: AtomicU64,
}

/// The side of one question.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    /// The thread that counts it, zero if none does. If it is dropped on another one
    /// it counts for ever, and that thread sleeps when it asks.
    thread: usize,
    until: Option<Instant>,
}

/// The side of the actor.
#[derive(Debug, Default)]
pub(crate) struct Serving {
    until: Option<Instant>,
}

impl Vigil {
    /// The actor runs on this thread from now on.
    pub(crate) fn settle(&self) {
        self.actor.store(here(), Relaxed);
    }

    /// A question is to be sent; whether its asker is to stay awake.
    pub(crate) fn begin_asking(&self, asking: &mut Asking) -> bool {
        let (actor, here) = (self.actor.load(Relaxed), here());
        if actor == 0 || actor == here {
            return false;
        }
        asking.thread = here;
        QUESTIONS.set(QUESTIONS.get() + 1);
        if QUESTIONS.get() > 1 {
            return false;
        }
        if let Some(time) = self.learn(Patience::ask)
            && !is_stolen_from()
        {
            asking.until = Some(Instant::now() + time);
        }
        asking.until.is_some()
    }

    /// The answer is not there yet; whether the asker is to stay awake.
    pub(crate) fn go_on_asking(&self, asking: &mut Asking) -> bool {
        let Some(until) = asking.until else {
            return false;
        };
        let goes_on = QUESTIONS.get() == 1 && Instant::now() < until;
        if !goes_on {
            asking.until = None;
            self.learn(Patience::missed);
        }
        goes_on
    }

    /// The answer is there.
    pub(crate) fn end_asking(&self, asking: &mut Asking) {
        if asking.until.take().is_some() {
            self.learn(match QUESTIONS.get() {
                1 => Patience::found,
                _ => Patience::missed,
            });
        }
        asking.end();
    }

    /// The actor has done all there was to do; whether it is to stay awake.
    pub(crate) fn begin_serving(&self, serving: &mut Serving) -> bool {
        let begins = Patience::from_bits(self.patience.load(Relaxed)).is_watched();
        if begins {
            serving.until = Some(Instant::now() + Patience::BRIEF);
        }
        begins
    }

    /// The actor still has nothing to do; whether it is to stay awake.
    pub(crate) fn go_on_serving(&self, serving: &mut Serving) -> bool {
        let Some(until) = serving.until else {
            return false;
        };
        let goes_on = Instant::now() < until;
        if !goes_on {
            serving.until = None;
            self.learn(Patience::missed);
        }
        goes_on
    }

    /// What others learn at the same time may be forgotten.
    fn learn<T>(&self, step: impl FnOnce(&mut Patience) -> T) -> T {
        let mut patience = Patience::from_bits(self.patience.load(Relaxed));
        let result = step(&mut patience);
        self.patience.store(patience.to_bits(), Relaxed);
        result
    }
}

impl Default for Vigil {
    fn default() -> Self {
        Vigil {
            actor: AtomicUsize::new(0),
            patience: AtomicU64::new(Patience::default().to_bits()),
        }
    }
}

impl Asking {
    fn end(&mut self) {
        if self.thread == here() {
            QUESTIONS.set(QUESTIONS.get().saturating_sub(1));
        }
        self.thread = 0;
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.end();
    }
}

impl Serving {
    /// The actor has something to do.
    pub(crate) fn end(&mut self) {
        self.until = None;
    }
}

fn here() -> usize {
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

/// Whether another thread would be woken to take over what stays awake here.
fn is_stolen_from() -> bool {
    Handle::try_current().map_or(true, |runtime| {
        runtime.runtime_flavor() != RuntimeFlavor::CurrentThread
    })
}

#[cfg(test)]
mod tests;
