//! Who listens to the events of a socket, and what is kept for them.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::handle::SocketEvent;

/// How many events are kept for who does not fetch them.
pub(crate) const EVENTS_KEPT: usize = 256;

/// How many bytes of messages those events may have with them, beside the newest.
pub(crate) const EVENT_BYTES_KEPT: u64 = 32 * 1024 * 1024;

/// Of a socket nobody listens to it is empty: then no event is made.
#[derive(Default)]
pub(super) struct Listeners {
    inboxes: Vec<Weak<Inbox>>,
    told: Told,
}

/// What is to be done once the lock of the core is free.
#[derive(Default)]
pub(crate) struct Told {
    /// Whom to wake.
    listeners: Vec<Arc<Inbox>>,
    /// What need not be kept any more, or was not fetched in time: to be dropped.
    stale: Vec<SocketEvent>,
}

/// The events that one listener has not fetched.
#[derive(Default)]
pub(crate) struct Inbox {
    kept: Mutex<Kept>,
    pub(crate) arrived: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<SocketEvent>,
    bytes: u64,
    missed: u64,
}

impl Listeners {
    pub(super) fn add(&mut self) -> Arc<Inbox> {
        let inbox = Arc::<Inbox>::default();
        self.inboxes.retain(|inbox| inbox.strong_count() > 0);
        self.inboxes.push(Arc::downgrade(&inbox));
        inbox
    }

    pub(super) fn any(&self) -> bool {
        !self.inboxes.is_empty()
    }

    pub(super) fn tell(&mut self, event: SocketEvent) {
        let told = &mut self.told;
        self.inboxes.retain(|inbox| {
            let Some(inbox) = inbox.upgrade() else {
                return false;
            };
            inbox.kept.lock().keep(event.clone(), &mut told.stale);
            // Which may be the last to hold it by now.
            told.listeners.push(inbox);
            true
        });
        told.stale.push(event);
    }

    #[inline]
    pub(super) fn has_told(&self) -> bool {
        !self.told.stale.is_empty()
    }

    pub(super) fn take_told(&mut self) -> Told {
        take(&mut self.told)
    }
}

impl Told {
    /// Without any lock: wakers and contents are their users' affair.
    pub(crate) fn finish(self) {
        for listener in &self.listeners {
            listener.arrived.notify_one();
        }
    }
}

impl Inbox {
    /// The oldest that was not fetched; first how many were missed before it.
    pub(crate) fn next(&self) -> Option<SocketEvent> {
        let mut kept = self.kept.lock();
        match take(&mut kept.missed) {
            0 => kept.take_oldest(),
            count => Some(SocketEvent::Missed { count }),
        }
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.kept.lock();
        let mut text = f.debug_struct("Inbox");
        text.field("events", &kept.events.len());
        text.field("missed", &kept.missed).finish()
    }
}

impl Kept {
    fn keep(&mut self, event: SocketEvent, stale: &mut Vec<SocketEvent>) {
        self.bytes += event.content_bytes();
        self.events.push_back(event);
        while self.events.len() > EVENTS_KEPT
            || self.bytes > EVENT_BYTES_KEPT && self.events.len() > 1
        {
            stale.extend(self.take_oldest());
            self.missed += 1;
        }
    }

    fn take_oldest(&mut self) -> Option<SocketEvent> {
        let event = self.events.pop_front()?;
        self.bytes -= event.content_bytes();
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use treewire_transports::Content;

    fn dead_letter(bytes: usize) -> SocketEvent {
        SocketEvent::DeadLetter {
            content: Box::new(Content::from(vec![0; bytes])),
        }
    }

    #[test]
    fn a_listener_that_fetches_nothing_has_the_newest_events_and_bytes_within_a_bound() {
        let mut listeners = Listeners::default();
        assert!(!listeners.any());
        let inbox = listeners.add();
        for _ in 0..EVENTS_KEPT + 10 {
            listeners.tell(dead_letter(1));
        }
        listeners.take_told().finish();
        let missed = inbox.next();
        assert!(
            matches!(missed, Some(SocketEvent::Missed { count: 10 })),
            "{missed:?}"
        );
        assert_eq!(inbox.kept.lock().events.len(), EVENTS_KEPT);
        let half = EVENT_BYTES_KEPT as usize / 2;
        for bytes in [half, half, 3 * half] {
            listeners.tell(dead_letter(bytes));
            let kept = inbox.kept.lock();
            assert!(kept.bytes <= EVENT_BYTES_KEPT || kept.events.len() == 1);
        }
        let told = listeners.take_told();
        assert_eq!(told.stale.len(), EVENTS_KEPT + 2 + 3);
        assert!(matches!(inbox.next(), Some(SocketEvent::Missed { .. })));
        assert!(matches!(inbox.next(), Some(SocketEvent::DeadLetter { .. })));
        assert_eq!(inbox.kept.lock().bytes, 0);
        assert!(inbox.next().is_none());
        // Who is gone is told nothing, and nothing is kept for it.
        drop((inbox, told));
        listeners.tell(dead_letter(1));
        assert!(!listeners.any());
        assert!(listeners.take_told().listeners.is_empty());
    }
}
