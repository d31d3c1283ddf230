//! What an entry keeps about its children.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crate::restart::{AutoShutdown, Intensity, RestartWindow, Strategy};

/// The children of one entry, and what is being done with them as a group.
#[derive(Default)]
pub(super) struct Family {
    /// By serial number, which is the order of their start.
    pub(super) children: BTreeMap<u64, usize>,
    pub(super) names: HashMap<Arc<str>, usize>,
    pub(super) rules: Rules,
    pub(super) window: RestartWindow,
    pub(super) phase: Phase,
}

/// How a supervisor deals with the ends of its children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
}

/// What is being done with the children as a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing: each child is started and restarted by itself.
    #[default]
    Steady,
    /// Those from `from` on are stopped, and started again no sooner than `until`.
    Lowering {
        from: u64,
        until: Option<Instant>,
        /// Those that stop together were told to.
        asked: bool,
    },
    /// They rest until then; the one that failed keeps the deadline.
    Resting { from: u64, until: Instant },
    /// Those that rest from `next` on are started one after another; `current` is
    /// not ready yet.
    Raising { next: u64, current: Option<usize> },
}

impl Phase {
    /// The first child that the group takes along, if it is being stopped.
    pub(super) fn lowered_from(self) -> Option<u64> {
        match self {
            Phase::Lowering { from, .. } | Phase::Resting { from, .. } => Some(from),
            Phase::Steady | Phase::Raising { .. } => None,
        }
    }

    /// A child that rests now is going to be started with the group.
    pub(super) fn will_start(self, serial: u64) -> bool {
        match self {
            Phase::Steady => false,
            Phase::Lowering { from, .. } | Phase::Resting { from, .. } => serial >= from,
            Phase::Raising { next, .. } => serial >= next,
        }
    }

    /// All children are to be stopped.
    pub(super) fn lowering_all() -> Self {
        Phase::Lowering {
            from: 0,
            until: None,
            asked: false,
        }
    }
}
