use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::DropCause;

/// How many dead letters wait for a reader that is slow.
const KEPT: usize = 1_024;

/// A message that a mailbox dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// When it was dropped.
    pub at: Instant,
    /// The path of the child it was for.
    pub path: Arc<str>,
    /// The Rust name of its type; of no use but to be read.
    pub message: &'static str,
    /// Why it was dropped.
    pub cause: DropCause,
}

impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}: {}", self.message, self.path, self.cause)
    }
}

/// The dead letters of a node from the moment of subscription on.
///
/// Reading slowly never holds an actor up: at most 1,024 wait, then the oldest are
/// lost and counted.
#[derive(Debug)]
pub struct DeadLetters {
    receiver: broadcast::Receiver<DeadLetter>,
    missed: u64,
}

impl DeadLetters {
    /// The next dead letter, or `None` once the node has ended.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    pub async fn next(&mut self) -> Option<DeadLetter> {
        loop {
            match self.receiver.recv().await {
                Ok(letter) => return Some(letter),
                Err(broadcast::error::RecvError::Lagged(count)) => self.missed += count,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// How many were lost because this reader was slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// Where the mailboxes of a node send what they drop. Costs one relaxed load while
/// nobody listens.
#[derive(Default)]
pub(crate) struct DeadLetterOffice {
    is_heard: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Open(broadcast::Sender<DeadLetter>),
    Ended,
}

impl DeadLetterOffice {
    pub(crate) fn subscribe(&self) -> DeadLetters {
        let mut state = self.state.lock();
        let receiver = match &*state {
            State::Open(sender) => sender.subscribe(),
            State::Idle => {
                let (sender, receiver) = broadcast::channel(KEPT);
                *state = State::Open(sender);
                self.is_heard.store(true, Relaxed);
                receiver
            }
            State::Ended => broadcast::channel(1).1,
        };
        DeadLetters {
            receiver,
            missed: 0,
        }
    }

    /// `letter` is made only if somebody listens.
    pub(crate) fn send(&self, letter: impl FnOnce() -> DeadLetter) {
        if !self.is_heard.load(Relaxed) {
            return;
        }
        let mut state = self.state.lock();
        if let State::Open(sender) = &*state
            && sender.send(letter()).is_err()
        {
            // The last reader has gone.
            *state = State::Idle;
            self.is_heard.store(false, Relaxed);
        }
    }

    /// The node has ended: readers are told so.
    pub(crate) fn end(&self) {
        *self.state.lock() = State::Ended;
        self.is_heard.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> DeadLetter {
        DeadLetter {
            at: Instant::now(),
            path: "a/b".into(),
            message: "Order",
            cause: DropCause::MailboxFull,
        }
    }

    #[tokio::test]
    async fn what_a_slow_reader_missed_is_counted() {
        let office = DeadLetterOffice::default();
        let mut letters = office.subscribe();
        for _ in 0..KEPT + 5 {
            office.send(letter);
        }
        let first = letters.next().await.unwrap();
        assert_eq!(first.to_string(), "Order for a/b: mailbox full");
        assert_eq!(letters.missed(), 5);
        office.end();
        for _ in 1..KEPT {
            assert!(letters.next().await.is_some());
        }
        assert!(letters.next().await.is_none());
        assert!(office.subscribe().next().await.is_none());
    }

    #[test]
    fn none_is_made_while_nobody_listens() {
        let office = DeadLetterOffice::default();
        office.send(|| unreachable!("nobody listens"));
        drop(office.subscribe());
        office.send(letter);
        office.send(|| unreachable!("nobody listens any more"));
    }
}
