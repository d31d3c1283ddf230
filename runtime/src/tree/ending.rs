//! What becomes of a child whose generation has ended.

use std::time::{Duration, Instant};

use super::entry::{Intent, State};
use super::family::{Phase, Rules};
use super::{Action, ChildId, Ending, ROOT, Tree};
use crate::child::ChildSpec;
use crate::exit::{Charge, Exit, Killer};
use crate::node::SpawnError;
use crate::observe::EventKind;
use crate::restart::{AutoShutdown, Verdict};

impl Tree {
    pub(super) fn rules(&self, key: usize) -> Rules {
        let family = self.entries[key].family();
        family.map_or(Rules::default(), |family| family.rules)
    }

    /// The actor is gone; its children follow.
    pub(super) fn generation_ended(
        &mut self,
        key: usize,
        exit: Exit,
        charge: Charge,
        now: Instant,
    ) {
        self.clear_deadline(key);
        let entry = &mut self.entries[key];
        let exit = entry.imposed.take().map_or(exit, |imposed| *imposed);
        entry.record_exit(exit.clone(), now);
        entry.charge = charge;
        entry.enter(State::Ending, now);
        if entry.family().is_some() {
            entry.family_mut().phase = Phase::lowering_all();
        }
        if let Some(recipe) = self.entries[key].recipe() {
            self.actions.push_back(Action::Ended {
                recipe: recipe.clone(),
                life: self.entries[key].life,
                exit: exit.clone(),
            });
        }
        self.event(key, EventKind::Exited(exit), now);
        self.attend(key);
    }

    /// Ends the generation `life` of a child with `exit`, unless it has ended or was
    /// killed before.
    pub(crate) fn end_life(&mut self, id: ChildId, life: u64, exit: Exit, now: Instant) {
        let Some(key) = self.find(id) else { return };
        let entry = &self.entries[key];
        if entry.life == life && !entry.killed {
            self.kill(id, exit, now);
        }
    }

    /// Decides what becomes of a child of which nothing runs any more.
    pub(super) fn settle_child(&mut self, key: usize, now: Instant) {
        let entry = &self.entries[key];
        match entry.state {
            State::Ending if entry.children().any(|child| self.entries[child].is_up()) => return,
            State::Ending => {}
            State::Resting if entry.intent == Intent::Leave => return self.leave(key, now),
            _ if key == ROOT => return self.finish_if_alone(),
            _ => return,
        }
        if self.phase(key) != Phase::Steady {
            self.entries[key].family_mut().phase = Phase::Steady;
        }
        self.end_without_actor(key, now);
        let entry = &self.entries[key];
        let parent = entry.parent.unwrap_or(ROOT);
        match entry.intent {
            Intent::Leave => return self.leave(key, now),
            Intent::Rest => return self.rest_or_leave(key, now),
            _ if self.is_lowering_all(parent) => return self.rest_or_leave(key, now),
            // Nobody starts while others of its group are still to stop.
            _ if self.is_taken_along(key, parent) => return self.rest_or_leave(key, now),
            Intent::Renew => {
                let after = Duration::ZERO;
                self.tell_restarting(key, after, now);
                return self.start(key, now);
            }
            Intent::Stay => {}
        }
        let exit = entry.last_exit();
        let lost_thread = exit == Exit::Killed(Killer::LostThread);
        if entry.charge == Charge::Predecessor {
            return self.await_factory(key, now);
        }
        // The thread is to blame, and there is another one now.
        let never_ready = !entry.was_ready && !lost_thread;
        if entry.ready.is_some() && never_ready {
            return self.remove(key, exit, now);
        }
        if never_ready && self.starts_with_parent(key, parent) {
            return self.fail_start_of(parent, key, exit, now);
        }
        let wants = |spec: &ChildSpec| spec.settings.restart.wants(&exit);
        match entry.spec.as_ref().is_some_and(wants) {
            true => self.restart_or_escalate(key, exit, now),
            false => self.done(key, exit, now),
        }
    }

    /// Its group is being stopped, or rests.
    fn is_taken_along(&self, key: usize, parent: usize) -> bool {
        let from = self.phase(parent).lowered_from();
        from.is_some_and(|from| self.entries[key].id.serial >= from)
    }

    /// A supervisor ends when its children have: its reason was given before.
    fn end_without_actor(&mut self, key: usize, now: Instant) {
        let entry = &mut self.entries[key];
        if entry.recipe().is_none()
            && let Some(exit) = entry.imposed.take()
        {
            let exit = *exit;
            entry.record_exit(exit.clone(), now);
            entry.charge = Charge::Supervisor;
            self.event(key, EventKind::Exited(exit), now);
        }
    }

    /// Its supervisor is just starting, and waits for this child to be ready.
    fn starts_with_parent(&self, key: usize, parent: usize) -> bool {
        let awaited =
            matches!(self.phase(parent), Phase::Raising { current, .. } if current == Some(key));
        awaited && self.entries[parent].state == State::Starting
    }

    /// A supervisor one of whose children does not start has not started itself:
    /// what was started is stopped again.
    fn fail_start_of(&mut self, parent: usize, key: usize, exit: Exit, now: Instant) {
        let failed = self.entries[key].failed_start.take();
        let failed = failed.unwrap_or_else(|| Box::new((self.path(key), exit.clone())));
        self.entries[parent].failed_start = Some(failed);
        self.end_supervisor(parent, exit, now);
        self.rest(key, now);
    }

    fn restart_or_escalate(&mut self, key: usize, exit: Exit, now: Instant) {
        let entry = &mut self.entries[key];
        let Some(spec) = &entry.spec else { return };
        let parent = entry.parent.unwrap_or(ROOT);
        // Nobody waits for the world when it was not the world's fault.
        let by_peer = entry.charge == Charge::Peer;
        let lost_thread = exit == Exit::Killed(Killer::LostThread);
        let limits = spec.settings.backoff();
        let wait = match (limits, &exit) {
            (None, _) => Some(Duration::ZERO),
            _ if by_peer || lost_thread => Some(Duration::ZERO),
            (Some(limits), Exit::Killed(Killer::Operator)) => {
                Some(entry.backoff.wait(limits, &mut self.chance))
            }
            (Some(limits), Exit::Failed(failure)) => match failure.verdict {
                Verdict::Again => entry.backoff.next(limits, &mut self.chance),
                Verdict::Refused => entry.backoff.refused(limits, &mut self.chance),
                Verdict::Fatal => None,
            },
            (Some(limits), _) => entry.backoff.next(limits, &mut self.chance),
        };
        let Some(wait) = wait else {
            // Should its supervisor start it again, it begins anew.
            entry.backoff.reset();
            return self.escalate(key, exit, now);
        };
        // An absent peer is no bug, and neither is what an operator did.
        let counted = match exit {
            Exit::Panicked(_) => !by_peer,
            Exit::Killed(Killer::Operator | Killer::LostThread) => false,
            _ => limits.is_none(),
        };
        if counted {
            let family = self.entries[parent].family_mut();
            if !family.window.bears(family.rules.intensity, now) {
                return self.escalate(key, exit, now);
            }
        }
        self.tell_restarting(key, wait, now);
        let until = (!wait.is_zero()).then(|| now + wait);
        if let Some(from) = self.taken_along_from(parent, key) {
            self.begin_group_restart(parent, from, until);
            self.rest(key, now);
            if let Some(at) = until {
                self.set_deadline(key, at);
            }
        } else if let Some(at) = until {
            self.entries[key].enter(State::BackingOff, now);
            self.set_deadline(key, at);
        } else {
            self.start(key, now);
        }
    }

    fn tell_restarting(&mut self, key: usize, after: Duration, now: Instant) {
        let spec = self.entries[key].spec.as_ref();
        if let Some(told) = spec.and_then(|spec| spec.settings.on_restarting.clone()) {
            self.actions.push_back(Action::Restarting(told, after));
        }
        self.event(key, EventKind::Restarting { after }, now);
    }

    /// The child failed too often, or for good: its supervisor fails with the last reason.
    fn escalate(&mut self, key: usize, exit: Exit, now: Instant) {
        let path = self.path(key);
        let parent = self.entries[key].parent.unwrap_or(ROOT);
        self.event(key, EventKind::Escalated(exit.clone()), now);
        // The supervisor first: once its child is down it must not go on as if nothing happened.
        if parent == ROOT {
            let child = path;
            self.begin_ending(Ending::Escalated { child, exit }, now);
        } else if self.entries[parent].has_actor() {
            self.signal_kill(parent, exit, now);
        } else if self.entries[parent].state != State::Ending {
            self.entries[parent].failed_start = Some(Box::new((path, exit.clone())));
            self.end_supervisor(parent, exit, now);
        }
        self.retire(key, now);
    }

    /// It ended by itself and is not wanted again.
    fn done(&mut self, key: usize, exit: Exit, now: Instant) {
        let entry = &self.entries[key];
        let parent = entry.parent.unwrap_or(ROOT);
        if entry
            .spec
            .as_ref()
            .is_some_and(|spec| spec.settings.significant)
        {
            let another = self.entries[parent].children().any(|sibling| {
                let entry = &self.entries[sibling];
                let significant = entry
                    .spec
                    .as_ref()
                    .is_some_and(|spec| spec.settings.significant);
                let to_come = !entry.held && self.phase(parent).will_start(entry.id.serial);
                sibling != key && significant && (entry.is_up() || to_come)
            });
            let ends = match self.rules(parent).auto_shutdown {
                AutoShutdown::Never => false,
                AutoShutdown::AnySignificant => true,
                AutoShutdown::AllSignificant => !another,
            };
            match parent {
                _ if !ends => {}
                ROOT => self.begin_ending(Ending::Stopped, now),
                _ if self.entries[parent].recipe().is_none() => {
                    self.end_supervisor(parent, Exit::Shutdown, now);
                }
                _ => {}
            }
        }
        if self.entries[key].fixed {
            self.close(key, &exit);
        }
        self.retire(key, now);
    }

    /// Its supervisor does not restart it: what a spec lists rests, any other leaves.
    fn retire(&mut self, key: usize, now: Instant) {
        if self.entries[key].fixed {
            self.rest(key, now);
        } else {
            let exit = self.entries[key].last_exit();
            self.remove(key, exit, now);
        }
    }

    /// Its group rests; what is never started again leaves.
    fn rest_or_leave(&mut self, key: usize, now: Instant) {
        self.rest(key, now);
        let entry = &self.entries[key];
        let parent = entry.parent.unwrap_or(ROOT);
        let exit = entry.last_exit();
        match (entry.fixed, self.is_lowering_all(parent)) {
            (false, true) => self.remove(key, exit, now),
            (false, false) if entry.held => self.remove(key, exit, now),
            // What its supervisor lists starts again with that at the latest.
            (true, false) if entry.held => self.close(key, &exit),
            _ => {}
        }
    }

    /// It was stopped for good: what a spec lists stays in the tree, at rest.
    fn leave(&mut self, key: usize, now: Instant) {
        let exit = self.entries[key].last_exit();
        if !self.entries[key].fixed {
            return self.remove(key, exit, now);
        }
        self.wait_no_longer(key);
        self.close(key, &exit);
        self.entries[key].held = true;
        self.rest(key, now);
        for waiter in std::mem::take(&mut self.entries[key].ended) {
            self.actions.push_back(Action::Gone(waiter, exit.clone()));
        }
    }

    /// Takes a child, of which nothing runs, out of the tree.
    fn remove(&mut self, key: usize, exit: Exit, now: Instant) {
        self.wait_no_longer(key);
        self.event(key, EventKind::Removed, now);
        let path = self.path(key);
        self.close(key, &exit);
        // The lowest first.
        for child in self.with_all_below(key).into_iter().skip(1).rev() {
            self.forget(child);
        }
        self.displace(key);
        self.release_own_arbiter(key);
        let mut entry = self.entries.remove(key);
        if let Some(waiter) = entry.ready.take() {
            let failed = entry.failed_start.take();
            let (path, exit) = failed.map_or((path, exit.clone()), |failed| *failed);
            let never_had_its_turn = entry.generation == 0;
            let error = match self.ending {
                Some(_) if never_had_its_turn => SpawnError::NodeEnded,
                _ => SpawnError::Failed { path, exit },
            };
            self.actions.push_back(Action::Ready(waiter, Err(error)));
        }
        for waiter in entry.gone.take().into_iter().chain(entry.ended.drain(..)) {
            self.actions.push_back(Action::Gone(waiter, exit.clone()));
        }
        if let (Some(parent), Some(spec)) = (entry.parent, &entry.spec) {
            let family = self.entries[parent].family_mut();
            family.children.remove(&entry.id.serial);
            family.names.remove(&spec.name);
            self.no_longer_awaited(parent, key);
            self.attend(parent);
        }
    }

    /// The child does not come back: its group need not rest for its sake.
    fn wait_no_longer(&mut self, key: usize) {
        let entry = &self.entries[key];
        let parent = entry.parent.unwrap_or(ROOT);
        let waited = entry.state == State::Resting && entry.deadline.is_some();
        self.clear_deadline(key);
        if !waited {
            return;
        }
        let others = self.entries[parent].children();
        let until = others
            .filter(|&other| self.entries[other].state == State::Resting)
            .filter_map(|other| self.entries[other].deadline)
            .max();
        match (self.phase(parent), until) {
            (Phase::Resting { from, .. }, None) => self.raise_from(parent, from),
            (Phase::Resting { from, .. }, Some(until)) => {
                self.entries[parent].family_mut().phase = Phase::Resting { from, until };
            }
            (Phase::Lowering { from, asked, .. }, until) => {
                self.entries[parent].family_mut().phase = Phase::Lowering { from, until, asked };
            }
            (Phase::Steady | Phase::Raising { .. }, _) => {}
        }
    }

    /// A listed child goes with its supervisor; it is at rest, and has no children any more.
    fn forget(&mut self, key: usize) {
        self.displace(key);
        self.release_own_arbiter(key);
        let entry = self.entries.remove(key);
        let exit = entry.last_exit();
        for waiter in entry.ended {
            self.actions.push_back(Action::Gone(waiter, exit.clone()));
        }
    }

    /// Nobody is going to handle what is sent to the child, or to what it lists.
    fn close(&mut self, key: usize, exit: &Exit) {
        for key in self.with_all_below(key) {
            if let Some(recipe) = self.entries[key].recipe() {
                let (recipe, exit) = (recipe.clone(), exit.clone());
                self.actions.push_back(Action::Close { recipe, exit });
            }
        }
    }

    /// The node ends with children left: whoever waits for one of them is told.
    pub(super) fn close_all(&mut self) {
        for child in self.entries[ROOT].children().collect::<Vec<_>>() {
            self.close(child, &Exit::Killed(Killer::Deadline));
        }
    }

    fn finish_if_alone(&mut self) {
        // Budgets are for what ends, and the agenda may come here twice.
        if self.entries[ROOT].children().next().is_none() && self.end_by.take().is_some() {
            let ending = self.ending.clone().unwrap_or(Ending::Stopped);
            self.actions.push_back(Action::Finished(ending));
        }
    }
}
