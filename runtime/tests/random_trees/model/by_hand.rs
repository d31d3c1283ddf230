//! What somebody does to a child, and what it does itself.

use std::time::Instant;

use treewire_runtime::{Exit, Killer};

use super::{Child, Fate, Group, Life, Place};

impl Child {
    /// Whether children may be added.
    pub(crate) fn takes_children(&self) -> bool {
        matches!(self.life, Life::Starting | Life::Up)
    }

    /// Adds a child; it starts at once, or in its turn if a group is at work.
    pub(crate) fn added(&mut self, mut child: Child, now: Instant) {
        if self.group == Group::Idle {
            child.starts(self.arbiter, now);
        }
        self.children.push(child);
    }

    /// Starts the child at `path`, unless it is up, or going to be with its group.
    pub(crate) fn started_by_hand(&mut self, path: &[usize], now: Instant) {
        let (above, place) = self.above(path);
        let child = &above.children[place];
        if child.is_busy() || !above.takes_children() {
            return;
        }
        let in_its_turn = above.is_going_to_start(child.number);
        let child = &mut above.children[place];
        child.held = false;
        if !in_its_turn {
            child.starts(above.arbiter, now);
        }
    }

    /// Stops the child at `path` and starts it again; who waits alone waits no more.
    pub(crate) fn restarted_by_hand(&mut self, path: &[usize], now: Instant) {
        let child = self.at(path);
        match child.is_busy() {
            true => drop(child.is_asked_to_stop(Fate::StartsAgain, now)),
            false => self.started_by_hand(path, now),
        }
    }

    /// The same, elsewhere.
    pub(crate) fn moved_by_hand(&mut self, path: &[usize], place: Place, now: Instant) {
        self.at(path).place = place;
        self.restarted_by_hand(path, now);
    }

    /// Stops the child at `path` by hand; a listed one stays, at rest. Its group does
    /// not wait for its sake.
    pub(crate) fn stopped_by_hand(&mut self, path: &[usize], now: Instant) {
        let (above, place) = self.above(path);
        match above.children[place].is_busy() {
            true => drop(above.children[place].is_asked_to_stop(Fate::StaysStopped, now)),
            false => above.stays_stopped(place),
        }
    }

    /// Kills the child at `path`; the children of a supervisor are stopped in order.
    pub(crate) fn killed(&mut self, path: &[usize], now: Instant) {
        let exit = Exit::Killed(Killer::Operator);
        let child = self.at(path);
        match child.life {
            Life::Starting | Life::Up if child.is_supervisor() => {
                child.stops_its_children(exit, now);
            }
            Life::Starting | Life::Up | Life::Stopping if !child.is_supervisor() => {
                child.life = Life::Ended(exit);
            }
            _ => {}
        }
    }

    /// The worker at `path`, which is up, ends by itself.
    pub(crate) fn ended_itself(&mut self, path: &[usize], exit: Exit) {
        self.at(path).life = Life::Ended(exit);
    }
}
