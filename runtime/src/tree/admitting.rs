//! How children come into the tree, and where they are to run.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::entry::{Entry, State};
use super::family::Phase;
use super::{Action, ChildId, LEVELS_MAX, ROOT, SpawnReplies, Tree};
use crate::child::{Body, ChildSpec, Place};
use crate::exit::Exit;
use crate::node::SpawnError;
use crate::restart::Restart;

impl Tree {
    /// Adds a child below `parent` (the root if `None`) and starts it, unless its
    /// supervisor is busy with the group: then it starts in its turn.
    pub(crate) fn spawn(
        &mut self,
        parent: Option<ChildId>,
        spec: ChildSpec,
        replies: SpawnReplies,
        now: Instant,
    ) {
        let admitted = self.admit(parent, &spec);
        match admitted {
            Ok(parent) => {
                let key = self.insert(parent, spec, replies, now);
                if self.phase(parent) == Phase::Steady {
                    self.start(key, now);
                } else {
                    self.attend(parent);
                }
                self.settle(now);
            }
            Err(error) => {
                spec.each_recipe(&mut |recipe| {
                    self.actions.push_back(Action::Close {
                        recipe: recipe.clone(),
                        exit: Exit::Shutdown,
                    });
                });
                self.actions
                    .push_back(Action::Ready(replies.ready, Err(error)));
            }
        }
    }

    fn admit(&self, parent: Option<ChildId>, spec: &ChildSpec) -> Result<usize, SpawnError> {
        let key = match parent {
            None if self.ending.is_some() => return Err(SpawnError::NodeEnded),
            None => ROOT,
            // What still runs may need children to come to its end: a socket that
            // flushes connects again.
            Some(id) => self.find(id).ok_or(SpawnError::ParentEnded)?,
        };
        let parent = &self.entries[key];
        if !matches!(
            parent.state,
            State::Starting | State::Running | State::Stopping
        ) {
            return Err(SpawnError::ParentEnded);
        }
        let taken = parent
            .family()
            .is_some_and(|family| family.names.contains_key(&spec.name));
        if taken {
            return Err(SpawnError::DuplicateName {
                name: spec.name.to_string(),
                parent: self.path(key),
            });
        }
        if self.level(key) + spec.levels() > LEVELS_MAX {
            return Err(SpawnError::TooDeep {
                path: self.path_of(key, &spec.name),
                levels_max: LEVELS_MAX,
            });
        }
        self.check(key, spec)?;
        Ok(key)
    }

    /// How far below the root it is.
    fn level(&self, key: usize) -> usize {
        std::iter::successors(self.entries[key].parent, |&above| {
            self.entries[above].parent
        })
        .count()
    }

    /// The specs of all that is left, whose drop is user code; the tree is over.
    pub(crate) fn take_specs(&mut self) -> Vec<ChildSpec> {
        let entries = self.entries.iter_mut();
        entries.filter_map(|(_, entry)| entry.spec.take()).collect()
    }

    /// Everything that can be known to be wrong before anything starts.
    fn check(&self, parent: usize, spec: &ChildSpec) -> Result<(), SpawnError> {
        let mut specs: Vec<Below<'_>> = vec![(None, spec)];
        let mut number = 0;
        while let Some(&(_, spec)) = specs.get(number) {
            let path = || self.path_of(parent, &names(&specs, number));
            let settings = &spec.settings;
            if settings.significant && settings.restart == Restart::Permanent {
                return Err(SpawnError::SignificantPermanent { path: path() });
            }
            settings.placement.check(self.arbiters)?;
            if let Body::Supervisor(listed) = &spec.body {
                let mut names = HashSet::new();
                let mut children = listed.children.iter();
                if let Some(twin) = children.find(|child| !names.insert(&child.name)) {
                    return Err(SpawnError::DuplicateName {
                        name: twin.name.to_string(),
                        parent: path(),
                    });
                }
                specs.extend(listed.children.iter().map(|child| (Some(number), child)));
            }
            number += 1;
        }
        Ok(())
    }

    /// Takes it in, and what it lists.
    fn insert(
        &mut self,
        parent: usize,
        spec: ChildSpec,
        replies: SpawnReplies,
        now: Instant,
    ) -> usize {
        let mut rest = Vec::new();
        let first = self.insert_one(parent, spec, Some(replies), &mut rest, now);
        while let Some((parent, spec)) = rest.pop() {
            self.insert_one(parent, spec, None, &mut rest, now);
        }
        first
    }

    /// Takes it in; what it lists comes next in `rest`, of which the last is the next one.
    fn insert_one(
        &mut self,
        parent: usize,
        mut spec: ChildSpec,
        replies: Option<SpawnReplies>,
        rest: &mut Vec<(usize, ChildSpec)>,
        now: Instant,
    ) -> usize {
        self.last_serial += 1;
        let vacant = self.entries.vacant_entry();
        let key = vacant.key();
        let id = ChildId {
            key,
            serial: self.last_serial,
        };
        if let Body::Supervisor(listed) = &mut spec.body {
            listed.anchor.found(id);
            let children = std::mem::take(&mut listed.children);
            rest.extend(children.into_iter().rev().map(|child| (key, child)));
        }
        let name = spec.name.clone();
        vacant.insert(Box::new(Entry::child(id, parent, spec, replies, now)));
        let family = self.entries[parent].family_mut();
        family.children.insert(id.serial, key);
        family.names.insert(name, key);
        key
    }

    /// Chooses the arbiter of the next generation.
    pub(super) fn place(&mut self, key: usize) {
        let entry = &self.entries[key];
        let Some(spec) = &entry.spec else { return };
        let arbiter = match &spec.settings.placement.0 {
            Place::Inherit => self.entries[entry.parent.unwrap_or(ROOT)].arbiter,
            Place::Pin(number) => *number,
            Place::Beside(stats) => stats.arbiter.load(Relaxed),
            // What it has is kept over restarts.
            Place::Spread if entry.is_placed => entry.arbiter,
            Place::Spread => self.load.least(),
            Place::Dedicated if entry.is_alone => entry.arbiter,
            Place::Dedicated => {
                self.last_dedicated += 1;
                self.last_dedicated - 1
            }
        };
        let is_alone = matches!(spec.settings.placement.0, Place::Dedicated);
        let moves = entry.arbiter != arbiter;
        if moves || !entry.is_placed {
            self.displace(key);
            let entry = &mut self.entries[key];
            entry.is_placed = true;
            // A supervisor runs nowhere.
            if entry.recipe().is_some() {
                self.load.enter(arbiter);
            }
        }
        if moves {
            self.release_own_arbiter(key);
        }
        let entry = &mut self.entries[key];
        entry.arbiter = arbiter;
        entry.is_alone = is_alone;
    }

    /// The child is no longer counted where it was placed.
    pub(super) fn displace(&mut self, key: usize) {
        let entry = &mut self.entries[key];
        if std::mem::take(&mut entry.is_placed) && entry.recipe().is_some() {
            self.load.leave(entry.arbiter);
        }
    }

    /// The arbiter that the child had for itself is not needed any more.
    pub(super) fn release_own_arbiter(&mut self, key: usize) {
        let entry = &mut self.entries[key];
        if std::mem::take(&mut entry.is_alone) {
            self.actions
                .push_back(Action::ReleaseArbiter(entry.arbiter));
        }
    }
}

/// A spec, and the number of its supervisor's among the same specs.
type Below<'a> = (Option<usize>, &'a ChildSpec);

/// From the first spec down to that with the number.
fn names(specs: &[Below<'_>], number: usize) -> String {
    let upwards = std::iter::successors(Some(number), |&number| specs[number].0);
    let mut names: Vec<&str> = upwards.map(|number| &*specs[number].1.name).collect();
    names.reverse();
    names.join("/")
}
