use std::collections::BTreeMap;

use super::Orders;
use super::parcel::Sender;
use crate::sync::{Arc, Mutex};

/// The askers whose answers are to come after their handlers returned; nothing but
/// an empty place until there was one.
#[derive(Default)]
pub(crate) struct Owed(Mutex<Option<Box<Debts>>>);

#[derive(Default)]
struct Debts {
    by_serial: BTreeMap<u64, (u64, Arc<dyn Sender>)>,
    last_serial: u64,
}

impl Owed {
    /// `life` owes an answer; `None` if that life is not in charge any more.
    pub(crate) fn insert(&self, life: u64, asker: Arc<dyn Sender>, orders: &Orders) -> Option<u64> {
        let mut place = self.0.lock();
        // Whoever gives the life up looks here after it ended its charge.
        if !orders.is_in_charge(life) {
            return None;
        }
        let debts = place.get_or_insert_default();
        debts.last_serial += 1;
        let serial = debts.last_serial;
        debts.by_serial.insert(serial, (life, asker));
        Some(serial)
    }

    /// The asker has its answer, or does not want it any more.
    pub(crate) fn remove(&self, serial: u64) {
        let mut place = self.0.lock();
        let removed = place.as_mut().map(|debts| debts.by_serial.remove(&serial));
        drop(place);
        drop(removed);
    }

    /// How many wait for an answer.
    #[cfg(all(test, treewire_loom))]
    pub(super) fn len(&self) -> usize {
        self.0
            .lock()
            .as_ref()
            .map_or(0, |debts| debts.by_serial.len())
    }

    /// `life` is over: whom it owed answers, oldest first.
    pub(crate) fn end(&self, life: u64) -> Vec<Arc<dyn Sender>> {
        let mut place = self.0.lock();
        let Some(debts) = &mut *place else {
            return Vec::new();
        };
        let ended = debts.by_serial.extract_if(.., |_, (of, _)| *of == life);
        ended.map(|(_, (_, asker))| asker).collect()
    }
}
