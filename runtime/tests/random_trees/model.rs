//! What a tree of supervisors ought to do, said as simply as possible: one thing
//! after another, by recursion, in no time.

use std::time::{Duration, Instant};

use treewire_runtime::{Exit, Killer, Restart, Strategy};

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Worker,
    Supervisor {
        strategy: Strategy,
        restarts: usize,
        within: Duration,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) restart: Restart,
    /// Listed in its supervisor's spec, or added later.
    pub(crate) listed: bool,
    pub(crate) up: bool,
    /// Its group does not start it again.
    pub(crate) held: bool,
    pub(crate) generation: u64,
    /// How many of its next starts fail.
    pub(crate) failing_starts: u32,
    pub(crate) children: Vec<Child>,
    pub(crate) restarted_at: Vec<Instant>,
}

/// A supervisor bears no more, for this reason.
type TooMuch = Exit;

impl Child {
    pub(crate) fn worker(name: String, restart: Restart, listed: bool) -> Self {
        Child {
            name,
            kind: Kind::Worker,
            restart,
            listed,
            up: false,
            held: false,
            generation: 0,
            failing_starts: 0,
            children: Vec::new(),
            restarted_at: Vec::new(),
        }
    }

    pub(crate) fn supervisor(name: String, restart: Restart, listed: bool, kind: Kind) -> Self {
        Child {
            kind,
            ..Child::worker(name, restart, listed)
        }
    }

    pub(crate) fn is_supervisor(&self) -> bool {
        matches!(self.kind, Kind::Supervisor { .. })
    }

    /// Starts it and, in order, what it lists; what was started is undone if one fails.
    pub(crate) fn start(&mut self) -> Result<(), Exit> {
        self.generation += 1;
        if self.failing_starts > 0 {
            self.failing_starts -= 1;
            return Err(failure());
        }
        self.restarted_at.clear();
        for child in &mut self.children {
            child.held = false;
        }
        for number in 0..self.children.len() {
            if let Err(exit) = self.children[number].start() {
                self.children[number].stop();
                self.stop();
                return Err(exit);
            }
        }
        self.up = true;
        Ok(())
    }

    /// Takes it down with all below; what was added is gone.
    pub(crate) fn stop(&mut self) {
        self.up = false;
        self.children.retain(|child| child.listed);
        self.children.iter_mut().for_each(Child::stop);
    }

    /// The child at `path` ended with `exit` by itself.
    pub(crate) fn ended(
        &mut self,
        path: &[usize],
        exit: &Exit,
        now: Instant,
    ) -> Result<(), TooMuch> {
        let (&number, below) = path.split_first().expect("a child");
        if below.is_empty() {
            return self.child_ended(number, exit, now);
        }
        match self.children[number].ended(below, exit, now) {
            Ok(()) => Ok(()),
            Err(reason) => self.child_ended(number, &reason, now),
        }
    }

    fn child_ended(&mut self, number: usize, exit: &Exit, now: Instant) -> Result<(), TooMuch> {
        self.children[number].stop();
        let child = &mut self.children[number];
        let wanted = match child.restart {
            Restart::Permanent => true,
            Restart::Transient => exit.is_abnormal(),
            Restart::Temporary => false,
        };
        if !wanted {
            child.held = child.restart == Restart::Temporary;
            if !child.listed {
                self.children.remove(number);
            }
            return Ok(());
        }
        let Kind::Supervisor {
            strategy,
            restarts,
            within,
        } = self.kind
        else {
            panic!("a worker has no children")
        };
        if *exit != Exit::Killed(Killer::Operator) {
            self.restarted_at.push(now);
            self.restarted_at.retain(|&at| now - at <= within);
            if self.restarted_at.len() > restarts {
                if !self.children[number].listed {
                    self.children.remove(number);
                }
                return Err(exit.clone());
            }
        }
        let first = match strategy {
            Strategy::OneForOne => return self.start_child(number, now),
            Strategy::OneForAll => 0,
            Strategy::RestForOne => number,
        };
        let taken_along = self.children.split_off(first);
        for mut child in taken_along {
            child.stop();
            child.held |= child.restart == Restart::Temporary;
            if child.listed || !child.held {
                self.children.push(child);
            }
        }
        self.raise(first, now)
    }

    /// Starts whoever is down from `first` on.
    fn raise(&mut self, first: usize, now: Instant) -> Result<(), TooMuch> {
        for number in first..self.children.len() {
            let child = &self.children[number];
            if !child.up
                && !child.held
                && let Err(exit) = self.children[number].start()
            {
                // It takes the rest along again, if the strategy says so.
                return self.child_ended(number, &exit, now);
            }
        }
        Ok(())
    }

    /// Starts one child; a start that fails is another restart.
    pub(crate) fn start_child(&mut self, number: usize, now: Instant) -> Result<(), TooMuch> {
        match self.children[number].start() {
            Ok(()) => Ok(()),
            Err(exit) => self.child_ended(number, &exit, now),
        }
    }

    /// Starts the child at `path` by hand.
    pub(crate) fn started_by_hand(&mut self, path: &[usize], now: Instant) -> Result<(), TooMuch> {
        let (&number, below) = path.split_first().expect("a child");
        if below.is_empty() {
            self.children[number].held = false;
            return self.start_child(number, now);
        }
        match self.children[number].started_by_hand(below, now) {
            Ok(()) => Ok(()),
            Err(reason) => self.child_ended(number, &reason, now),
        }
    }

    /// Stops the child at `path` by hand; a listed one stays, at rest.
    pub(crate) fn stopped_by_hand(&mut self, path: &[usize]) {
        let (&number, below) = path.split_first().expect("a child");
        if !below.is_empty() {
            return self.children[number].stopped_by_hand(below);
        }
        let child = &mut self.children[number];
        child.stop();
        child.held = true;
        if !child.listed {
            self.children.remove(number);
        }
    }

    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Child {
        path.iter()
            .fold(self, |child, &number| &mut child.children[number])
    }

    /// The places of all children below, with their names from the root's child down.
    pub(crate) fn places(&self) -> Vec<(Vec<usize>, String)> {
        let mut places = Vec::new();
        self.collect(&mut Vec::new(), "", &mut places);
        places
    }

    fn collect(
        &self,
        place: &mut Vec<usize>,
        prefix: &str,
        places: &mut Vec<(Vec<usize>, String)>,
    ) {
        for (number, child) in self.children.iter().enumerate() {
            place.push(number);
            let path = format!("{prefix}{}", child.name);
            places.push((place.clone(), path.clone()));
            child.collect(place, &format!("{path}/"), places);
            place.pop();
        }
    }
}

pub(crate) fn failure() -> Exit {
    Exit::Failed(treewire_runtime::Failure::new("it does not start"))
}
