//! What a tree of supervisors ought to do, said as simply as possible: whoever has
//! something to do next does it, again and again, until nobody has.

mod back_off;
mod by_hand;
mod ending;
mod going_on;
mod places;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use treewire_runtime::{AutoShutdown, Exit, Failure, Restart, Strategy};

pub(crate) use back_off::BackOff;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Worker,
    Supervisor {
        strategy: Strategy,
        restarts: usize,
        within: Duration,
        auto_shutdown: AutoShutdown,
    },
}

/// Where a child runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    BesideItsParent,
    Pinned(usize),
    /// The tree chooses.
    Anywhere,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Life {
    Down,
    /// It is started again by itself, not with its group.
    Waiting,
    Starting,
    Up,
    Stopping,
    /// Its supervisor did not see that yet.
    Ended(Exit),
}

/// What becomes of a child that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    #[default]
    ByItsPolicy,
    StartsAgain,
    RestsWithItsGroup,
    StaysStopped,
}

/// What is being done with children in a row, by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Group {
    #[default]
    Idle,
    Lowering {
        from: u64,
    },
    Resting {
        from: u64,
    },
    Raising {
        next: u64,
        current: Option<u64>,
    },
}

/// Why the root ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// It bears no more, for this reason.
    TooMuch(Exit),
    /// Its significant children have done their work.
    WorkDone,
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
    /// Any of its generations was up; whoever added it keeps this longer than the tree.
    pub(crate) came_up: Rc<Cell<bool>>,
    pub(crate) place: Place,
    /// The number of its arbiter; `None` if the tree chose.
    pub(crate) arbiter: Option<usize>,
    pub(crate) life: Life,
    pub(crate) generation: u64,
    up_since: Instant,
    /// Its current generation was up.
    was_up: bool,
    fate: Fate,
    /// Its group does not start it again.
    held: bool,
    /// Its restart waits until then, and its group with it.
    pub(crate) waits_until: Option<Instant>,
    /// How many of its next starts fail.
    pub(crate) failing_starts: u32,
    /// Its next start takes until it is let go on.
    pub(crate) slow_start: bool,
    /// Its next stop does.
    pub(crate) slow_stop: bool,
    /// How long it is given to stop; `None` for ever.
    pub(crate) patience: Option<Duration>,
    /// It is killed then, for it has not stopped.
    killed_at: Option<Instant>,
    pub(crate) children: Vec<Child>,
    group: Group,
    restarted_at: Vec<Instant>,
    /// Why it stops its children.
    ends_with: Exit,
    /// Of the root alone.
    pub(crate) ended: Option<Ended>,
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
            came_up: Rc::default(),
            place: Place::BesideItsParent,
            arbiter: Some(0),
            life: Life::Down,
            generation: 0,
            up_since: now,
            was_up: false,
            fate: Fate::default(),
            held: false,
            waits_until: None,
            failing_starts: 0,
            slow_start: false,
            slow_stop: false,
            patience: None,
            killed_at: None,
            children: Vec::new(),
            group: Group::default(),
            restarted_at: Vec::new(),
            ends_with: Exit::Shutdown,
            ended: None,
        }
    }

    pub(crate) fn supervisor(self, kind: Kind) -> Self {
        let name = format!("s{}", self.number);
        Child { name, kind, ..self }
    }

    pub(crate) fn root(kind: Kind, now: Instant) -> Self {
        let root = Child::worker(0, Restart::Permanent, true, now).supervisor(kind);
        Child {
            life: Life::Up,
            ..root
        }
    }

    fn is_root(&self) -> bool {
        self.number == 0
    }

    pub(crate) fn is_supervisor(&self) -> bool {
        matches!(self.kind, Kind::Supervisor { .. })
    }

    pub(crate) fn is_up(&self) -> bool {
        self.life == Life::Up
    }

    /// Something of it runs, or is going to.
    fn is_busy(&self) -> bool {
        self.life != Life::Down
    }

    /// It takes until it is let go on.
    pub(crate) fn is_held_up(&self) -> bool {
        !self.is_supervisor() && matches!(self.life, Life::Starting | Life::Stopping)
    }

    /// Several of its children are about to be stopped or started.
    pub(crate) fn group_is_busy(&self) -> bool {
        self.group != Group::Idle
    }
}

fn failure() -> Exit {
    Exit::Failed(Failure::new("it does not start"))
}
