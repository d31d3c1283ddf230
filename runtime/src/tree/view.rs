//! Reading the tree: paths, look-up, snapshots.

use std::sync::Arc;
use std::time::Instant;

use super::entry::State;
use super::{ChildId, ROOT, Tree};
use crate::observe::{ChildSnapshot, ChildState, MailboxSnapshot, PastExit, Stats};

impl Tree {
    /// The names from the root's child down, joined by `/`; the root's is empty.
    pub(super) fn path(&self, key: usize) -> String {
        let entry = &self.entries[key];
        let Some(spec) = &entry.spec else {
            return String::new();
        };
        self.path_of(entry.parent.unwrap_or(ROOT), &spec.name)
    }

    /// The path of a child, for keeps.
    pub(super) fn shared_path(&self, key: usize) -> Arc<str> {
        let entry = &self.entries[key];
        match &entry.spec {
            Some(spec) if entry.parent == Some(ROOT) => spec.name.clone(),
            _ => self.path(key).into(),
        }
    }

    /// The path of a child `name` below `parent`.
    pub(super) fn path_of(&self, parent: usize, name: &str) -> String {
        match parent {
            ROOT => name.to_owned(),
            _ => format!("{}/{name}", self.path(parent)),
        }
    }

    /// The child at a path as [`ChildSnapshot::path`] shows it.
    pub(crate) fn find_path(&self, path: &str) -> Option<ChildId> {
        self.find_below(ROOT, path)
    }

    fn find_below(&self, parent: usize, path: &str) -> Option<ChildId> {
        // A name may hold slashes itself (an endpoint does), so prefixes are compared.
        self.entries[parent].children().find_map(|key| {
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

    /// The keys of all children whose actor was told to end and did not.
    pub(super) fn blocking(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries
            .iter()
            .filter(|(_, entry)| entry.has_actor())
            .filter(|(_, entry)| entry.state == State::Stopping || entry.killed)
            .map(|(key, _)| key)
    }

    /// The child `name` of a supervisor.
    pub(crate) fn child_named(&self, parent: ChildId, name: &str) -> Option<ChildId> {
        let family = self.entries[self.find(parent)?].family()?;
        let key = *family.names.get(name)?;
        Some(self.entries[key].id)
    }

    /// The children of a supervisor; `None` if it is gone.
    pub(crate) fn snapshot_children(
        &self,
        id: ChildId,
        now: Instant,
    ) -> Option<Vec<ChildSnapshot>> {
        let key = self.find(id)?;
        Some(self.snapshot_below(key, &format!("{}/", self.path(key)), now))
    }

    pub(crate) fn snapshot(&self, now: Instant) -> Vec<ChildSnapshot> {
        self.snapshot_below(ROOT, "", now)
    }

    fn snapshot_below(&self, parent: usize, prefix: &str, now: Instant) -> Vec<ChildSnapshot> {
        let children = self.entries[parent].children();
        children
            .filter_map(|key| self.snapshot_of(key, prefix, now))
            .collect()
    }

    fn snapshot_of(&self, key: usize, prefix: &str, now: Instant) -> Option<ChildSnapshot> {
        let entry = &self.entries[key];
        let spec = entry.spec.as_ref()?;
        let recipe = entry.recipe();
        let none = Stats::default();
        let stats = recipe.map_or(&none, |recipe| recipe.stats());
        let path = format!("{prefix}{}", spec.name);
        let milliseconds = |since: Instant| now.saturating_duration_since(since).as_millis() as u64;
        Some(ChildSnapshot {
            name: spec.name.to_string(),
            kind: spec.settings.kind.to_string(),
            state: match entry.state {
                State::Starting => ChildState::Starting,
                State::Running => ChildState::Running,
                State::Stopping | State::Ending => ChildState::Stopping,
                State::BackingOff => ChildState::BackingOff,
                State::Resting => ChildState::Resting,
            },
            state_for_ms: milliseconds(entry.since),
            generation: entry.generation,
            restarts: entry.generation.saturating_sub(1),
            exits: entry
                .exits
                .iter()
                .map(|(at, reason)| PastExit {
                    reason: reason.clone(),
                    ago_ms: milliseconds(*at),
                })
                .collect(),
            arbiter: entry.arbiter,
            mailbox: recipe.map_or_else(MailboxSnapshot::default, |recipe| recipe.mailbox()),
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
