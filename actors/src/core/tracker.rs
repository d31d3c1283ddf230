//! The fate of one message, as its socket writes it down and its sender reads it.

use std::pin::pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::handle::Fate;

/// What a message's sender and its socket share.
#[derive(Debug)]
pub(crate) struct FateCell {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct State {
    fate: Fate,
    /// An earlier peer may have handled it.
    in_doubt: bool,
}

impl FateCell {
    pub(crate) fn fate(&self) -> Fate {
        self.state.lock().fate
    }

    /// Waits until it is not `known` any more.
    pub(crate) async fn other_than(&self, known: Fate) -> Fate {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let fate = self.fate();
            if fate != known {
                return fate;
            }
            changed.await;
        }
    }

    /// Writes down what `next` makes of it, unless it is final. Wakes nobody.
    fn becomes(&self, next: impl FnOnce(State) -> State) -> bool {
        let mut state = self.state.lock();
        if state.fate.is_final() {
            return false;
        }
        *state = next(*state);
        true
    }
}

/// The socket's end of a [`FateCell`]; it goes with the message, through all queues. What
/// it writes can be read at once; who waits for it is woken by [`FateNews`].
#[derive(Debug)]
pub(crate) struct Tracker(Arc<FateCell>);

/// Whose senders are to be woken, once the core's lock is free.
#[derive(Debug, Default)]
pub(crate) struct FateNews(Vec<Arc<FateCell>>);

impl FateNews {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn append(&mut self, mut later: FateNews) {
        self.0.append(&mut later.0);
    }

    /// Wakes them.
    pub(crate) fn tell(self) {
        for cell in self.0 {
            cell.changed.notify_waiters();
        }
    }
}

impl Tracker {
    /// Of a message that is to be queued now.
    pub(crate) fn new() -> (Self, Arc<FateCell>) {
        let cell = Arc::new(FateCell {
            state: Mutex::new(State {
                fate: Fate::Queued,
                in_doubt: false,
            }),
            changed: Notify::new(),
        });
        (Tracker(cell.clone()), cell)
    }

    /// A connection has it.
    pub(crate) fn written(&self, news: &mut FateNews) {
        self.set(news, |state| State {
            fate: Fate::Written,
            ..state
        });
    }

    /// The peer did not receive it: it is to leave again.
    pub(crate) fn queued_again(&self, news: &mut FateNews) {
        self.set(news, |state| State {
            fate: Fate::Queued,
            ..state
        });
    }

    /// It is to leave for another peer, whether or not the first handled it.
    pub(crate) fn queued_for_another(&self, news: &mut FateNews) {
        self.set(news, |state| State {
            fate: Fate::Queued,
            in_doubt: state.in_doubt || state.fate == Fate::Written,
        });
    }

    pub(crate) fn acknowledged(self, news: &mut FateNews) {
        self.set(news, |state| State {
            fate: Fate::Acknowledged,
            ..state
        });
    }

    pub(crate) fn expired(self, news: &mut FateNews) {
        self.set(news, |state| State {
            fate: Fate::Expired,
            ..state
        });
    }

    /// Nothing more comes of it; `cause` is counted.
    pub(crate) fn given_up(self, cause: &'static str, news: &mut FateNews) {
        self.set(news, |state| state.given_up(cause));
    }

    fn set(&self, news: &mut FateNews, next: impl FnOnce(State) -> State) {
        if self.0.becomes(next) {
            news.0.push(self.0.clone());
        }
    }
}

impl State {
    fn given_up(self, cause: &'static str) -> State {
        let fate = match self.in_doubt || self.fate == Fate::Written {
            true => Fate::LostInCrash,
            false => Fate::Dropped { cause },
        };
        State { fate, ..self }
    }
}

impl Drop for Tracker {
    /// Nobody waits for ever: a message that is forgotten was given up.
    fn drop(&mut self) {
        if self.0.becomes(|state| state.given_up("closed")) {
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_fate_is_told_once() {
        let (tracker, cell) = Tracker::new();
        let mut told = FateNews::default();
        tracker.written(&mut told);
        let late = Tracker(cell.clone());
        tracker.acknowledged(&mut told);
        assert_eq!(told.0.len(), 2);
        late.given_up("closed", &mut told);
        assert_eq!((cell.fate(), told.0.len()), (Fate::Acknowledged, 2));
    }

    #[test]
    fn what_never_left_is_dropped_and_what_left_is_lost() {
        let mut told = FateNews::default();
        let (tracker, cell) = Tracker::new();
        tracker.given_up("queue full", &mut told);
        assert_eq!(cell.fate().to_string(), "dropped: queue full");

        let (tracker, cell) = Tracker::new();
        tracker.written(&mut told);
        tracker.given_up("queue full", &mut told);
        assert_eq!(cell.fate(), Fate::LostInCrash);

        // Nobody knows what the first peer did with it.
        let (tracker, cell) = Tracker::new();
        tracker.written(&mut told);
        tracker.queued_for_another(&mut told);
        assert_eq!(cell.fate(), Fate::Queued);
        tracker.given_up("queue full", &mut told);
        assert_eq!(cell.fate(), Fate::LostInCrash);

        // This one says that it did not get it.
        let (tracker, cell) = Tracker::new();
        tracker.written(&mut told);
        tracker.queued_again(&mut told);
        tracker.given_up("closed", &mut told);
        assert_eq!(cell.fate(), Fate::Dropped { cause: "closed" });
    }

    #[tokio::test]
    async fn a_forgotten_message_ends_the_wait() {
        let (tracker, cell) = Tracker::new();
        let waiting = tokio::spawn(async move { cell.other_than(Fate::Queued).await });
        tokio::task::yield_now().await;
        drop(tracker);
        assert_eq!(waiting.await.unwrap(), Fate::Dropped { cause: "closed" });
    }
}
