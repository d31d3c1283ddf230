//! What is to happen at a time, and what becomes of whoever lets it pass.

use std::time::Instant;

use super::entry::State;
use super::family::Phase;
use super::{Action, Ending, ROOT, Tree};
use crate::exit::{Exit, Killer};

impl Tree {
    /// When [`on_time`](Self::on_time) wants to be called next.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let first = self.deadlines.first().map(|&(at, _)| at);
        [first, self.end_by].into_iter().flatten().min()
    }

    /// Deals with every deadline that has passed. `polled` says which life the thread of
    /// an arbiter has in hand, or zero; asked when somebody there did not end.
    pub(crate) fn on_time(&mut self, now: Instant, polled: &dyn Fn(usize) -> u64) {
        while let Some(&(at, id)) = self.deadlines.first() {
            if at > now {
                break;
            }
            self.deadlines.pop_first();
            let Some(key) = self.find(id) else { continue };
            self.entries[key].deadline = None;
            self.deadline_passed(key, polled, now);
            self.settle(now);
        }
        if self.end_by.is_some_and(|at| at <= now) {
            self.end_by = None;
            let blocking = self.blocking().map(|key| self.path(key)).collect();
            self.close_all();
            self.actions
                .push_back(Action::Finished(Ending::TimedOut { blocking }));
        }
    }

    fn deadline_passed(&mut self, key: usize, polled: &dyn Fn(usize) -> u64, now: Instant) {
        let entry = &mut self.entries[key];
        match entry.state {
            State::BackingOff => self.start(key, now),
            State::Starting | State::Running | State::Stopping if entry.killed => {
                let in_hand = polled(entry.arbiter);
                self.declare_zombie(key, in_hand, now);
            }
            State::Starting | State::Running | State::Stopping => {
                self.signal_kill(key, Exit::Killed(Killer::Deadline), now);
            }
            State::Resting => {
                let parent = entry.parent.unwrap_or(ROOT);
                if let Phase::Resting { from, until } = self.phase(parent)
                    && until <= now
                {
                    self.raise_from(parent, from);
                }
            }
            State::Ending => {}
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
}
