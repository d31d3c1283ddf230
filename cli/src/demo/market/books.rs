//! What outlives every actor of the market: the counts of what they did.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::numbers::Numbers;
use super::published::Published;
use super::questions::Questions;

/// Shared by all who count. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Books(Arc<Shared>);

#[derive(Default)]
struct Shared {
    trading: AtomicBool,
    orders: Mutex<Numbers>,
    questions: Mutex<Questions>,
    ticks: Mutex<Published>,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::demo) struct Totals {
    pub(in crate::demo) orders: Numbers,
    pub(in crate::demo) questions: Questions,
    pub(in crate::demo) ticks: Published,
}

impl Books {
    /// From now on everybody sends, or nobody sends anything new.
    pub(super) fn set_trading(&self, trading: bool) {
        self.0.trading.store(trading, Relaxed);
    }

    pub(super) fn is_trading(&self) -> bool {
        self.0.trading.load(Relaxed)
    }

    pub(super) fn orders(&self) -> MutexGuard<'_, Numbers> {
        lock(&self.0.orders)
    }

    pub(super) fn questions(&self) -> MutexGuard<'_, Questions> {
        lock(&self.0.questions)
    }

    pub(super) fn ticks(&self) -> MutexGuard<'_, Published> {
        lock(&self.0.ticks)
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            orders: self.orders().clone(),
            questions: self.questions().clone(),
            ticks: self.ticks().clone(),
        }
    }
}

/// Counts are whole after every step, also if somebody panics meanwhile.
fn lock<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
