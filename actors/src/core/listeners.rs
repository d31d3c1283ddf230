//! Who listens to what a socket tells, and what is kept for them.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many tidings are kept for who does not fetch them.
const KEPT: usize = 256;

/// How many bytes of messages those may have with them, beside the newest.
const BYTES_KEPT: u64 = 32 * 1024 * 1024;

/// What listeners are told.
pub(crate) trait Tidings: Clone {
    /// The bytes of the messages that come with it.
    fn content_bytes(&self) -> u64;
}

/// While nobody listens it is empty: then no tidings are made.
pub(super) struct Listeners<T> {
    inboxes: Vec<Weak<Inbox<T>>>,
    has_ended: bool,
}

/// What is to be done once the lock of the core is free.
pub(super) struct Told<T> {
    /// Whom to wake.
    listeners: Vec<Arc<Inbox<T>>>,
    /// What need not be kept any more, or was not fetched in time: to be dropped.
    stale: Vec<T>,
}

/// What one listener has not fetched.
pub(crate) struct Inbox<T> {
    kept: Mutex<Kept<T>>,
    pub(crate) arrived: Notify,
}

struct Kept<T> {
    tidings: VecDeque<T>,
    bytes: u64,
    missed: u64,
    has_ended: bool,
}

/// What a listener finds in its inbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fetched<T> {
    /// The oldest that is kept.
    Item(T),
    /// So many before that are not.
    Missed(u64),
    Nothing,
    /// Nothing more comes.
    End,
}

impl<T> Default for Listeners<T> {
    fn default() -> Self {
        Listeners {
            inboxes: Vec::new(),
            has_ended: false,
        }
    }
}

impl<T: Tidings> Listeners<T> {
    pub(super) fn add(&mut self) -> Arc<Inbox<T>> {
        let inbox = Arc::new(Inbox {
            kept: Mutex::new(Kept {
                tidings: VecDeque::new(),
                bytes: 0,
                missed: 0,
                has_ended: self.has_ended,
            }),
            arrived: Notify::new(),
        });
        self.forget_the_gone();
        self.inboxes.push(Arc::downgrade(&inbox));
        inbox
    }

    #[inline]
    pub(super) fn any(&self) -> bool {
        !self.inboxes.is_empty()
    }

    /// Whoever has gone is told nothing any more.
    pub(super) fn forget_the_gone(&mut self) {
        self.inboxes.retain(|inbox| inbox.strong_count() > 0);
    }

    pub(super) fn tell(&mut self, tidings: T, told: &mut Told<T>) {
        self.each(told, |kept, stale| kept.keep(tidings.clone(), stale));
        told.stale.push(tidings);
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, told: &mut Told<T>) {
        self.has_ended = true;
        self.each(told, |kept, _| kept.has_ended = true);
    }

    fn each(&mut self, told: &mut Told<T>, mut change: impl FnMut(&mut Kept<T>, &mut Vec<T>)) {
        self.inboxes.retain(|inbox| {
            let Some(inbox) = inbox.upgrade() else {
                return false;
            };
            change(&mut inbox.kept.lock(), &mut told.stale);
            // Which may be the last to hold it by now.
            told.listeners.push(inbox);
            true
        });
    }
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Told {
            listeners: Vec::new(),
            stale: Vec::new(),
        }
    }
}

impl<T> Told<T> {
    /// Without any lock: wakers and contents are their users' affair.
    pub(super) fn finish(self) {
        for listener in &self.listeners {
            listener.arrived.notify_one();
        }
    }
}

impl<T: Tidings> Inbox<T> {
    /// The oldest that was not fetched; first how many were missed before it.
    pub(crate) fn next(&self) -> Fetched<T> {
        let mut kept = self.kept.lock();
        match take(&mut kept.missed) {
            0 => match kept.take_oldest() {
                Some(tidings) => Fetched::Item(tidings),
                None if kept.has_ended => Fetched::End,
                None => Fetched::Nothing,
            },
            count => Fetched::Missed(count),
        }
    }
}

impl<T> std::fmt::Debug for Inbox<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kept = self.kept.lock();
        let mut text = f.debug_struct("Inbox");
        text.field("kept", &kept.tidings.len());
        text.field("missed", &kept.missed).finish()
    }
}

impl<T: Tidings> Kept<T> {
    fn keep(&mut self, tidings: T, stale: &mut Vec<T>) {
        self.bytes += tidings.content_bytes();
        self.tidings.push_back(tidings);
        while self.tidings.len() > KEPT || self.bytes > BYTES_KEPT && self.tidings.len() > 1 {
            stale.extend(self.take_oldest());
            self.missed += 1;
        }
    }

    fn take_oldest(&mut self) -> Option<T> {
        let tidings = self.tidings.pop_front()?;
        self.bytes -= tidings.content_bytes();
        Some(tidings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tidings of that many bytes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Bytes(u64);

    impl Tidings for Bytes {
        fn content_bytes(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn a_listener_that_fetches_nothing_has_the_newest_events_and_bytes_within_a_bound() {
        let (mut listeners, mut told) = (Listeners::default(), Told::default());
        assert!(!listeners.any());
        let inbox = listeners.add();
        for _ in 0..KEPT + 10 {
            listeners.tell(Bytes(1), &mut told);
        }
        assert_eq!(inbox.next(), Fetched::Missed(10));
        assert_eq!(inbox.kept.lock().tidings.len(), KEPT);
        take(&mut told).finish();
        let half = BYTES_KEPT / 2;
        for bytes in [half, half, 3 * half] {
            listeners.tell(Bytes(bytes), &mut told);
            let kept = inbox.kept.lock();
            assert!(kept.bytes <= BYTES_KEPT || kept.tidings.len() == 1);
        }
        assert_eq!(told.stale.len(), KEPT + 2 + 3);
        assert!(matches!(inbox.next(), Fetched::Missed(_)));
        assert_eq!(inbox.next(), Fetched::Item(Bytes(3 * half)));
        assert_eq!(inbox.kept.lock().bytes, 0);
        assert_eq!(inbox.next(), Fetched::Nothing);
        // Who is gone is told nothing, and nothing is kept for it.
        drop((inbox, told));
        let mut told = Told::default();
        listeners.tell(Bytes(1), &mut told);
        assert!(!listeners.any());
        assert!(told.listeners.is_empty());
    }

    #[test]
    fn a_listener_has_what_was_told_before_the_end() {
        let (mut listeners, mut told) = (Listeners::default(), Told::default());
        let inbox = listeners.add();
        listeners.tell(Bytes(1), &mut told);
        listeners.end(&mut told);
        assert_eq!(inbox.next(), Fetched::Item(Bytes(1)));
        assert_eq!(inbox.next(), Fetched::End);
        assert_eq!(listeners.add().next(), Fetched::End);
    }
}
