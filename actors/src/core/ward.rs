#[cfg(all(test, treewire_loom))]
mod loom;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::Notify;
use treewire_runtime::Clock;

use super::quarantine::Quarantine;
use super::{Inlet, Losses};
use crate::sync::{AtomicBool, Mutex};

/// The quarantine of a socket, asked and charged from any thread.
pub(crate) struct Ward {
    quarantine: Mutex<Quarantine>,
    /// Whether it refuses anybody: a message costs no lock while it does not.
    refuses: AtomicBool,
    /// The clock of the node, once the socket was started in one.
    clock: OnceLock<Clock>,
    /// Told when a quarantine begins.
    pub(crate) began: Notify,
    losses: Arc<Losses>,
}

/// The cause under which refused messages are counted.
pub(crate) const QUARANTINED: &str = "quarantined";

impl Ward {
    pub(crate) fn new(losses: Arc<Losses>) -> Self {
        Ward {
            quarantine: Mutex::new(Quarantine::default()),
            refuses: AtomicBool::new(false),
            clock: OnceLock::new(),
            began: Notify::new(),
            losses,
        }
    }

    pub(crate) fn enter_node(&self, clock: &Clock) {
        self.clock.get_or_init(|| clock.clone());
    }

    /// A message named `name` that came through `inlet` made its handler panic.
    pub(crate) fn charge(&self, inlet: &Inlet, name: &'static str) {
        let mut quarantine = self.quarantine.lock();
        let begins = quarantine.charge(inlet.sender(), name, self.clock().now());
        self.refuses.store(quarantine.is_refusing(), SeqCst);
        drop(quarantine);
        if begins {
            self.began.notify_waiters();
            tracing::warn!(
                peer = inlet.peer(),
                message = name,
                "quarantined: its messages made their handler panic three times in a minute"
            );
        }
    }

    /// Whether messages named `name` that came through `inlet` are refused now.
    pub(crate) fn refuses(&self, inlet: &Inlet, name: &'static str) -> bool {
        if !self.refuses.load(SeqCst) {
            return false;
        }
        let mut quarantine = self.quarantine.lock();
        let refuses = quarantine.refuses(inlet.sender(), name, self.clock().now());
        self.refuses.store(quarantine.is_refusing(), SeqCst);
        refuses
    }

    /// Counts a message that was lost because of `cause`.
    pub(crate) fn dropped(&self, cause: &'static str) {
        self.losses.count(cause, 1);
    }

    /// Until when somebody is refused, as far as is known.
    pub(crate) fn refuses_until(&self) -> Option<Instant> {
        self.quarantine.lock().until()
    }

    fn clock(&self) -> &Clock {
        self.clock.get_or_init(Clock::default)
    }
}
