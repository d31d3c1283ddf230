//! The supervision tree as one pure state machine.
//!
//! Inputs are calls (`spawn`, `started`, `exited`, `stop`, …) that carry the
//! time; outputs are [`Action`]s taken with [`Tree::next_action`]. It owns no
//! thread, no timer and no actor, so a test can drive it by hand, and the
//! control thread that drives it in a node never waits for user code.
//!
//! A child is an actor, which may have children of its own, or a supervisor,
//! which is nothing but its children. When an actor's generation ends, its
//! children are stopped together, and only then is it restarted or removed. A
//! supervisor and the root stop their children in reverse order of their start.
//!
//! No input recurses through the tree: whatever changes for a supervisor puts it
//! on the agenda, and [`Tree::settle`] works that off.

mod action;
mod admitting;
mod deadlines;
mod ending;
mod entry;
mod family;
mod generation;
mod group;
mod load;
mod threads;
mod view;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use slab::Slab;
use tokio::sync::oneshot;

use crate::child::Placement;
use crate::exit::{Charge, Exit};
use crate::node::SpawnError;
use crate::observe::{Event, EventKind};
use crate::restart::RestartWindow;

pub(crate) use action::{Action, Ending, Signal};
pub(crate) use entry::ChildId;
use entry::{Entry, Intent, State};
use family::Phase;
pub(crate) use family::Rules;
use load::Load;

/// How long a killed child has before it is called a zombie.
const KILL_GRACE: Duration = Duration::from_millis(100);

/// No deadline is further away, so that none overflows the clock.
const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The deepest level of a tree; the root's children are on the first.
///
/// Nothing here recurses through the tree, but what is made of a snapshot does: its clone,
/// its JSON, its drop. At this depth they take half of a thread's usual stack in a debug
/// build (2 MiB), and reading the JSON more: `treewire tree` does so on a larger one.
pub const LEVELS_MAX: usize = 500;

const ROOT: usize = 0;

pub(crate) struct Tree {
    entries: Slab<Box<Entry>>,
    /// Never reused, so that a late report about an earlier life is recognised.
    last_life: u64,
    last_serial: u64,
    /// Arbiters below this are the node's; dedicated ones are numbered from here on.
    arbiters: usize,
    load: Load,
    last_dedicated: usize,
    deadlines: BTreeSet<(Instant, ChildId)>,
    actions: VecDeque<Action>,
    /// Those whose children, or whose end, are to be looked at.
    agenda: VecDeque<ChildId>,
    chance: fastrand::Rng,
    ending: Option<Ending>,
    stop_budget: Duration,
    end_by: Option<Instant>,
    restarts: u64,
    zombies: Vec<String>,
    /// The threads that ended.
    lost_threads: RestartWindow,
    /// Somebody wants to hear of ordinary events, too.
    is_watched: bool,
}

pub(crate) struct TreeConfig {
    pub(crate) arbiters: usize,
    pub(crate) rules: Rules,
    pub(crate) stop_budget: Duration,
    pub(crate) seed: u64,
}

/// Answers that a spawn owes.
pub(crate) struct SpawnReplies {
    pub(crate) ready: oneshot::Sender<Result<ChildId, SpawnError>>,
    /// Told once the child has left the tree for good.
    pub(crate) gone: Option<oneshot::Sender<Exit>>,
}

impl Tree {
    pub(crate) fn new(config: TreeConfig, now: Instant) -> Self {
        let mut entries = Slab::new();
        entries.insert(Box::new(Entry::root(config.rules, now)));
        Tree {
            entries,
            last_life: 0,
            last_serial: 0,
            arbiters: config.arbiters,
            load: Load::new(config.arbiters),
            last_dedicated: config.arbiters,
            deadlines: BTreeSet::new(),
            actions: VecDeque::new(),
            agenda: VecDeque::new(),
            chance: fastrand::Rng::with_seed(config.seed),
            ending: None,
            stop_budget: config.stop_budget,
            end_by: None,
            restarts: 0,
            zombies: Vec::new(),
            lost_threads: RestartWindow::default(),
            is_watched: true,
        }
    }

    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether ordinary events are worth the making: starts, restarts, orderly ends.
    pub(crate) fn set_watched(&mut self, is_watched: bool) {
        self.is_watched = is_watched;
    }

    /// The generation `life` of a child is ready.
    pub(crate) fn started(&mut self, id: ChildId, life: u64, now: Instant) {
        let Some(key) = self.find(id) else { return };
        if self.entries[key].life == life && self.entries[key].has_actor() {
            self.became_ready(key, now);
            self.settle(now);
        }
    }

    /// The generation `life` of a child has ended and its actor is dropped.
    pub(crate) fn exited(
        &mut self,
        id: ChildId,
        life: u64,
        exit: Exit,
        charge: Charge,
        now: Instant,
    ) {
        let Some(key) = self.find(id) else { return };
        if self.entries[key].life == life && self.entries[key].has_actor() {
            self.generation_ended(key, exit, charge, now);
            self.settle(now);
        }
    }

    /// The generation `life` of a child did what it is for: its back-off starts anew. The
    /// next one has to do so itself.
    pub(crate) fn progressed(&mut self, id: ChildId, life: u64) {
        let Some(key) = self.find(id) else { return };
        let entry = &mut self.entries[key];
        if entry.life == life {
            entry.backoff.reset();
        }
    }

    /// Stops a child for good. One that its supervisor's spec lists rests until it is
    /// started by hand, or its supervisor starts anew.
    pub(crate) fn stop(&mut self, id: ChildId, now: Instant) {
        if let Some(key) = self.find(id) {
            self.request_stop(key, Intent::Leave, now);
            self.settle(now);
        }
    }

    /// [`stop`](Self::stop), and says when nothing of it runs any more.
    pub(crate) fn stop_and_tell(
        &mut self,
        id: ChildId,
        ended: oneshot::Sender<Exit>,
        now: Instant,
    ) {
        let Some(key) = self.find(id) else { return };
        let entry = &mut self.entries[key];
        if entry.is_up() {
            entry.ended.push(ended);
        } else {
            self.actions
                .push_back(Action::Gone(ended, entry.last_exit()));
        }
        self.stop(id, now);
    }

    /// Starts a child that rests, because it was stopped or had done its work.
    pub(crate) fn start_resting(&mut self, id: ChildId, now: Instant) {
        let Some(key) = self.find(id) else { return };
        let entry = &self.entries[key];
        let parent = entry.parent.unwrap_or(ROOT);
        let is_running = matches!(self.entries[parent].state, State::Starting | State::Running);
        if entry.is_up() || !is_running || self.is_lowering_all(parent) {
            return;
        }
        let in_its_turn = self.phase(parent).will_start(entry.id.serial);
        self.entries[key].held = false;
        if !in_its_turn {
            self.start(key, now);
            self.settle(now);
        }
    }

    /// Stops a child in order and starts it again, on another arbiter if
    /// `placement` says so. Its restart policy is not asked, and nothing is counted.
    pub(crate) fn renew(&mut self, id: ChildId, placement: Option<Placement>, now: Instant) {
        let Some(key) = self.find(id) else { return };
        if let Some(placement) = placement {
            // Whoever has no way of being told asked for a place that is not there.
            if let Err(error) = placement.check(self.arbiters) {
                return tracing::warn!("{} is not moved: {error}", self.path(key));
            }
            if let Some(spec) = &mut self.entries[key].spec {
                spec.settings.placement = placement;
            }
            self.displace(key);
        }
        if !self.entries[key].is_up() {
            return self.start_resting(id, now);
        }
        self.request_stop(key, Intent::Renew, now);
        self.settle(now);
    }

    /// Ends the current generation of a child without asking it, with `exit`. A
    /// supervisor has nothing to be killed: its children are stopped in order.
    pub(crate) fn kill(&mut self, id: ChildId, exit: Exit, now: Instant) {
        let Some(key) = self.find(id) else { return };
        let entry = &mut self.entries[key];
        if entry.has_actor() {
            self.signal_kill(key, exit, now);
        } else if entry.spec.is_some() && matches!(entry.state, State::Starting | State::Running) {
            self.end_supervisor(key, exit, now);
        }
        self.settle(now);
    }

    /// Stops everything in reverse order; [`Action::Finished`] follows.
    pub(crate) fn end(&mut self, ending: Ending, now: Instant) {
        self.begin_ending(ending, now);
        self.settle(now);
    }

    fn begin_ending(&mut self, ending: Ending, now: Instant) {
        if self.ending.is_none() {
            self.ending = Some(ending);
            self.end_by = Some(now + self.stop_budget.min(LONGEST));
            self.clear_deadline(ROOT);
            self.entries[ROOT].family_mut().phase = Phase::lowering_all();
            self.attend(ROOT);
        }
    }

    fn find(&self, id: ChildId) -> Option<usize> {
        self.entries
            .get(id.key)
            .filter(|entry| entry.id == id)
            .map(|_| id.key)
    }

    /// Has a look at the child's end, or at its children, before the input is done.
    fn attend(&mut self, key: usize) {
        let id = self.entries[key].id;
        if self.agenda.back() != Some(&id) {
            self.agenda.push_back(id);
        }
    }

    fn event(&mut self, key: usize, kind: EventKind, now: Instant) {
        if !self.is_watched && kind.is_ordinary() {
            return;
        }
        let event = Event {
            at: now,
            path: self.path(key),
            generation: self.entries[key].generation,
            kind,
        };
        self.actions.push_back(Action::Event(event));
    }
}
