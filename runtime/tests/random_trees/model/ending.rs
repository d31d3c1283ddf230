//! What follows when a child has ended.

use std::time::Instant;

use treewire_runtime::{AutoShutdown, Exit, Killer, Restart, Strategy};

use super::{Child, Ended, Fate, Group, Kind, Life};

impl Child {
    pub(super) fn child_ended(&mut self, place: usize, now: Instant) {
        let child = &mut self.children[place];
        let Life::Ended(exit) = std::mem::replace(&mut child.life, Life::Down) else {
            panic!("{} has not ended", child.name)
        };
        let number = child.number;
        match std::mem::take(&mut child.fate) {
            Fate::StaysStopped => return self.stays_stopped(place),
            Fate::RestsWithItsGroup => return self.rests(place),
            _ if self.life == Life::Stopping || self.takes_down(number) => {
                return self.rests(place);
            }
            Fate::StartsAgain => return self.children[place].starts(self.arbiter, now),
            Fate::ByItsPolicy => {}
        }
        let child = &self.children[place];
        if child.asked_for && !child.was_up {
            self.children.remove(place);
        } else if !child.was_up && self.starts_with(number) {
            self.stops_its_children(exit, now);
        } else {
            self.obeys_its_policy(place, &exit, now);
        }
    }

    /// Its group is being stopped, or is.
    fn takes_down(&self, number: u64) -> bool {
        match self.group {
            Group::Lowering { from } | Group::Resting { from } => number >= from,
            Group::Idle | Group::Raising { .. } => false,
        }
    }

    /// It is itself just starting, and this child is what it waits for.
    fn starts_with(&self, number: u64) -> bool {
        let awaited =
            matches!(self.group, Group::Raising { current, .. } if current == Some(number));
        awaited && self.life == Life::Starting
    }

    fn rests(&mut self, place: usize) {
        let child = &mut self.children[place];
        child.held |= child.restart == Restart::Temporary;
        if !child.listed && (child.held || self.life == Life::Stopping) {
            self.children.remove(place);
        }
    }

    pub(super) fn stays_stopped(&mut self, place: usize) {
        let child = &mut self.children[place];
        child.held = true;
        child.waits_until = None;
        self.is_not_started_again(place);
    }

    fn is_not_started_again(&mut self, place: usize) {
        if !self.children[place].listed {
            self.children.remove(place);
        }
    }

    fn obeys_its_policy(&mut self, place: usize, exit: &Exit, now: Instant) {
        let child = &mut self.children[place];
        let wanted = match child.restart {
            Restart::Permanent => true,
            Restart::Transient => exit.is_abnormal(),
            Restart::Temporary => false,
        };
        if !wanted {
            child.held = child.restart == Restart::Temporary;
            if child.significant && self.ends_without(place) {
                self.is_over(Ended::WorkDone, now);
            }
            return self.is_not_started_again(place);
        }
        let wait = child.next_wait(exit);
        let Some(wait) = wait.filter(|_| !self.counts(place, exit) || self.bears_another(now))
        else {
            self.is_over(Ended::TooMuch(exit.clone()), now);
            return self.is_not_started_again(place);
        };
        let until = (!wait.is_zero()).then(|| now + wait);
        let child = &mut self.children[place];
        let first = match self.kind.strategy() {
            Strategy::OneForOne if until.is_some() => {
                child.life = Life::Waiting;
                child.waits_until = until;
                return;
            }
            Strategy::OneForOne => return child.starts(self.arbiter, now),
            Strategy::OneForAll => 0,
            Strategy::RestForOne => child.number,
        };
        child.waits_until = until;
        let from = match self.group {
            Group::Lowering { from } | Group::Resting { from } => from.min(first),
            Group::Idle | Group::Raising { .. } => first,
        };
        self.group = Group::Lowering { from };
    }

    fn is_over(&mut self, ended: Ended, now: Instant) {
        let exit = match &ended {
            Ended::TooMuch(reason) => reason.clone(),
            Ended::WorkDone => Exit::Shutdown,
        };
        self.ended = Some(ended);
        self.stops_its_children(exit, now);
    }

    /// Whether it ends with a significant child that has done its work.
    fn ends_without(&self, place: usize) -> bool {
        let Kind::Supervisor { auto_shutdown, .. } = self.kind else {
            panic!("a worker has no children")
        };
        let mut others = self.children.iter().enumerate();
        let another = others.any(|(other, child)| {
            let is_to_come = !child.held && self.is_going_to_start(child.number);
            other != place && child.significant && (child.is_busy() || is_to_come)
        });
        match auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !another,
        }
    }

    /// If it is down, unless it is held.
    pub(super) fn is_going_to_start(&self, number: u64) -> bool {
        match self.group {
            Group::Idle => false,
            Group::Lowering { from } | Group::Resting { from } => number >= from,
            Group::Raising { next, .. } => number >= next,
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

impl Kind {
    fn strategy(self) -> Strategy {
        match self {
            Kind::Supervisor { strategy, .. } => strategy,
            Kind::Worker => panic!("a worker has no children"),
        }
    }
}
