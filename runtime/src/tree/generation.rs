//! One generation of a child: made, ready, asked to stop, killed.

use std::time::Instant;

use super::entry::{Intent, State};
use super::family::Phase;
use super::{Action, KILL_GRACE, LONGEST, Signal, Tree};
use crate::exit::Exit;
use crate::observe::EventKind;

impl Tree {
    /// Makes the next generation of a child, or starts the children of a supervisor.
    pub(super) fn start(&mut self, key: usize, now: Instant) {
        self.clear_deadline(key);
        self.place(key);
        self.last_life += 1;
        let entry = &mut self.entries[key];
        entry.life = self.last_life;
        entry.generation += 1;
        self.restarts += u64::from(entry.generation > 1);
        entry.was_ready = false;
        entry.killed = false;
        entry.imposed = None;
        entry.failed_start = None;
        entry.intent = Intent::Stay;
        entry.enter(State::Starting, now);
        if entry.family().is_some() {
            let family = entry.family_mut();
            family.window.clear();
            family.phase = Phase::Steady;
        }
        match entry.recipe() {
            Some(recipe) => self.actions.push_back(Action::Start {
                recipe: recipe.clone(),
                id: entry.id,
                life: entry.life,
                arbiter: entry.arbiter,
                path: self.shared_path(key),
            }),
            None => {
                for child in entry.children().collect::<Vec<_>>() {
                    self.entries[child].held = false;
                    // Whom the group waited for in its last life is started now.
                    self.clear_deadline(child);
                }
                self.raise_from(key, 0);
            }
        }
    }

    pub(super) fn became_ready(&mut self, key: usize, now: Instant) {
        let entry = &mut self.entries[key];
        if entry.state == State::Starting {
            entry.enter(State::Running, now);
        }
        entry.was_ready = true;
        let (id, waiter, parent) = (entry.id, entry.ready.take(), entry.parent);
        // Whoever waited and now subscribes hears of what follows only.
        self.event(key, EventKind::Started, now);
        if let Some(waiter) = waiter {
            self.actions.push_back(Action::Ready(waiter, Ok(id)));
        }
        if let Some(parent) = parent {
            self.no_longer_awaited(parent, key);
        }
    }

    /// Asks a child to stop; what becomes of it then is at least `intent`.
    pub(super) fn request_stop(&mut self, key: usize, intent: Intent, now: Instant) {
        let entry = &mut self.entries[key];
        entry.intent = entry.intent.max(intent);
        match entry.state {
            State::Starting | State::Running if entry.has_actor() => {
                entry.enter(State::Stopping, now);
                // One that was killed keeps the deadline of the kill.
                if !entry.killed {
                    let shutdown = entry
                        .spec
                        .as_ref()
                        .map_or(KILL_GRACE, |spec| spec.settings.shutdown());
                    self.set_deadline(key, now + shutdown.min(LONGEST));
                    self.signal(key, Signal::Stop);
                }
            }
            State::Starting | State::Running => self.end_supervisor(key, Exit::Shutdown, now),
            State::BackingOff => {
                self.clear_deadline(key);
                self.entries[key].enter(State::Ending, now);
                self.attend(key);
            }
            State::Resting => self.attend(key),
            State::Stopping | State::Ending => {}
        }
    }

    /// Kills the generation, for which `exit` is recorded. A second kill neither
    /// changes that nor gives it more time.
    pub(super) fn signal_kill(&mut self, key: usize, exit: Exit, now: Instant) {
        let entry = &mut self.entries[key];
        if !std::mem::replace(&mut entry.killed, true) {
            entry.imposed = Some(Box::new(exit));
            self.set_deadline(key, now + KILL_GRACE);
            self.signal(key, Signal::Kill);
        }
    }

    fn signal(&mut self, key: usize, signal: Signal) {
        let entry = &self.entries[key];
        if let Some(recipe) = entry.recipe() {
            self.actions.push_back(Action::Signal {
                recipe: recipe.clone(),
                life: entry.life,
                signal,
            });
        }
    }
}
