//! What is done next.

use std::time::Instant;

use treewire_runtime::Exit;

use super::{Child, Fate, Group, Life, Place, failure};

impl Child {
    /// Everybody does what is to be done until nobody has anything to do.
    pub(crate) fn settle(&mut self, now: Instant) {
        while self.does_something(now) {}
    }

    fn does_something(&mut self, now: Instant) -> bool {
        let mut did = false;
        for child in &mut self.children {
            did |= child.is_supervisor() && child.does_something(now);
        }
        let ended = |child: &Child| matches!(child.life, Life::Ended(_));
        while let Some(place) = self.children.iter().position(ended) {
            self.child_ended(place, now);
            did = true;
        }
        did | self.goes_on(now)
    }

    fn goes_on(&mut self, now: Instant) -> bool {
        match (&self.life, self.group) {
            (Life::Stopping, _) => {
                let before = self.children.len();
                self.children
                    .retain(|child| child.listed || child.is_busy());
                let did = self.children.len() < before || self.stops_from(0, now);
                if did || self.is_root() || self.children.iter().any(Child::is_busy) {
                    return did;
                }
                self.life = Life::Ended(self.ends_with.clone());
                true
            }
            (Life::Starting | Life::Up, Group::Lowering { from }) => {
                if self.stops_from(from, now) {
                    return true;
                }
                let mut group = self.children.iter().filter(|child| child.number >= from);
                let is_down = !group.any(Child::is_busy);
                if is_down {
                    self.group = Group::Resting { from };
                }
                is_down
            }
            (Life::Starting | Life::Up, Group::Resting { from }) => {
                let waits = |child: &Child| child.waits_until.is_some();
                let is_over = !self.children.iter().any(waits);
                if is_over {
                    self.group = Group::Raising {
                        next: from,
                        current: None,
                    };
                }
                is_over
            }
            (Life::Starting | Life::Up, Group::Raising { next, current }) => {
                self.raises(next, current, now)
            }
            _ => false,
        }
    }

    /// Stops those from `from` on: first all who were added, together, then the
    /// listed in reverse. The root stops all of its children in reverse.
    fn stops_from(&mut self, from: u64, now: Instant) -> bool {
        let is_leaving = self.life == Life::Stopping;
        let together = !self.is_root();
        let mut did = false;
        let mut others_first = false;
        for child in self.children.iter_mut().rev() {
            if child.number < from || !child.is_busy() {
                continue;
            }
            let one_by_one = child.listed || !together;
            if one_by_one && others_first {
                break;
            }
            others_first = true;
            let fate = match is_leaving && !child.listed {
                true => Fate::StaysStopped,
                false => Fate::RestsWithItsGroup,
            };
            did |= child.is_asked_to_stop(fate, now);
            if one_by_one {
                break;
            }
        }
        did
    }

    fn raises(&mut self, next: u64, current: Option<u64>, now: Instant) -> bool {
        let is_awaited = |child: &Child| {
            let is_settled = matches!(child.life, Life::Up | Life::Down);
            Some(child.number) == current && !is_settled
        };
        if self.children.iter().any(is_awaited) {
            return false;
        }
        let rests = |child: &&mut Child| !child.is_busy() && !child.held;
        let mut group = self.children.iter_mut();
        if let Some(child) = group.find(|child| child.number >= next && rests(child)) {
            child.starts(self.arbiter, now);
            self.group = Group::Raising {
                next: child.number + 1,
                current: Some(child.number),
            };
            return true;
        }
        self.group = Group::Idle;
        if self.life == Life::Starting {
            self.is_ready(now);
        }
        true
    }

    pub(super) fn starts(&mut self, beside: Option<usize>, now: Instant) {
        self.arbiter = match self.place {
            Place::BesideItsParent => beside,
            Place::Pinned(number) => Some(number),
            Place::Anywhere => None,
        };
        self.generation += 1;
        self.life = Life::Starting;
        self.was_up = false;
        self.fate = Fate::default();
        self.held = false;
        self.waits_until = None;
        if self.failing_starts > 0 {
            self.failing_starts -= 1;
            self.life = Life::Ended(failure());
        } else if self.is_supervisor() {
            self.restarted_at.clear();
            for child in &mut self.children {
                child.held = false;
                child.waits_until = None;
            }
            self.group = Group::Raising {
                next: 0,
                current: None,
            };
        } else if !std::mem::take(&mut self.slow_start) {
            self.is_ready(now);
        }
    }

    fn is_ready(&mut self, now: Instant) {
        self.life = Life::Up;
        self.was_up = true;
        self.up_since = now;
        self.asked_for = false;
        self.came_up.set(true);
    }

    /// Asked to stop; whether that changed anything.
    pub(super) fn is_asked_to_stop(&mut self, fate: Fate, now: Instant) -> bool {
        self.fate = self.fate.max(fate);
        match self.life {
            Life::Starting | Life::Up if self.is_supervisor() => {
                self.stops_its_children(Exit::Shutdown, now);
            }
            Life::Up if std::mem::take(&mut self.slow_stop) => {
                self.life = Life::Stopping;
                self.killed_at = self.patience.map(|patience| now + patience);
            }
            Life::Starting | Life::Up | Life::Waiting => {
                self.waits_until = None;
                self.life = Life::Ended(Exit::Shutdown);
            }
            Life::Down | Life::Stopping | Life::Ended(_) => return false,
        }
        true
    }

    /// Once they are down it ends.
    pub(super) fn stops_its_children(&mut self, ends_with: Exit, now: Instant) {
        if self.life == Life::Up {
            self.ran_until(now);
        }
        self.life = Life::Stopping;
        self.ends_with = ends_with;
        self.group = Group::Idle;
    }

    /// Whoever is held up is let go on.
    pub(crate) fn let_go_on(&mut self, now: Instant) {
        match self.life {
            Life::Starting => self.is_ready(now),
            Life::Stopping => self.life = Life::Ended(Exit::Shutdown),
            _ => panic!("{} is not held up", self.name),
        }
    }
}
