//! Reading the tree: paths, look-up, snapshots.

use std::time::Instant;

use super::entry::State;
use super::{ChildId, ROOT, Tree};
use crate::observe::{ChildSnapshot, ChildState, MailboxSnapshot, PastExit};

impl Tree {
    /// The names from the root's child down, joined by `/`; the root's is empty.
    pub(super) fn path(&self, key: usize) -> String {
        let entry = &self.entries[key];
        let Some(spec) = &entry.spec else {
            return String::new();
        };
        match entry.parent {
            Some(parent) if parent != ROOT => format!("{}/{}", self.path(parent), spec.name),
            _ => spec.name.to_string(),
        }
    }

    /// The child at a path as [`ChildSnapshot::path`] shows it.
    pub(crate) fn find_path(&self, path: &str) -> Option<ChildId> {
        self.find_below(ROOT, path)
    }

    fn find_below(&self, parent: usize, path: &str) -> Option<ChildId> {
        // A name may hold slashes itself (an endpoint does), so prefixes are compared.
        self.entries[parent].children.values().find_map(|&key| {
            let entry = &self.entries[key];
            let rest = path.strip_prefix(&*entry.spec.as_ref()?.name)?;
            match rest.strip_prefix('/') {
                None if rest.is_empty() => Some(entry.id),
                None => None,
                Some(below) => self.find_below(key, below),
            }
        })
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    pub(crate) fn zombies(&self) -> &[String] {
        &self.zombies
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.restarts
    }

    /// The keys of all children that were asked to stop and wait for nobody else.
    pub(super) fn blocking(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.leaving && entry.children.is_empty())
            .map(|(key, _)| key)
    }

    pub(crate) fn snapshot(&self, now: Instant) -> Vec<ChildSnapshot> {
        self.snapshot_below(ROOT, "", now)
    }

    fn snapshot_below(&self, parent: usize, prefix: &str, now: Instant) -> Vec<ChildSnapshot> {
        let children = self.entries[parent].children.values();
        children
            .filter_map(|&key| self.snapshot_of(key, prefix, now))
            .collect()
    }

    fn snapshot_of(&self, key: usize, prefix: &str, now: Instant) -> Option<ChildSnapshot> {
        let entry = &self.entries[key];
        let spec = entry.spec.as_ref()?;
        let stats = spec.recipe.stats();
        let path = format!("{prefix}{}", spec.name);
        let milliseconds = |since: Instant| now.saturating_duration_since(since).as_millis() as u64;
        Some(ChildSnapshot {
            name: spec.name.to_string(),
            kind: spec.kind.to_string(),
            state: match entry.state {
                State::Starting => ChildState::Starting,
                State::Running => ChildState::Running,
                State::Stopping | State::Ending => ChildState::Stopping,
                State::BackingOff => ChildState::BackingOff,
            },
            state_for_ms: milliseconds(entry.since),
            generation: entry.generation,
            restarts: entry.restarts,
            exits: entry
                .exits
                .iter()
                .map(|(at, reason)| PastExit {
                    reason: reason.clone(),
                    ago_ms: milliseconds(*at),
                })
                .collect(),
            arbiter: entry.arbiter,
            mailbox: MailboxSnapshot {
                depth: stats.mailbox_depth.get(),
                high_water: stats.mailbox_high_water.get(),
                capacity: spec.recipe.mailbox_capacity() as u64,
            },
            handled: stats.handled.get(),
            busy_nanos: stats.busy_nanos.get(),
            longest_poll_nanos: stats.longest_poll_nanos.get(),
            messages_in: stats.messages_in.get(),
            messages_out: stats.messages_out.get(),
            bytes_in: stats.bytes_in.get(),
            bytes_out: stats.bytes_out.get(),
            drops: stats.drops(),
            details: stats.details(),
            children: self.snapshot_below(key, &format!("{path}/"), now),
            path,
        })
    }
}
