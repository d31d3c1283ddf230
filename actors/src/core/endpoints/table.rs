//! Where each endpoint of a socket stands. Pure.

use std::sync::Arc;

use treewire_transports::{Endpoint, Use};

use super::super::PipeId;
use crate::handle::EndpointChangeError;

/// Names an endpoint of a socket; never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EndpointId(u64);

/// An endpoint that the socket's actor is to start.
pub(crate) struct ToStart {
    pub(crate) id: EndpointId,
    pub(crate) way: Use,
    /// As it was written.
    pub(crate) given: Arc<str>,
    /// It was added while the socket ran: that it cannot be started is the affair of whoever
    /// did so.
    pub(crate) is_live: bool,
}

/// What is about to go.
pub(crate) struct Left {
    pub(crate) id: EndpointId,
    pub(crate) endpoint: Endpoint,
    pub(crate) pipe: Option<PipeId>,
}

#[derive(Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    last: EndpointId,
    last_holder: u64,
}

struct Entry {
    id: EndpointId,
    way: Use,
    given: Arc<str>,
    is_live: bool,
    standing: Standing,
    /// What the text means, once that is known: of a listener, where it is bound or was last.
    endpoint: Option<Endpoint>,
    /// Of a dialer that was started.
    pipe: Option<PipeId>,
    /// Who has the address of a listener, or is about to bind it.
    holder: Option<u64>,
}

#[derive(Debug, PartialEq)]
enum Standing {
    /// It is to be started.
    Wanted,
    Up,
    Failed(EndpointChangeError),
    /// Its dialer or the holder of its address is about to go, and it goes then.
    Leaving,
}

impl Entry {
    fn is_there(&self, way: Use) -> bool {
        self.way == way && self.standing == Standing::Up
    }

    /// Both spellings are taken: as it was written, and what became of it.
    fn is_called(&self, text: &str) -> bool {
        let endpoint = self.endpoint.as_ref();
        *self.given == *text || endpoint.is_some_and(|endpoint| endpoint.to_string() == text)
    }
}

impl Table {
    pub(super) fn add(&mut self, way: Use, given: &str, is_live: bool) -> EndpointId {
        self.last.0 += 1;
        self.entries.push(Entry {
            id: self.last,
            way,
            given: given.into(),
            is_live,
            standing: Standing::Wanted,
            endpoint: None,
            pipe: None,
            holder: None,
        });
        self.last
    }

    /// The one that was named last.
    pub(super) fn last(&self) -> EndpointId {
        self.last
    }

    /// What is to run, in the order in which it was named, of those that were named after
    /// `seen`.
    pub(super) fn to_start(&self, seen: EndpointId) -> Vec<ToStart> {
        let runs = |entry: &&Entry| matches!(entry.standing, Standing::Wanted | Standing::Up);
        let named = self.entries.iter().filter(|entry| entry.id > seen);
        let to_start = named.filter(runs).map(|entry| ToStart {
            id: entry.id,
            way: entry.way,
            given: entry.given.clone(),
            is_live: entry.is_live,
        });
        to_start.collect()
    }

    /// What became of one that was added, once that is known. One that failed is forgotten.
    pub(super) fn take_outcome(
        &mut self,
        id: EndpointId,
    ) -> Option<Result<Endpoint, EndpointChangeError>> {
        let entry = self.get(id)?;
        match &entry.standing {
            Standing::Up => entry.endpoint.clone().map(Ok),
            Standing::Failed(error) => {
                let error = error.clone();
                self.forget(id);
                Some(Err(error))
            }
            Standing::Wanted | Standing::Leaving => None,
        }
    }

    /// The first that is called so is to go.
    ///
    /// # Errors
    /// There is none; those there are.
    pub(super) fn leave_called(
        &mut self,
        way: Use,
        text: &str,
    ) -> Result<Left, EndpointChangeError> {
        let up = || self.entries.iter().filter(|entry| entry.is_there(way));
        let left = up().find(|entry| entry.is_called(text)).and_then(|entry| {
            Some(Left {
                id: entry.id,
                endpoint: entry.endpoint.clone()?,
                pipe: entry.pipe,
            })
        });
        let Some(left) = left else {
            let there = up().filter_map(|entry| Some(entry.endpoint.as_ref()?.to_string()));
            let there = there.collect();
            let endpoint = text.to_owned();
            return Err(match way {
                Use::Listen => EndpointChangeError::NotListening { endpoint, there },
                Use::Dial => EndpointChangeError::NotDialed { endpoint, there },
            });
        };
        self.leave(left.id);
        Ok(left)
    }

    /// It is to go: at once if nothing of it runs.
    pub(super) fn leave(&mut self, id: EndpointId) {
        match self.get_mut(id) {
            Some(entry) if entry.pipe.is_some() || entry.holder.is_some() => {
                entry.standing = Standing::Leaving;
            }
            _ => self.forget(id),
        }
    }

    /// Whether it is to go, or has gone.
    pub(super) fn leaves(&self, id: EndpointId) -> bool {
        let entry = self.get(id);
        entry.is_none_or(|entry| entry.standing == Standing::Leaving)
    }

    pub(super) fn knows(&self, id: EndpointId) -> bool {
        self.get(id).is_some()
    }

    /// The dialers that are to go, and their pipes.
    pub(super) fn leaving(&self) -> Vec<(EndpointId, PipeId)> {
        let leave = |entry: &&Entry| entry.standing == Standing::Leaving;
        let leaving = self.entries.iter().filter(leave);
        leaving
            .filter_map(|entry| Some((entry.id, entry.pipe?)))
            .collect()
    }

    /// Whether another one dials there.
    pub(super) fn is_dialed(&self, id: EndpointId, endpoint: &Endpoint) -> bool {
        let others = self.entries.iter().filter(|entry| entry.id != id);
        let mut dialed = others.filter(|entry| entry.pipe.is_some());
        dialed.any(|entry| {
            entry.standing != Standing::Leaving && entry.endpoint.as_ref() == Some(endpoint)
        })
    }

    /// A dialer with that pipe is about to start.
    pub(super) fn dials(&mut self, id: EndpointId, endpoint: Endpoint, pipe: PipeId) {
        if let Some(entry) = self.get_mut(id) {
            entry.endpoint = Some(endpoint);
            entry.pipe = Some(pipe);
        }
    }

    /// A listener is bound there.
    pub(super) fn is_bound(&mut self, id: EndpointId, local: Endpoint) {
        if let Some(entry) = self.get_mut(id) {
            entry.endpoint = Some(local);
        }
        self.is_up(id);
    }

    /// It runs.
    pub(super) fn is_up(&mut self, id: EndpointId) {
        if let Some(entry) = self.get_mut(id)
            && entry.standing == Standing::Wanted
        {
            entry.standing = Standing::Up;
        }
    }

    /// It could not be started.
    pub(super) fn failed(&mut self, id: EndpointId, error: EndpointChangeError) {
        let Some(entry) = self.get_mut(id) else {
            return;
        };
        entry.pipe = None;
        match entry.standing {
            Standing::Wanted => entry.standing = Standing::Failed(error),
            Standing::Leaving => self.forget(id),
            Standing::Up | Standing::Failed(_) => {}
        }
    }

    pub(super) fn forget(&mut self, id: EndpointId) {
        self.entries.retain(|entry| entry.id != id);
    }

    /// Somebody is about to bind the address of a listener, under a number of its own; `None`
    /// if that is not wanted any more. Whoever held it before is gone, or was given up.
    pub(super) fn hold(&mut self, id: EndpointId) -> Option<u64> {
        if self.leaves(id) {
            self.forget(id);
            return None;
        }
        self.last_holder += 1;
        let number = self.last_holder;
        self.get_mut(id)?.holder = Some(number);
        Some(number)
    }

    /// That one does not hold it any more.
    pub(super) fn release(&mut self, id: EndpointId, number: u64) {
        let entry = self.get_mut(id);
        let Some(entry) = entry.filter(|entry| entry.holder == Some(number)) else {
            return;
        };
        entry.holder = None;
        if entry.standing == Standing::Leaving {
            self.forget(id);
        }
    }

    /// Where a listener is bound, or was last.
    pub(super) fn bound(&self, id: EndpointId) -> Option<&Endpoint> {
        self.get(id)?.endpoint.as_ref()
    }

    /// Where the listeners are bound, in the order in which they were named.
    pub(super) fn all_bound(&self) -> impl Iterator<Item = &Endpoint> {
        let up = self
            .entries
            .iter()
            .filter(|entry| entry.is_there(Use::Listen));
        up.filter_map(|entry| entry.endpoint.as_ref())
    }

    fn get(&self, id: EndpointId) -> Option<&Entry> {
        Some(&self.entries[self.place(id)?])
    }

    fn get_mut(&mut self, id: EndpointId) -> Option<&mut Entry> {
        let place = self.place(id)?;
        Some(&mut self.entries[place])
    }

    /// They are in the order of their ids. Whoever waits looks his own up after each change, and of dialers there may
    /// be thousands.
    fn place(&self, id: EndpointId) -> Option<usize> {
        self.entries
            .binary_search_by_key(&id, |entry| entry.id)
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPE: PipeId = PipeId { key: 0, serial: 1 };

    fn endpoint(text: &str) -> Endpoint {
        text.parse().expect(text)
    }

    fn named(table: &Table, seen: EndpointId) -> Vec<String> {
        let to_start = table.to_start(seen).into_iter();
        to_start.map(|one| one.given.to_string()).collect()
    }

    #[test]
    fn what_was_added_is_started_again_and_what_was_removed_is_not() {
        let mut table = Table::default();
        table.add(Use::Listen, "tcp://*:0", false);
        let seen = table.last();
        let dialed = table.add(Use::Dial, "inproc://there", true);
        assert_eq!(named(&table, seen), ["inproc://there"]);
        assert!(table.take_outcome(dialed).is_none());
        table.dials(dialed, endpoint("inproc://there"), PIPE);
        table.is_up(dialed);
        assert_eq!(
            table.take_outcome(dialed),
            Some(Ok(endpoint("inproc://there")))
        );
        let all = EndpointId::default();
        assert_eq!(named(&table, all), ["tcp://*:0", "inproc://there"]);
        table
            .leave_called(Use::Dial, "inproc://there")
            .ok()
            .unwrap();
        assert_eq!(named(&table, all), ["tcp://*:0"]);
        assert!(table.knows(dialed), "its dialer goes first");
        assert_eq!(table.leaving(), [(dialed, PIPE)]);
        table.forget(dialed);
        assert!(!table.knows(dialed));
    }

    #[test]
    fn both_spellings_are_taken_and_a_third_names_what_there_is() {
        let mut table = Table::default();
        let id = table.add(Use::Listen, "tcp://127.0.0.1:0", true);
        let number = table.hold(id).unwrap();
        table.is_bound(id, endpoint("tcp://127.0.0.1:4711"));
        for (way, text) in [
            (Use::Listen, "tcp://127.0.0.1:1"),
            (Use::Dial, "tcp://127.0.0.1:0"),
        ] {
            let error = table.leave_called(way, text).err().unwrap();
            let names_it = error.to_string().contains("tcp://127.0.0.1:4711");
            assert_eq!(names_it, way == Use::Listen, "{error}");
        }
        for text in ["tcp://127.0.0.1:0", "tcp://127.0.0.1:4711"] {
            assert!(table.get(id).unwrap().is_called(text));
        }
        table
            .leave_called(Use::Listen, "tcp://127.0.0.1:4711")
            .ok()
            .unwrap();
        assert!(
            table.leaves(id) && table.knows(id),
            "its address is held still"
        );
        table.release(id, number + 1);
        assert!(
            table.knows(id),
            "somebody else let go of what it did not have"
        );
        table.release(id, number);
        assert!(!table.knows(id));
    }

    #[test]
    fn one_that_failed_is_told_once_and_leaves_nothing() {
        let mut table = Table::default();
        let id = table.add(Use::Listen, "tcp://127.0.0.1:1", true);
        table.failed(id, EndpointChangeError::Closed);
        assert!(table.to_start(EndpointId::default()).is_empty());
        let told = table.take_outcome(id);
        assert_eq!(told, Some(Err(EndpointChangeError::Closed)));
        assert!(table.take_outcome(id).is_none() && !table.knows(id));
    }
}
