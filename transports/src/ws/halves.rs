use std::sync::Arc;
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

/// Who waits for the link: either half may have to read and to write (an upgrade, a pong), so whatever moves wakes both.
#[derive(Default)]
pub(super) struct Halves {
    pub(super) receiving: AtomicWaker,
    pub(super) sending: AtomicWaker,
}

impl Halves {
    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }
}

impl Wake for Halves {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let (receiving, sending) = (self.receiving.take(), self.sending.take());
        if let Some(sending) = &sending
            && !receiving
                .as_ref()
                .is_some_and(|receiving| receiving.will_wake(sending))
        {
            sending.wake_by_ref();
        }
        if let Some(receiving) = receiving {
            receiving.wake();
        }
    }
}
