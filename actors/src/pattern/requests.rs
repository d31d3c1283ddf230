//! The asking side of request and reply.

use std::collections::HashMap;

use treewire_transports::{Content, Failure};

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Reply(Content),
    /// The peer says why there is no reply.
    Failed(Failure),
    /// The peer it was sent to is gone.
    PeerGone,
    /// It was never sent, and will not be.
    NotSent(Content),
    /// A later request took its place.
    Superseded,
    /// It cannot be sent to the peer that was to have it: why.
    Unsendable(Content, String),
}

/// The requests that wait for an answer.
///
/// A request is open from [`open`](Self::open) until it is answered, failed or
/// cancelled; `T` is where its answer goes.
#[derive(Debug)]
pub(crate) struct Requests<T> {
    last: u64,
    open: HashMap<u64, Open<T>>,
    /// What need not be sent again any more.
    spent: Vec<Content>,
}

#[derive(Debug)]
struct Open<T> {
    answer: T,
    /// The pipe it was sent to; `None` while it is only queued.
    sent_to: Option<usize>,
    /// What to send again when the peer goes, if it may be.
    again: Option<Content>,
}

/// An idempotent request whose peer went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resend {
    pub(crate) correlation: u64,
    pub(crate) content: Content,
}

impl<T> Default for Requests<T> {
    fn default() -> Self {
        Requests {
            last: 0,
            open: HashMap::new(),
            spent: Vec::new(),
        }
    }
}

impl<T> Requests<T> {
    /// A new request; its correlation id is unique for the socket's life.
    pub(crate) fn open(&mut self, answer: T, again: Option<Content>) -> u64 {
        self.last += 1;
        self.open.insert(
            self.last,
            Open {
                answer,
                sent_to: None,
                again,
            },
        );
        self.last
    }

    /// The request leaves for a peer; `false` if nobody waits for it any more,
    /// so that it need not be sent.
    pub(crate) fn sent(&mut self, correlation: u64, pipe: usize) -> bool {
        match self.open.get_mut(&correlation) {
            Some(open) => {
                open.sent_to = Some(pipe);
                true
            }
            None => false,
        }
    }

    /// Closes the request and gives out where its answer goes. `None` for a late
    /// or foreign answer: only the peer that was asked may answer.
    pub(crate) fn answered(&mut self, correlation: u64, pipe: usize) -> Option<T> {
        let open = self.open.get(&correlation)?;
        if open.sent_to != Some(pipe) {
            return None;
        }
        self.close(correlation).map(|open| open.answer)
    }

    /// The asker gave up; the pipe that is to be told, if it was sent.
    pub(crate) fn cancel(&mut self, correlation: u64) -> Option<usize> {
        self.close(correlation).and_then(|open| open.sent_to)
    }

    /// The request will not be sent.
    pub(crate) fn withdrawn(&mut self, correlation: u64) -> Option<T> {
        self.close(correlation).map(|open| open.answer)
    }

    /// Whether no request is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Those that are open, the oldest first.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self.open.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// A later request takes its place: where its answer would have gone, and the pipe that is
    /// to be told, if it was sent.
    pub(crate) fn superseded(&mut self, correlation: u64) -> Option<(T, Option<usize>)> {
        let open = self.close(correlation)?;
        Some((open.answer, open.sent_to))
    }

    fn close(&mut self, correlation: u64) -> Option<Open<T>> {
        let mut open = self.open.remove(&correlation)?;
        let again = open.again.take();
        self.spent
            .extend(again.filter(|content| !content.is_inline()));
        Some(open)
    }

    /// What need not be sent again any more, to be dropped where that may take what it takes.
    pub(crate) fn take_spent(&mut self) -> Vec<Content> {
        std::mem::take(&mut self.spent)
    }

    /// A peer is gone: what was sent to it fails, unless it may be sent again.
    /// Both in the order of asking.
    pub(crate) fn peer_gone(&mut self, pipe: usize) -> (Vec<T>, Vec<Resend>) {
        let mut touched: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, open)| open.sent_to == Some(pipe))
            .map(|(correlation, _)| *correlation)
            .collect();
        touched.sort_unstable();
        let (mut failed, mut again) = (Vec::new(), Vec::new());
        for correlation in touched {
            let Some(open) = self.open.get_mut(&correlation) else {
                continue;
            };
            if let Some(content) = open.again.clone() {
                open.sent_to = None;
                again.push(Resend {
                    correlation,
                    content,
                });
            } else if let Some(open) = self.open.remove(&correlation) {
                failed.push(open.answer);
            }
        }
        (failed, again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        Content::from(text)
    }

    #[test]
    fn zeromq_01_a_req_takes_a_reply_only_from_the_peer_it_asked_and_only_once() {
        let mut requests = Requests::default();
        let id = requests.open("asker", None);
        assert_eq!(requests.answered(id, 0), None, "it was not sent yet");
        assert!(requests.sent(id, 0));
        assert_eq!(requests.answered(id, 1), None);
        assert_eq!(requests.answered(id, 0), Some("asker"));
        assert_eq!(requests.answered(id, 0), None);
    }

    #[test]
    fn distributed_05_a_dead_peer_fails_its_requests_at_once_or_sends_them_elsewhere() {
        let mut requests = Requests::default();
        let plain = requests.open("plain", None);
        let again = requests.open("idempotent", Some(content("x")));
        let unsent = requests.open("unsent", None);
        let other = requests.open("other", None);
        for (id, pipe) in [(plain, 0), (again, 0), (other, 1)] {
            assert!(requests.sent(id, pipe));
        }
        let (failed, resent) = requests.peer_gone(0);
        assert_eq!(failed, ["plain"]);
        assert_eq!(
            resent,
            [Resend {
                correlation: again,
                content: content("x")
            }]
        );
        assert!(requests.sent(again, 1) && requests.sent(unsent, 1));
        assert_eq!(requests.answered(again, 1), Some("idempotent"));
        assert_eq!(requests.answered(unsent, 1), Some("unsent"));
        assert_eq!(requests.answered(other, 1), Some("other"));
    }

    #[test]
    fn a_cancelled_request_is_not_sent_and_its_peer_is_told_if_it_was() {
        let mut requests = Requests::default();
        let queued = requests.open((), None);
        let sent = requests.open((), None);
        requests.sent(sent, 3);
        assert_eq!(requests.cancel(queued), None);
        assert!(!requests.sent(queued, 3));
        assert_eq!(requests.cancel(sent), Some(3));
        assert_eq!(requests.answered(sent, 3), None);
    }
}
