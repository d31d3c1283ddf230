//! Who listens under which name, and who waits for it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::link;
use crate::Link;

/// So many links may wait to be accepted; further dialers wait.
const BACKLOG_MAX: usize = 128;

#[derive(Clone, Debug, Default)]
pub(super) struct Namespace(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    names: HashMap<String, Name>,
    /// Numbers links and waiting dialers.
    next: u64,
}

#[derive(Debug, Default)]
struct Name {
    listener: Option<Listener>,
    /// By ticket, so that the first to come is the first to be served.
    dialers: BTreeMap<u64, Waker>,
}

#[derive(Debug)]
struct Listener {
    claim: Claim,
    backlog: VecDeque<Link>,
    acceptor: Option<Waker>,
}

/// The place of a dialer that waits.
pub(super) type Ticket = u64;

/// Which of the listeners that had the name one after the other.
pub(super) type Claim = u64;

impl Namespace {
    /// Takes the name; `None` when somebody has it.
    pub(super) fn listen(&self, name: &str) -> Option<Claim> {
        let mut state = self.0.lock();
        state.next += 1;
        let claim = state.next;
        let entry = state.names.entry(name.to_owned()).or_default();
        if entry.listener.is_some() {
            return None;
        }
        entry.listener = Some(Listener {
            claim,
            backlog: VecDeque::new(),
            acceptor: None,
        });
        let dialers = std::mem::take(&mut entry.dialers);
        drop(state);
        dialers.into_values().for_each(Waker::wake);
        Some(claim)
    }

    /// Frees the name, if it still has the one who claimed it. Links that wait to be accepted end; dialers that wait go on
    /// waiting.
    pub(super) fn unlisten(&self, name: &str, claim: Claim) {
        let mut state = self.0.lock();
        let listener = state
            .names
            .get_mut(name)
            .and_then(|entry| entry.listener.take_if(|listener| listener.claim == claim));
        state.forget_if_unused(name);
        // Ending links wakes their peers, who may come back here.
        drop(state);
        if let Some(listener) = listener {
            drop(listener.backlog);
            listener.acceptor.into_iter().for_each(Waker::wake);
        }
    }

    /// The next link; `None` when the name is not the claimant's any more.
    pub(super) fn poll_accept(
        &self,
        name: &str,
        claim: Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Link>> {
        let mut state = self.0.lock();
        let entry = state.names.get_mut(name);
        let Some(entry) = entry else {
            return Poll::Ready(None);
        };
        let listener = entry.listener.as_mut();
        let Some(listener) = listener.filter(|listener| listener.claim == claim) else {
            return Poll::Ready(None);
        };
        let Some(link) = listener.backlog.pop_front() else {
            listener.acceptor = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let next = entry.dialers.pop_first();
        drop(state);
        if let Some((_, dialer)) = next {
            dialer.wake();
        }
        Poll::Ready(Some(link))
    }

    /// A link to whoever listens under the name, or a ticket for the next try.
    pub(super) fn dial(
        &self,
        name: &str,
        ticket: Option<Ticket>,
        cx: &mut Context<'_>,
    ) -> Result<Link, Ticket> {
        let mut state = self.0.lock();
        state.next += 1;
        let number = state.next;
        let entry = state.names.entry(name.to_owned()).or_default();
        if let Some(ticket) = ticket {
            entry.dialers.remove(&ticket);
        }
        let Some(listener) = entry
            .listener
            .as_mut()
            .filter(|listener| listener.backlog.len() < BACKLOG_MAX)
        else {
            let ticket = ticket.unwrap_or(number);
            entry.dialers.insert(ticket, cx.waker().clone());
            return Err(ticket);
        };
        let (ours, theirs) = link::pair(name, number);
        listener.backlog.push_back(theirs);
        let acceptor = listener.acceptor.take();
        drop(state);
        if let Some(acceptor) = acceptor {
            acceptor.wake();
        }
        Ok(ours)
    }

    /// Gives a ticket back. When its turn had come already, the next dialer gets it.
    pub(super) fn give_up(&self, name: &str, ticket: Ticket) {
        let mut state = self.0.lock();
        let Some(entry) = state.names.get_mut(name) else {
            return;
        };
        let next = match entry.dialers.remove(&ticket) {
            Some(_) => None,
            None => entry.dialers.pop_first(),
        };
        state.forget_if_unused(name);
        drop(state);
        if let Some((_, dialer)) = next {
            dialer.wake();
        }
    }
}

impl State {
    fn forget_if_unused(&mut self, name: &str) {
        if self
            .names
            .get(name)
            .is_some_and(|entry| entry.listener.is_none() && entry.dialers.is_empty())
        {
            self.names.remove(name);
        }
    }
}
