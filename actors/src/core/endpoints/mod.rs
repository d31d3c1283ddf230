//! Which endpoints a socket listens at and dials, over all lives of its actor: what it was
//! described with, and what was changed since. Handles change the table; the actor, the listeners
//! and the dialers see to it that it comes true.

mod table;

use std::pin::pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use treewire_transports::{Endpoint, Use};

use super::{PipeId, Shared};
use crate::handle::EndpointChangeError;
use table::Table;
pub(crate) use table::{EndpointId, Left, ToStart};

pub(crate) struct Endpoints {
    table: Mutex<Table>,
    changed: Notify,
}

impl Endpoints {
    /// Those that the socket is described with.
    pub(crate) fn new(listen: &[String], dial: &[String]) -> Self {
        let mut table = Table::default();
        for given in listen {
            table.add(Use::Listen, given, false);
        }
        for given in dial {
            table.add(Use::Dial, given, false);
        }
        Endpoints {
            table: Mutex::new(table),
            changed: Notify::new(),
        }
    }

    /// What is to run, and up to which one that is all.
    pub(crate) fn to_start(&self, seen: EndpointId) -> (Vec<ToStart>, EndpointId) {
        let table = self.table.lock();
        (table.to_start(seen), table.last())
    }

    /// Waits until there is one more than up to `seen`.
    pub(crate) async fn more(&self, seen: EndpointId) {
        self.until(|table| table.last() > seen).await;
    }

    /// Waits until it is to go, or is gone.
    pub(crate) async fn leaves(&self, id: EndpointId) {
        self.until(|table| table.leaves(id)).await;
    }

    /// Waits until nothing is left of it.
    pub(crate) async fn gone(&self, id: EndpointId) {
        self.until(|table| !table.knows(id)).await;
    }

    async fn until(&self, condition: impl Fn(&Table) -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if condition(&self.table.lock()) {
                return;
            }
            changed.await;
        }
    }

    /// The one that is called so is to go.
    ///
    /// # Errors
    /// There is none; those there are.
    pub(crate) fn leave(&self, way: Use, text: &str) -> Result<Left, EndpointChangeError> {
        self.change(|table| table.leave_called(way, text))
    }

    /// The dialers that are to go, and their pipes.
    pub(crate) fn leaving(&self) -> Vec<(EndpointId, PipeId)> {
        self.table.lock().leaving()
    }

    /// Whether another one dials there.
    pub(crate) fn is_dialed(&self, id: EndpointId, endpoint: &Endpoint) -> bool {
        self.table.lock().is_dialed(id, endpoint)
    }

    /// A dialer with that pipe is about to start.
    pub(crate) fn dials(&self, id: EndpointId, endpoint: Endpoint, pipe: PipeId) {
        self.change(|table| table.dials(id, endpoint, pipe));
    }

    /// A listener is bound there.
    pub(crate) fn is_bound(&self, id: EndpointId, local: Endpoint) {
        self.change(|table| table.is_bound(id, local));
    }

    /// It runs.
    pub(crate) fn is_up(&self, id: EndpointId) {
        self.change(|table| table.is_up(id));
    }

    /// It could not be started.
    pub(crate) fn failed(&self, id: EndpointId, error: EndpointChangeError) {
        self.change(|table| table.failed(id, error));
    }

    /// Nothing is left of it.
    pub(crate) fn forget(&self, id: EndpointId) {
        self.change(|table| table.forget(id));
    }

    /// Where a listener is bound, or was last.
    pub(crate) fn bound(&self, id: EndpointId) -> Option<Endpoint> {
        self.table.lock().bound(id).cloned()
    }

    /// Where the listeners are bound, in the order in which they were named.
    pub(crate) fn all_bound(&self) -> Vec<Endpoint> {
        self.table.lock().all_bound().cloned().collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let result = change(&mut self.table.lock());
        self.changed.notify_waiters();
        result
    }
}

/// An endpoint that is being added; nothing of it stays behind when this is dropped before the
/// outcome is known.
pub(crate) struct Adding {
    shared: Arc<Shared>,
    id: EndpointId,
    is_settled: bool,
}

impl Adding {
    pub(crate) fn new(shared: Arc<Shared>, way: Use, given: &str) -> Self {
        let id = shared.endpoints.change(|table| table.add(way, given, true));
        Adding {
            shared,
            id,
            is_settled: false,
        }
    }

    /// What became of it: where it is, or why it is not.
    pub(crate) async fn outcome(mut self) -> Result<Endpoint, EndpointChangeError> {
        loop {
            let shared = self.shared.clone();
            let mut changed = pin!(shared.endpoints.changed.notified());
            changed.as_mut().enable();
            let outcome = shared.endpoints.table.lock().take_outcome(self.id);
            if let Some(outcome) = outcome {
                self.is_settled = true;
                return outcome;
            }
            changed.await;
        }
    }
}

impl Drop for Adding {
    fn drop(&mut self) {
        if !self.is_settled {
            self.shared.endpoints.change(|table| table.leave(self.id));
        }
    }
}

/// The address of a listener is taken, or about to be, until this is dropped.
pub(crate) struct Hold {
    shared: Arc<Shared>,
    id: EndpointId,
    number: u64,
}

impl Hold {
    /// `None` if the endpoint is not wanted any more.
    pub(crate) fn take(shared: &Arc<Shared>, id: EndpointId) -> Option<Self> {
        let number = shared.endpoints.change(|table| table.hold(id))?;
        Some(Hold {
            shared: shared.clone(),
            id,
            number,
        })
    }

    /// Who holds it is blocked with its thread: what lets go of it in its place.
    pub(crate) fn release(&self) -> impl FnOnce() + Send + 'static {
        let (shared, id, number) = (self.shared.clone(), self.id, self.number);
        move || shared.endpoints.change(|table| table.release(id, number))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.release()();
    }
}
