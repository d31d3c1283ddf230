use std::fmt;
use std::sync::Arc;

use crate::slot::Cancel;

/// A message that is to come at a time, or again and again; see
/// [`Ref::send_after`](crate::Ref::send_after) and
/// [`Ref::send_every`](crate::Ref::send_every).
///
/// Dropping it does not cancel anything. Clones are the same schedule.
#[derive(Clone)]
pub struct Scheduled {
    slot: Arc<dyn Cancel>,
    serial: u64,
}

impl Scheduled {
    pub(super) fn new(slot: Arc<dyn Cancel>, serial: u64) -> Self {
        Scheduled { slot, serial }
    }

    /// Has it come no more, and drops the message; a message that is being handled
    /// is not disturbed. `false` if there was nothing left to cancel.
    pub fn cancel(&self) -> bool {
        self.slot.cancel(self.serial)
    }
}

impl fmt::Debug for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheduled({})", self.serial)
    }
}
