//! What becomes of children whose thread is blocked or gone.

use std::time::{Duration, Instant};

use super::entry::State;
use super::{Action, Ending, ROOT, Tree};
use crate::exit::{Charge, Exit, Killer};
use crate::observe::EventKind;

/// How long a child whose factory is held up by an earlier generation rests before it
/// is tried again.
const FACTORY_WAIT: Duration = Duration::from_secs(1);

impl Tree {
    /// A killed child did not end: it is given up with its thread, and whoever else
    /// ran there starts again on a fresh one. The zombie is who has that thread in hand,
    /// the life `in_hand`; the killed one itself if that is nobody's.
    pub(super) fn declare_zombie(&mut self, key: usize, in_hand: u64, now: Instant) {
        let arbiter = self.entries[key].arbiter;
        let stranded = self.running_on(arbiter);
        let blocker = stranded.iter().find(|&&(_, life)| life == in_hand);
        let blocker = blocker.map_or(key, |&(blocker, _)| blocker);
        let zombie = self.path(blocker);
        self.zombies.push(zombie.clone());
        self.event(blocker, EventKind::Zombie, now);
        self.actions.push_back(Action::ReplaceArbiter(arbiter));
        self.give_up(blocker, now);
        self.give_up_all(stranded, Some(&zombie), now);
    }

    /// The thread behind an arbiter is gone; there is a fresh one.
    ///
    /// Its children are not to blame, but threads that end again and again are a
    /// failure of the node: they are counted by the intensity of the root.
    pub(crate) fn arbiter_lost(&mut self, arbiter: usize, now: Instant) {
        let intensity = self.rules(ROOT).intensity;
        if !self.lost_threads.bears(intensity, now) {
            let child = format!("the thread of arbiter {arbiter}");
            let exit = Exit::Killed(Killer::LostThread);
            self.begin_ending(Ending::Escalated { child, exit }, now);
        }
        let stranded = self.running_on(arbiter);
        self.give_up_all(stranded, None, now);
        self.settle(now);
    }

    /// The children that have an actor there, with their lives, oldest first.
    fn running_on(&self, arbiter: usize) -> Vec<(usize, u64)> {
        let mut found: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.has_actor() && entry.arbiter == arbiter)
            .map(|(key, entry)| (key, entry.life))
            .collect();
        found.sort_by_key(|&(_, life)| life);
        found
    }

    /// Those that have not ended by now; `zombie` is who holds their thread.
    fn give_up_all(&mut self, stranded: Vec<(usize, u64)>, zombie: Option<&str>, now: Instant) {
        for (key, life) in stranded {
            let entry = self.entries.get(key);
            if entry.is_some_and(|entry| entry.life == life && entry.has_actor()) {
                if let Some(zombie) = zombie {
                    let zombie = zombie.to_owned();
                    self.event(key, EventKind::Stranded { zombie }, now);
                }
                self.give_up(key, now);
            }
        }
    }

    fn give_up(&mut self, key: usize, now: Instant) {
        let entry = &self.entries[key];
        // What was to be recorded for a kill that nobody will confirm still is.
        let exit = Exit::Killed(Killer::LostThread);
        if let Some(recipe) = entry.recipe() {
            self.actions.push_back(Action::Abandon {
                recipe: recipe.clone(),
                life: entry.life,
                exit: entry.imposed.as_deref().unwrap_or(&exit).clone(),
            });
        }
        self.generation_ended(key, exit, Charge::Supervisor, now);
    }
    /// An earlier generation was given up in the factory, and is still there: the next
    /// one is tried again and again, and whoever waits for the child goes on waiting.
    pub(super) fn await_factory(&mut self, key: usize, now: Instant) {
        let after = FACTORY_WAIT;
        self.event(key, EventKind::Restarting { after }, now);
        self.entries[key].enter(State::BackingOff, now);
        self.set_deadline(key, now + after);
    }
}
