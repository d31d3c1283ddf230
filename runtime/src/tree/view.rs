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
        let mut names = vec![name];
        let mut above = &self.entries[parent];
        while let (Some(spec), Some(parent)) = (&above.spec, above.parent) {
            names.push(&spec.name);
            above = &self.entries[parent];
        }
        names.reverse();
        names.join("/")
    }

    /// The child at a path as [`ChildSnapshot::path`] shows it.
    pub(crate) fn find_path(&self, path: &str) -> Option<ChildId> {
        // A name may hold slashes itself (an endpoint does), so prefixes are compared.
        let matching = |parent: usize, path| {
            let children = self.entries[parent].children().rev();
            children.filter_map(move |key| {
                let spec = self.entries[key].spec.as_ref()?;
                Some((key, str::strip_prefix(path, &*spec.name)?))
            })
        };
        let mut rest: Vec<(usize, &str)> = matching(ROOT, path).collect();
        while let Some((key, below)) = rest.pop() {
            match below.strip_prefix('/') {
                None if below.is_empty() => return Some(self.entries[key].id),
                None => {}
                Some(below) => rest.extend(matching(key, below)),
            }
        }
        None
    }

    /// The child and all below it, parents before their children.
    pub(super) fn with_all_below(&self, key: usize) -> Vec<usize> {
        let mut found = vec![key];
        let mut looked_at = 0;
        while let Some(&key) = found.get(looked_at) {
            found.extend(self.entries[key].children());
            looked_at += 1;
        }
        found
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
        // Each with the number of its supervisor here, which comes before it.
        let mut taken: Vec<(Option<usize>, ChildSnapshot)> = Vec::new();
        let mut rest = vec![(None::<usize>, parent)];
        while let Some((above, parent)) = rest.pop() {
            let prefix = match above {
                Some(above) => format!("{}/", taken[above].1.path),
                None => prefix.to_owned(),
            };
            for key in self.entries[parent].children() {
                if let Some(child) = self.snapshot_of(key, &prefix, now) {
                    if self.entries[key].family().is_some() {
                        rest.push((Some(taken.len()), key));
                    }
                    taken.push((above, child));
                }
            }
        }
        let mut first = Vec::new();
        while let Some((above, mut child)) = taken.pop() {
            child.children.reverse();
            match above {
                Some(above) => taken[above].1.children.push(child),
                None => first.push(child),
            }
        }
        first.reverse();
        first
    }

    /// The child without what it supervises.
    fn snapshot_of(&self, key: usize, prefix: &str, now: Instant) -> Option<ChildSnapshot> {
        let entry = &self.entries[key];
        let spec = entry.spec.as_ref()?;
        let recipe = entry.recipe();
        let none = Stats::default();
        let stats = recipe.map_or(&none, |recipe| recipe.stats());
        let milliseconds = |since: Instant| now.saturating_duration_since(since).as_millis() as u64;
        Some(ChildSnapshot {
            name: spec.name.to_string(),
            path: format!("{prefix}{}", spec.name),
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
            children: Vec::new(),
        })
    }
}
