//! What a tree of supervisors ought to do, said as simply as possible: one thing
//! after another, by recursion, in no time.

mod back_off;
mod by_hand;
mod ending;
mod places;

use std::time::{Duration, Instant};

use treewire_runtime::{AutoShutdown, Exit, Failure, Restart, Strategy};

pub(crate) use back_off::BackOff;

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Worker,
    Supervisor {
        strategy: Strategy,
        restarts: usize,
        within: Duration,
        auto_shutdown: AutoShutdown,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) name: String,
    /// Who is added later has a higher one.
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) restart: Restart,
    pub(crate) significant: bool,
    pub(crate) back_off: Option<BackOff>,
    /// Listed in its supervisor's spec, or added later.
    pub(crate) listed: bool,
    /// It was added, and whoever did so was not told yet how that went.
    pub(crate) asked_for: bool,
    pub(crate) up: bool,
    pub(crate) up_since: Instant,
    /// Its group does not start it again.
    pub(crate) held: bool,
    /// It is started again then, by itself or with its group.
    pub(crate) waits_until: Option<Instant>,
    pub(crate) generation: u64,
    /// How many of its next starts fail.
    pub(crate) failing_starts: u32,
    pub(crate) children: Vec<Child>,
    /// Those from this number on rest, for the sake of one of them that waits.
    pub(crate) group_rests_from: Option<u64>,
    /// Those from this number on are just being started again.
    rises_from: Option<u64>,
    pub(crate) restarted_at: Vec<Instant>,
}

/// Why a supervisor ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// It bears no more, for this reason.
    TooMuch(Exit),
    /// Its significant children have done their work.
    WorkDone,
}

impl Ended {
    fn exit(self) -> Exit {
        match self {
            Ended::TooMuch(reason) => reason,
            Ended::WorkDone => Exit::Shutdown,
        }
    }
}

impl Child {
    pub(crate) fn worker(number: u64, restart: Restart, listed: bool, now: Instant) -> Self {
        Child {
            name: format!("w{number}"),
            number,
            kind: Kind::Worker,
            restart,
            significant: false,
            back_off: None,
            listed,
            asked_for: !listed,
            up: false,
            up_since: now,
            held: false,
            waits_until: None,
            generation: 0,
            failing_starts: 0,
            children: Vec::new(),
            group_rests_from: None,
            rises_from: None,
            restarted_at: Vec::new(),
        }
    }

    pub(crate) fn supervisor(self, kind: Kind) -> Self {
        let name = format!("s{}", self.number);
        Child { name, kind, ..self }
    }

    pub(crate) fn is_supervisor(&self) -> bool {
        matches!(self.kind, Kind::Supervisor { .. })
    }

    pub(crate) fn strategy(&self) -> Strategy {
        match self.kind {
            Kind::Supervisor { strategy, .. } => strategy,
            Kind::Worker => panic!("a worker has no children"),
        }
    }

    /// Starts it and, in order, what it lists; what was started is undone if one fails.
    pub(crate) fn start(&mut self, now: Instant) -> Result<(), Exit> {
        self.generation += 1;
        self.waits_until = None;
        if self.failing_starts > 0 {
            self.failing_starts -= 1;
            return Err(failure());
        }
        self.restarted_at.clear();
        self.group_rests_from = None;
        for child in &mut self.children {
            child.held = false;
        }
        for number in 0..self.children.len() {
            if let Err(exit) = self.children[number].start(now) {
                self.children[number].stop(now);
                self.stop(now);
                return Err(exit);
            }
        }
        self.up = true;
        self.up_since = now;
        self.asked_for = false;
        Ok(())
    }

    /// Takes it down with all below; what was added is gone.
    pub(crate) fn stop(&mut self, now: Instant) {
        if self.up && self.is_supervisor() {
            self.ran_until(now);
        }
        self.up = false;
        self.waits_until = None;
        self.group_rests_from = None;
        self.rises_from = None;
        self.children.retain(|child| child.listed);
        self.children.iter_mut().for_each(|child| child.stop(now));
    }

    /// Starts whoever is down from child `first` on, one after another.
    fn raise(&mut self, first: u64, now: Instant) -> Result<(), Ended> {
        let mut next = first;
        while let Some(place) = self.children.iter().position(|child| {
            let rests = !child.up && !child.held;
            rests && child.number >= next
        }) {
            next = self.children[place].number + 1;
            self.rises_from = Some(next);
            self.start_child(place, now)?;
            if self.group_rests_from.is_some() {
                break;
            }
        }
        self.rises_from = None;
        Ok(())
    }

    /// Starts one child. A first start that fails is undone, any other is one more
    /// restart: it takes the rest along again, if the strategy says so.
    pub(crate) fn start_child(&mut self, place: usize, now: Instant) -> Result<(), Ended> {
        match self.children[place].start(now) {
            Ok(()) => Ok(()),
            Err(_) if self.children[place].asked_for => {
                self.children.remove(place);
                Ok(())
            }
            Err(exit) => self.child_ended(place, &exit, now),
        }
    }
}

pub(crate) fn failure() -> Exit {
    Exit::Failed(Failure::new("it does not start"))
}
