//! What becomes of a child whose generation has ended.

use std::time::{Duration, Instant};

use super::entry::State;
use super::{Action, Ending, ROOT, Tree};
use crate::child::Place;
use crate::exit::{Exit, Killer};
use crate::node::SpawnError;
use crate::observe::EventKind;

impl Tree {
    pub(super) fn generation_ended(&mut self, key: usize, exit: Exit, now: Instant) {
        self.clear_deadline(key);
        let entry = &mut self.entries[key];
        let exit = entry.imposed.take().unwrap_or(exit);
        entry.record_exit(exit.clone(), now);
        entry.enter(State::Ending, now);
        let children: Vec<usize> = entry.children.values().rev().copied().collect();
        self.event(key, EventKind::Exited(exit), now);
        for child in children {
            self.request_stop(child, now);
        }
        self.settle_if_alone(key, now);
    }

    /// Decides what becomes of a child whose actor and children are gone.
    fn settle_if_alone(&mut self, key: usize, now: Instant) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        if entry.state != State::Ending || !entry.children.is_empty() {
            return;
        }
        let exit = entry.last_exit();
        let Some(spec) = &entry.spec else { return };
        let never_ready = entry.ready.is_some();
        if entry.leaving || never_ready || !spec.restart.wants(&exit) {
            return self.remove(key, exit, now);
        }
        let by_operator = exit == Exit::Killed(Killer::Operator);
        let wait = match (spec.backoff, &exit) {
            (None, _) => Duration::ZERO,
            (Some(limits), Exit::Failed(failure)) if failure.refused => {
                entry.backoff.refused(limits, &mut self.chance)
            }
            (Some(limits), _) => entry.backoff.next(limits, &mut self.chance),
        };
        // An absent peer is no bug, and neither is what an operator did.
        let counted = match exit {
            Exit::Panicked(_) => true,
            _ => spec.backoff.is_none() && !by_operator,
        };
        if counted && !self.parent_bears_restart(key, now) {
            return self.escalate(key, exit, now);
        }
        self.restarts += 1;
        self.entries[key].restarts += 1;
        self.event(key, EventKind::Restarting { after: wait }, now);
        if wait.is_zero() {
            self.start(key, now);
        } else {
            self.entries[key].enter(State::BackingOff, now);
            self.set_deadline(key, now + wait);
        }
    }

    fn parent_bears_restart(&mut self, key: usize, now: Instant) -> bool {
        let Some(parent) = self.entries[key].parent else {
            return true;
        };
        let parent = &mut self.entries[parent];
        parent.window.bears(parent.intensity, now)
    }

    /// The child failed too often: its supervisor fails with the last reason.
    fn escalate(&mut self, key: usize, exit: Exit, now: Instant) {
        let path = self.path(key);
        let parent = self.entries[key].parent.unwrap_or(ROOT);
        self.event(key, EventKind::Escalated(exit.clone()), now);
        if parent == ROOT {
            self.remove(key, exit.clone(), now);
            return self.end(Ending::Escalated { child: path, exit }, now);
        }
        // The supervisor first: once its child is gone it must not settle as if nothing happened.
        if self.entries[parent].state.has_actor() {
            self.entries[parent].imposed = Some(exit.clone());
            self.signal_kill(parent, now);
        }
        self.remove(key, exit, now);
    }

    pub(super) fn remove(&mut self, key: usize, exit: Exit, now: Instant) {
        self.clear_deadline(key);
        self.event(key, EventKind::Removed, now);
        let path = self.path(key);
        let entry = self.entries.remove(key);
        if let Some(waiter) = entry.ready {
            let failed = Err(SpawnError::Failed {
                path,
                exit: exit.clone(),
            });
            self.actions.push_back(Action::Ready(waiter, failed));
        }
        if let Some(waiter) = entry.gone {
            self.actions.push_back(Action::Gone(waiter, exit.clone()));
        }
        if let Some(spec) = entry.spec {
            self.actions.push_back(Action::Close {
                recipe: spec.recipe,
                exit,
            });
            if matches!(spec.placement.0, Place::Dedicated) {
                self.actions
                    .push_back(Action::ReleaseArbiter(entry.arbiter));
            }
            if let Some(parent) = entry.parent {
                self.entries[parent].children.remove(&entry.id.serial);
                self.entries[parent].names.remove(&spec.name);
            }
        }
        match entry.parent {
            Some(ROOT) if self.ending.is_some() => self.stop_last_of_root(now),
            Some(parent) => self.settle_if_alone(parent, now),
            None => {}
        }
    }

    /// The node ends with children left: whoever waits for one of them is told.
    pub(super) fn close_all(&mut self) {
        for (_, entry) in &self.entries {
            if let Some(spec) = &entry.spec {
                let (recipe, exit) = (spec.recipe.clone(), Exit::Killed(Killer::Deadline));
                self.actions.push_back(Action::Close { recipe, exit });
            }
        }
    }

    pub(super) fn stop_last_of_root(&mut self, now: Instant) {
        match self.entries[ROOT].children.last_key_value() {
            Some((_, &last)) => self.request_stop(last, now),
            None => {
                self.end_by = None;
                let ending = self.ending.clone().unwrap_or(Ending::Stopped);
                self.actions.push_back(Action::Finished(ending));
            }
        }
    }

    pub(super) fn declare_zombie(&mut self, key: usize, now: Instant) {
        self.zombies.push(self.path(key));
        self.event(key, EventKind::Zombie, now);
        self.generation_ended(key, Exit::Killed(Killer::Deadline), now);
    }
}
