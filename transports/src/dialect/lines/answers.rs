//! Which answer belongs to which request: the lines do not say, so their order does.

use std::collections::{BTreeMap, VecDeque};

use crate::Envelope;

/// Our requests that the peer has not answered, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Asked {
    open: VecDeque<u64>,
    done: u64,
}

impl Asked {
    pub(super) fn asks(&mut self, correlation: u64) {
        self.open.push_back(correlation);
    }

    /// A request is given up. It keeps its place: the peer answers it.
    pub(super) fn gives_up(&mut self) {
        self.done += 1;
    }

    /// A line came: the request it answers.
    pub(super) fn answered(&mut self) -> Option<u64> {
        let oldest = self.open.pop_front()?;
        self.done += 1;
        Some(oldest)
    }

    /// How many messages of ours are done with.
    pub(super) fn done(&self) -> u64 {
        self.done
    }
}

/// The peer's requests, which are numbered from 1 on, and the answers that wait for those before them.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    asked: u64,
    answered: u64,
    held: BTreeMap<u64, Envelope>,
    held_bytes: u64,
}

impl InOrder {
    /// A request came; its number.
    pub(super) fn asked(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    pub(super) fn answers(&mut self, answer: Envelope) {
        self.held_bytes += answer.content.byte_len() as u64;
        self.held.insert(answer.correlation, answer);
    }

    /// The answer whose turn it is, if it is there.
    pub(super) fn next(&mut self) -> Option<Envelope> {
        let next = self.held.remove(&(self.answered + 1))?;
        self.answered += 1;
        self.held_bytes -= next.content.byte_len() as u64;
        Some(next)
    }

    pub(super) fn unanswered(&self) -> u64 {
        self.asked - self.answered
    }

    pub(super) fn held_bytes(&self) -> u64 {
        self.held_bytes
    }
}
