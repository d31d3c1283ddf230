//! What a listener is bound to, as long as it is.

use std::sync::Arc;

use parking_lot::Mutex;
use treewire_transports::{Acceptor, Cutter};

use crate::core::{Hold, Shared};
use crate::handle::SocketEvent;

/// With it the address is let go of, and that is told.
pub(super) struct Bound {
    pub(super) acceptor: Box<dyn Acceptor>,
    address: Arc<Address>,
}

struct Address {
    shared: Arc<Shared>,
    shown: Arc<str>,
    /// Which has a share in the address as well, on some transports; until it is let go of.
    cutter: Mutex<Option<Cutter>>,
    hold: Hold,
}

impl Bound {
    pub(super) fn new(acceptor: Box<dyn Acceptor>, shared: Arc<Shared>, hold: Hold) -> Self {
        let address = Address {
            shared,
            shown: acceptor.local().to_string().into(),
            cutter: Mutex::new(Some(acceptor.cutter())),
            hold,
        };
        let endpoint = address.shown.clone();
        address.shared.tell(|| SocketEvent::Listening { endpoint });
        Bound {
            acceptor,
            address: Arc::new(address),
        }
    }

    /// Where it is bound, for people.
    pub(super) fn shown(&self) -> &Arc<str> {
        &self.address.shown
    }

    /// What frees the address in the place of an owner who is blocked with its thread.
    pub(super) fn release(&self) -> impl FnOnce() + Send + 'static {
        let address = Arc::downgrade(&self.address);
        move || {
            if let Some(address) = address.upgrade() {
                address.let_go(Cutter::cut);
            }
        }
    }
}

impl Address {
    fn let_go(&self, end: impl FnOnce(Cutter)) {
        let Some(cutter) = self.cutter.lock().take() else {
            return;
        };
        end(cutter);
        let endpoint = self.shown.clone();
        self.shared
            .tell(|| SocketEvent::ListenerClosed { endpoint });
        self.hold.release()();
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        self.let_go(drop);
    }
}
