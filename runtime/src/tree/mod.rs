//! The supervision tree as one pure state machine.
//!
//! Inputs are calls (`spawn`, `started`, `exited`, `stop`, …) that carry the
//! time; outputs are [`Action`]s taken with [`Tree::next_action`]. It owns no
//! thread, no timer and no actor, so a test can drive it by hand, and the
//! control thread that drives it in a node never waits for user code.
//!
//! A child is an actor that may have children of its own. When its generation
//! ends, its children are stopped together, and only then is it restarted or
//! removed. The root has no actor; its children are stopped one by one, in
//! reverse order of their start.

mod action;
mod ending;
mod entry;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use slab::Slab;
use tokio::sync::oneshot;

use crate::ChildSpec;
use crate::child::Place;
use crate::exit::{Exit, Killer};
use crate::node::SpawnError;
use crate::observe::{Event, EventKind};
use crate::restart::Intensity;

pub(crate) use action::{Action, Ending, Signal};
pub(crate) use entry::ChildId;
use entry::{Entry, State};

/// How long a killed child has before it is called a zombie.
const KILL_GRACE: Duration = Duration::from_millis(100);

const ROOT: usize = 0;

pub(crate) struct Tree {
    entries: Slab<Entry>,
    /// Never reused, so that a late report about an earlier life is recognised.
    last_life: u64,
    last_serial: u64,
    /// Arbiters below this are the node's; dedicated ones are numbered from here on.
    arbiters: usize,
    last_dedicated: usize,
    deadlines: BTreeSet<(Instant, ChildId)>,
    actions: VecDeque<Action>,
    chance: fastrand::Rng,
    ending: Option<Ending>,
    stop_budget: Duration,
    end_by: Option<Instant>,
    restarts: u64,
    zombies: Vec<String>,
}

pub(crate) struct TreeConfig {
    pub(crate) arbiters: usize,
    pub(crate) intensity: Intensity,
    pub(crate) stop_budget: Duration,
    pub(crate) seed: u64,
}

/// Answers that a spawn owes.
pub(crate) struct SpawnReplies {
    pub(crate) ready: oneshot::Sender<Result<ChildId, SpawnError>>,
    /// Told once the child has left the tree for good.
    pub(crate) gone: oneshot::Sender<Exit>,
}

impl Tree {
    pub(crate) fn new(config: TreeConfig, now: Instant) -> Self {
        let mut entries = Slab::new();
        entries.insert(Entry::root(config.intensity, now));
        Tree {
            entries,
            last_life: 0,
            last_serial: 0,
            arbiters: config.arbiters,
            last_dedicated: config.arbiters,
            deadlines: BTreeSet::new(),
            actions: VecDeque::new(),
            chance: fastrand::Rng::with_seed(config.seed),
            ending: None,
            stop_budget: config.stop_budget,
            end_by: None,
            restarts: 0,
            zombies: Vec::new(),
        }
    }

    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`on_time`](Self::on_time) wants to be called next.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let first = self.deadlines.first().map(|&(at, _)| at);
        [first, self.end_by].into_iter().flatten().min()
    }

    /// Adds a child below `parent` (the root if `None`) and starts it.
    pub(crate) fn spawn(
        &mut self,
        parent: Option<ChildId>,
        spec: ChildSpec,
        replies: SpawnReplies,
        now: Instant,
    ) {
        match self.admit(parent, &spec) {
            Ok((parent, arbiter)) => {
                self.last_serial += 1;
                let serial = self.last_serial;
                let vacant = self.entries.vacant_entry();
                let id = ChildId {
                    key: vacant.key(),
                    serial,
                };
                let name = spec.name.clone();
                vacant.insert(Entry::child(id, parent, arbiter, spec, replies, now));
                let parent = &mut self.entries[parent];
                parent.children.insert(serial, id.key);
                parent.names.insert(name);
                self.start(id.key, now);
            }
            Err(error) => {
                self.actions.push_back(Action::Close {
                    recipe: spec.recipe,
                    exit: Exit::Shutdown,
                });
                self.actions
                    .push_back(Action::Ready(replies.ready, Err(error)));
            }
        }
    }

    fn admit(
        &mut self,
        parent: Option<ChildId>,
        spec: &ChildSpec,
    ) -> Result<(usize, usize), SpawnError> {
        let key = match parent {
            None if self.ending.is_some() => return Err(SpawnError::NodeEnded),
            None => ROOT,
            // What still runs may need children to come to its end: a socket that
            // flushes connects again.
            Some(id) => self.find(id).ok_or(SpawnError::ParentEnded)?,
        };
        let parent = &self.entries[key];
        if matches!(parent.state, State::Ending | State::BackingOff) {
            return Err(SpawnError::ParentEnded);
        }
        if parent.names.contains(&spec.name) {
            return Err(SpawnError::DuplicateName {
                name: spec.name.to_string(),
                parent: self.path(key),
            });
        }
        let arbiter = match &spec.placement.0 {
            Place::Inherit => parent.arbiter,
            Place::Pin(number) if *number < self.arbiters => *number,
            Place::Pin(number) => {
                return Err(SpawnError::NoSuchArbiter {
                    wanted: *number,
                    have: self.arbiters,
                });
            }
            Place::Beside(stats) => stats.arbiter.load(std::sync::atomic::Ordering::Relaxed),
            Place::Dedicated => {
                self.last_dedicated += 1;
                self.last_dedicated - 1
            }
        };
        Ok((key, arbiter))
    }

    /// The generation `life` of a child is ready.
    pub(crate) fn started(&mut self, id: ChildId, life: u64, now: Instant) {
        let Some(key) = self.find(id) else { return };
        let entry = &mut self.entries[key];
        if entry.life != life {
            return;
        }
        if entry.state == State::Starting {
            entry.enter(State::Running, now);
        }
        let waiter = entry.ready.take();
        // Whoever waited and now subscribes hears of what follows only.
        self.event(key, EventKind::Started, now);
        if let Some(waiter) = waiter {
            self.actions.push_back(Action::Ready(waiter, Ok(id)));
        }
    }

    /// The generation `life` of a child has ended and its actor is dropped.
    pub(crate) fn exited(&mut self, id: ChildId, life: u64, exit: Exit, now: Instant) {
        let Some(key) = self.find(id) else { return };
        if self.entries[key].life != life || !self.entries[key].state.has_actor() {
            return;
        }
        self.generation_ended(key, exit, now);
    }

    /// The child did what it is for: its back-off starts anew.
    pub(crate) fn progressed(&mut self, id: ChildId) {
        if let Some(key) = self.find(id) {
            self.entries[key].backoff.reset();
        }
    }

    /// Stops a child for good; its path is free again once `gone` was told.
    pub(crate) fn stop(&mut self, id: ChildId, now: Instant) {
        if let Some(key) = self.find(id) {
            self.request_stop(key, now);
        }
    }

    /// Ends the current generation of a child without asking it.
    pub(crate) fn kill(&mut self, id: ChildId, killer: Killer, now: Instant) {
        let Some(key) = self.find(id) else { return };
        let entry = &mut self.entries[key];
        if entry.state.has_actor() {
            entry.imposed = Some(Exit::Killed(killer));
            self.signal_kill(key, now);
        }
    }

    /// Stops everything in reverse order; [`Action::Finished`] follows.
    pub(crate) fn end(&mut self, ending: Ending, now: Instant) {
        if self.ending.is_none() {
            self.ending = Some(ending);
            self.end_by = Some(now + self.stop_budget);
            self.stop_last_of_root(now);
        }
    }

    /// Deals with every deadline that has passed.
    pub(crate) fn on_time(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.deadlines.first() {
            if at > now {
                break;
            }
            self.deadlines.pop_first();
            let Some(key) = self.find(id) else { continue };
            self.entries[key].deadline = None;
            match self.entries[key].state {
                State::BackingOff => self.start(key, now),
                State::Starting | State::Running | State::Stopping => {
                    if self.entries[key].killed {
                        self.declare_zombie(key, now);
                    } else {
                        self.entries[key].imposed = Some(Exit::Killed(Killer::Deadline));
                        self.signal_kill(key, now);
                    }
                }
                State::Ending => {}
            }
        }
        if self.end_by.is_some_and(|at| at <= now) {
            self.end_by = None;
            let blocking = self.blocking().map(|key| self.path(key)).collect();
            self.close_all();
            self.actions
                .push_back(Action::Finished(Ending::TimedOut { blocking }));
        }
    }

    pub(super) fn start(&mut self, key: usize, now: Instant) {
        self.last_life += 1;
        let entry = &mut self.entries[key];
        entry.life = self.last_life;
        entry.generation += 1;
        entry.killed = false;
        entry.imposed = None;
        entry.enter(State::Starting, now);
        let Some(spec) = &entry.spec else { return };
        self.actions.push_back(Action::Start {
            recipe: spec.recipe.clone(),
            id: entry.id,
            life: entry.life,
            arbiter: entry.arbiter,
            name: spec.name.clone(),
        });
    }

    pub(super) fn request_stop(&mut self, key: usize, now: Instant) {
        let entry = &mut self.entries[key];
        let first_time = !std::mem::replace(&mut entry.leaving, true);
        match entry.state {
            State::Starting | State::Running if first_time => {
                entry.enter(State::Stopping, now);
                let shutdown = entry.spec.as_ref().map_or(KILL_GRACE, |spec| spec.shutdown);
                self.set_deadline(key, now + shutdown);
                self.signal(key, Signal::Stop);
            }
            State::BackingOff => {
                self.clear_deadline(key);
                let exit = self.entries[key].last_exit();
                self.remove(key, exit, now);
            }
            State::Starting | State::Running | State::Stopping | State::Ending => {}
        }
    }

    pub(super) fn signal_kill(&mut self, key: usize, now: Instant) {
        self.entries[key].killed = true;
        self.set_deadline(key, now + KILL_GRACE);
        self.signal(key, Signal::Kill);
    }

    fn signal(&mut self, key: usize, signal: Signal) {
        let entry = &self.entries[key];
        if let Some(spec) = &entry.spec {
            let recipe = spec.recipe.clone();
            self.actions.push_back(Action::Signal {
                recipe,
                life: entry.life,
                signal,
            });
        }
    }

    pub(super) fn set_deadline(&mut self, key: usize, at: Instant) {
        self.clear_deadline(key);
        let entry = &mut self.entries[key];
        entry.deadline = Some(at);
        self.deadlines.insert((at, entry.id));
    }

    pub(super) fn clear_deadline(&mut self, key: usize) {
        let entry = &mut self.entries[key];
        if let Some(at) = entry.deadline.take() {
            self.deadlines.remove(&(at, entry.id));
        }
    }

    fn find(&self, id: ChildId) -> Option<usize> {
        self.entries
            .get(id.key)
            .filter(|entry| entry.id == id)
            .map(|_| id.key)
    }

    pub(super) fn event(&mut self, key: usize, kind: EventKind, now: Instant) {
        let event = Event {
            at: now,
            path: self.path(key),
            generation: self.entries[key].generation,
            kind,
        };
        self.actions.push_back(Action::Event(event));
    }
}
