//! Threads and what they share, as [loom] has them: it runs a model again and
//! again, until every order was tried in which threads may see each other's steps.
//!
//! `Arc` and `Waker` stay those of `std`, which is asked for nothing but what it
//! promises.
//!
//! [loom]: https://docs.rs/loom

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::Waker;

pub use loom::future::block_on;
pub use loom::sync::MutexGuard;
pub use loom::sync::atomic::{AtomicU64, AtomicUsize};
pub use loom::thread;

/// As `std` has it.
#[derive(Debug, Default)]
pub struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    /// A flag that is `value`.
    pub fn new(value: bool) -> Self {
        AtomicBool(loom::sync::atomic::AtomicBool::new(value))
    }

    /// What it is now.
    pub fn load(&self, ordering: Ordering) -> bool {
        self.0.load(ordering)
    }

    /// Is `value` from now on.
    pub fn store(&self, value: bool, ordering: Ordering) {
        match ordering {
            // Loom has a plain store slip in between what a swap read and what it
            // wrote, which no machine does.
            Ordering::SeqCst => _ = self.0.swap(value, ordering),
            _ => self.0.store(value, ordering),
        }
    }

    /// Is `value` from now on; what it was.
    pub fn swap(&self, value: bool, ordering: Ordering) -> bool {
        self.0.swap(value, ordering)
    }
}

/// As `parking_lot` has it.
#[derive(Debug, Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// An unlocked one.
    pub fn new(value: T) -> Self {
        Mutex(loom::sync::Mutex::new(value))
    }

    /// Waits until nobody else has it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As `futures_util` has it.
#[derive(Debug, Default)]
pub struct AtomicWaker(loom::future::AtomicWaker);

impl AtomicWaker {
    /// One that wakes nobody.
    pub fn new() -> Self {
        AtomicWaker::default()
    }

    /// The next [`wake`](Self::wake) wakes `waker`.
    pub fn register(&self, waker: &Waker) {
        self.0.register_by_ref(waker);
    }

    /// Wakes who registered last, once.
    pub fn wake(&self) {
        self.0.wake();
    }
}

/// Runs `model` in every order of its steps.
pub fn check(model: impl Fn() + Send + Sync + 'static) {
    loom::model(model);
}

/// Runs `model` in every order in which threads are interrupted no more than so
/// many times, where all orders are too many.
pub fn check_preempted(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut bounded = loom::model::Builder::new();
    bounded.preemption_bound = Some(preemptions);
    bounded.check(model);
}
