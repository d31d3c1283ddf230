//! What follows when a child ended by itself.

use std::time::Instant;

use treewire_runtime::{AutoShutdown, Exit, Killer, Restart, Strategy};

use super::{Child, Ended, Kind};

impl Child {
    /// The child at `path` ended with `exit` by itself.
    pub(crate) fn ended(&mut self, path: &[usize], exit: &Exit, now: Instant) -> Result<(), Ended> {
        self.below(path, now, &mut |above, place| {
            above.child_ended(place, exit, now)
        })
    }

    /// Does `deed` to a child, given as its supervisor and its place there. Whoever
    /// bears no more of it has ended for those above.
    pub(super) fn below(
        &mut self,
        path: &[usize],
        now: Instant,
        deed: &mut dyn FnMut(&mut Child, usize) -> Result<(), Ended>,
    ) -> Result<(), Ended> {
        let (&place, below) = path.split_first().expect("a child");
        if below.is_empty() {
            return deed(self, place);
        }
        match self.children[place].below(below, now, deed) {
            Ok(()) => Ok(()),
            Err(ended) => self.child_ended(place, &ended.exit(), now),
        }
    }

    pub(super) fn child_ended(
        &mut self,
        place: usize,
        exit: &Exit,
        now: Instant,
    ) -> Result<(), Ended> {
        self.children[place].stop(now);
        let child = &mut self.children[place];
        let wanted = match child.restart {
            Restart::Permanent => true,
            Restart::Transient => exit.is_abnormal(),
            Restart::Temporary => false,
        };
        if !wanted {
            child.held = child.restart == Restart::Temporary;
            let ends = child.significant && self.ends_without(place);
            self.without(place);
            return if ends { Err(Ended::WorkDone) } else { Ok(()) };
        }
        let Some(wait) = child.next_wait(exit) else {
            self.without(place);
            return Err(Ended::TooMuch(exit.clone()));
        };
        if self.counts(place, exit) && !self.bears_another(now) {
            self.without(place);
            return Err(Ended::TooMuch(exit.clone()));
        }
        let until = (!wait.is_zero()).then(|| now + wait);
        let first = match self.strategy() {
            Strategy::OneForOne if until.is_some() => {
                self.children[place].waits_until = until;
                return Ok(());
            }
            Strategy::OneForOne => return self.start_child(place, now),
            Strategy::OneForAll => 0,
            Strategy::RestForOne => self.children[place].number,
        };
        self.children[place].waits_until = until;
        self.take_along(first, now);
        self.go_on(now)
    }

    /// Stops the group, to be started from `first` on when nobody in it waits.
    fn take_along(&mut self, first: u64, now: Instant) {
        let from = self.group_rests_from.unwrap_or(first).min(first);
        self.group_rests_from = Some(from);
        for child in &mut self.children {
            if child.up && child.number >= first {
                child.stop(now);
                child.held |= child.restart == Restart::Temporary;
            }
        }
        self.children
            .retain(|child| child.number < first || child.listed || !child.held);
    }

    /// Starts the group again, unless one of it waits.
    pub(super) fn go_on(&mut self, now: Instant) -> Result<(), Ended> {
        let Some(first) = self.group_rests_from else {
            return Ok(());
        };
        if self
            .children
            .iter()
            .any(|child| child.waits_until.is_some())
        {
            return Ok(());
        }
        self.group_rests_from = None;
        self.raise(first, now)
    }

    /// Whether it ends with a significant child that has done its work.
    fn ends_without(&self, place: usize) -> bool {
        let Kind::Supervisor { auto_shutdown, .. } = self.kind else {
            panic!("a worker has no children")
        };
        let mut others = self.children.iter().enumerate();
        let another = others.any(|(other, child)| {
            other != place && child.significant && self.runs_or_is_going_to(child)
        });
        match auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !another,
        }
    }

    fn runs_or_is_going_to(&self, child: &Child) -> bool {
        let starts_from = self.group_rests_from.or(self.rises_from);
        let comes_with_group = starts_from.is_some_and(|first| child.number >= first);
        child.up || child.waits_until.is_some() || comes_with_group && !child.held
    }

    /// Its supervisor does not start it again: one that was added leaves.
    fn without(&mut self, place: usize) {
        if !self.children[place].listed {
            self.children.remove(place);
        }
    }

    /// Whether the restart of a child counts: not what an operator did, and not what
    /// waits for the world, unless it is a bug.
    fn counts(&self, place: usize, exit: &Exit) -> bool {
        match exit {
            Exit::Panicked(_) => true,
            Exit::Killed(Killer::Operator) => false,
            _ => self.children[place].back_off.is_none(),
        }
    }

    fn bears_another(&mut self, now: Instant) -> bool {
        let Kind::Supervisor {
            restarts, within, ..
        } = self.kind
        else {
            panic!("a worker has no children")
        };
        self.restarted_at.push(now);
        self.restarted_at.retain(|&at| now - at <= within);
        self.restarted_at.len() <= restarts
    }
}
