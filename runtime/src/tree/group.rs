//! What a supervisor does with several of its children in a row: stopping them in
//! reverse order, starting them in order.

use std::time::Instant;

use super::entry::{Entry, Intent, State};
use super::family::Phase;
use super::{ROOT, Tree};
use crate::exit::Exit;
use crate::restart::{Restart, Strategy};

impl Tree {
    pub(super) fn phase(&self, key: usize) -> Phase {
        let family = self.entries[key].family();
        family.map_or(Phase::Steady, |family| family.phase)
    }

    /// Whether the supervisor `key` has all its children stopped.
    pub(super) fn is_lowering_all(&self, key: usize) -> bool {
        let node_ends = key == ROOT && self.ending.is_some();
        node_ends || self.entries[key].state == State::Ending
    }

    /// The supervisor stops its children and then ends with `exit`.
    pub(super) fn end_supervisor(&mut self, key: usize, exit: Exit, now: Instant) {
        let entry = &mut self.entries[key];
        let limits = entry.spec.as_ref().and_then(|spec| spec.settings.backoff());
        // Nobody can say that it made progress; to run for long is.
        if entry.state == State::Running
            && limits.is_some_and(|limits| now - entry.since >= limits.ceiling)
        {
            entry.backoff.reset();
        }
        entry.imposed = Some(Box::new(exit));
        entry.enter(State::Ending, now);
        entry.family_mut().phase = Phase::lowering_all();
        self.attend(key);
    }

    /// Those that the strategy takes along when `child` failed, from which one on.
    pub(super) fn taken_along_from(&self, parent: usize, child: usize) -> Option<u64> {
        match self.rules(parent).strategy {
            // An actor that was asked to stop still has some of them at work.
            _ if self.entries[parent].state == State::Stopping => None,
            Strategy::OneForOne => None,
            Strategy::OneForAll => Some(0),
            Strategy::RestForOne => Some(self.entries[child].id.serial),
        }
    }

    /// Stops the group from `from` on, to start it again not before `until`.
    pub(super) fn begin_group_restart(&mut self, key: usize, from: u64, until: Option<Instant>) {
        let family = self.entries[key].family_mut();
        let (from, until) = match family.phase {
            Phase::Lowering {
                from: lowered,
                until: rest,
                ..
            } => (from.min(lowered), until.max(rest)),
            Phase::Resting {
                from: lowered,
                until: rest,
            } => (from.min(lowered), until.max(Some(rest))),
            Phase::Steady | Phase::Raising { .. } => (from, until),
        };
        family.phase = Phase::Lowering {
            from,
            until,
            asked: false,
        };
        self.attend(key);
    }

    pub(super) fn raise_from(&mut self, key: usize, next: u64) {
        self.entries[key].family_mut().phase = Phase::Raising {
            next,
            current: None,
        };
        self.attend(key);
    }

    /// The child is ready, or will not be: whoever is next may start.
    pub(super) fn no_longer_awaited(&mut self, parent: usize, child: usize) {
        let family = self.entries[parent].family_mut();
        if let Phase::Raising { current, .. } = &mut family.phase
            && *current == Some(child)
        {
            *current = None;
            self.attend(parent);
        }
    }

    /// Works the agenda off.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(id) = self.agenda.pop_front() {
            let Some(key) = self.find(id) else { continue };
            match self.phase(key) {
                Phase::Lowering { .. } => self.lower(key, now),
                Phase::Raising { .. } => self.raise(key, now),
                Phase::Steady | Phase::Resting { .. } => {}
            }
            // It may be gone, or its children may have ended at once.
            if self.find(id).is_some() {
                self.settle_child(key, now);
            }
        }
    }

    /// Stops what is to be stopped next, or goes on when nothing of it runs any more.
    fn lower(&mut self, key: usize, now: Instant) {
        let Phase::Lowering { from, until, asked } = self.phase(key) else {
            return;
        };
        let all = self.is_lowering_all(key);
        let intent = |child: &Entry| match all && !child.fixed {
            true => Intent::Leave,
            false => Intent::Rest,
        };
        if !asked {
            let mut at_once = Vec::new();
            for child in self.children_from(key, from).rev() {
                let entry = &self.entries[child];
                let goes_now = match entry.is_up() {
                    true => self.stops_together(key, child),
                    false => all && !entry.fixed,
                };
                if goes_now {
                    at_once.push((child, entry.id, intent(entry)));
                }
            }
            if let Phase::Lowering { asked, .. } = &mut self.entries[key].family_mut().phase {
                *asked = true;
            }
            for (child, id, intent) in at_once {
                if self.find(id).is_some() {
                    self.request_stop(child, intent, now);
                }
            }
        }
        let last_up = self
            .children_from(key, from)
            .rev()
            .find(|&child| self.entries[child].is_up());
        match last_up {
            Some(child) if self.stops_together(key, child) => {}
            Some(child) => {
                let intent = intent(&self.entries[child]);
                self.request_stop(child, intent, now);
            }
            None if all => {}
            None => match until {
                Some(until) if until > now => {
                    self.entries[key].family_mut().phase = Phase::Resting { from, until };
                }
                _ => self.raise_from(key, from),
            },
        }
    }

    /// Starts whoever is next.
    fn raise(&mut self, key: usize, now: Instant) {
        let Phase::Raising {
            next,
            current: None,
        } = self.phase(key)
        else {
            return;
        };
        let resting = self.children_from(key, next).find(|&child| {
            let entry = &self.entries[child];
            !entry.is_up() && !entry.held
        });
        if let Some(child) = resting {
            let next = self.entries[child].id.serial + 1;
            self.entries[key].family_mut().phase = Phase::Raising {
                next,
                current: Some(child),
            };
            return self.start(child, now);
        }
        self.entries[key].family_mut().phase = Phase::Steady;
        let entry = &self.entries[key];
        if entry.state == State::Starting && entry.recipe().is_none() {
            self.became_ready(key, now);
        }
    }

    /// The children with a serial number of at least `from`, in the order of their start.
    fn children_from(
        &self,
        key: usize,
        from: u64,
    ) -> impl DoubleEndedIterator<Item = usize> + use<'_> {
        let family = self.entries[key].family();
        family
            .into_iter()
            .flat_map(move |family| family.children.range(from..).map(|(_, &child)| child))
    }

    /// The children of an actor stop together, and so do those that were added to a
    /// supervisor; those of the root and those that a spec lists stop one by one.
    fn stops_together(&self, parent: usize, child: usize) -> bool {
        parent != ROOT && !self.entries[child].fixed
    }

    /// The child is down and stays there for now.
    pub(super) fn rest(&mut self, key: usize, now: Instant) {
        let entry = &mut self.entries[key];
        let temporary = |spec: &crate::ChildSpec| spec.settings.restart == Restart::Temporary;
        entry.held |= entry.spec.as_ref().is_some_and(temporary);
        entry.intent = Intent::Stay;
        entry.enter(State::Resting, now);
        if let Some(parent) = entry.parent {
            self.no_longer_awaited(parent, key);
            self.attend(parent);
        }
    }
}
