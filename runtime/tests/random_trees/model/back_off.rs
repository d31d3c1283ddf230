//! Who waits before it is started again, and what happens when that time has come.

use std::time::{Duration, Instant};

use treewire_runtime::{Exit, Killer, Verdict};

use super::{Child, Life};

/// First wait and ceiling are the same, so that no chance is in it.
#[derive(Clone, Debug)]
pub(crate) struct BackOff {
    pub(crate) wait: Duration,
    pub(crate) attempts: Option<u32>,
    row: Row,
}

#[derive(Clone, Debug, Default)]
struct Row {
    /// The first try again comes at once.
    begun: bool,
    failures: u32,
}

impl BackOff {
    pub(crate) fn new(wait: Duration, attempts: Option<u32>) -> Self {
        let row = Row::default();
        BackOff {
            wait,
            attempts,
            row,
        }
    }

    /// It was tried again, and did not make progress since.
    pub(crate) fn row_begun(&self) -> bool {
        self.row.begun
    }
}

impl Child {
    /// How long it waits after this end; `None` if it is not tried again.
    pub(super) fn next_wait(&mut self, exit: &Exit) -> Option<Duration> {
        let Some(back_off) = &mut self.back_off else {
            return Some(Duration::ZERO);
        };
        let hopeless = matches!(exit, Exit::Failed(failure) if failure.verdict == Verdict::Fatal);
        let tried_enough = back_off.attempts == Some(back_off.row.failures);
        if *exit != Exit::Killed(Killer::Operator) {
            if hopeless || tried_enough {
                back_off.row = Row::default();
                return None;
            }
            back_off.row.failures += 1;
        }
        match std::mem::replace(&mut back_off.row.begun, true) {
            true => Some(back_off.wait),
            false => Some(Duration::ZERO),
        }
    }

    /// It did what it is for.
    pub(crate) fn made_progress(&mut self) {
        if let Some(back_off) = &mut self.back_off {
            back_off.row = Row::default();
        }
    }

    /// For a supervisor, to run for long is progress.
    pub(super) fn ran_until(&mut self, now: Instant) {
        let ran = now - self.up_since;
        if self.back_off.as_ref().is_some_and(|it| ran >= it.wait) {
            self.made_progress();
        }
    }

    /// The times at which something is due, each with the supervisor and the child.
    pub(crate) fn due(&self) -> Vec<(Instant, Vec<usize>)> {
        let mut due = Vec::new();
        for (place, child) in self.children.iter().enumerate() {
            let stops_by = child.killed_at.filter(|_| child.life == Life::Stopping);
            for at in child.waits_until.into_iter().chain(stops_by) {
                due.push((at, vec![place]));
            }
            for (at, mut path) in child.due() {
                path.insert(0, place);
                due.push((at, path));
            }
        }
        due
    }

    /// The child at `path` has waited long enough, or was given long enough to stop.
    pub(crate) fn waited(&mut self, path: &[usize], now: Instant) {
        let (above, place) = self.above(path);
        let child = &mut above.children[place];
        child.waits_until = None;
        if child.life == Life::Stopping {
            child.life = Life::Ended(Exit::Killed(Killer::Deadline));
        } else if child.life == Life::Waiting {
            child.starts(above.arbiter, now);
        }
    }
}
