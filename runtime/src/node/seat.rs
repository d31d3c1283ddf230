use std::sync::Arc;

use super::Home;
use super::control::{Control, Input};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::observe::{DeadLetter, DeadLetterOffice, DropCause};
use crate::tree::ChildId;

/// Where a child sits in the tree of its node: the same for all its generations.
pub(crate) struct Seat {
    path: Arc<str>,
    id: ChildId,
    /// `None` for a child that never came into a tree.
    reach: Option<Arc<Reach>>,
}

/// What a slot needs of its node, which it may outlive.
pub(super) struct Reach {
    pub(super) clock: Clock,
    pub(super) control: Control,
    pub(super) dead_letters: DeadLetterOffice,
}

impl Reach {
    pub(super) fn new(clock: &Clock, control: &Control) -> Arc<Self> {
        Arc::new(Reach {
            clock: clock.clone(),
            control: control.clone(),
            dead_letters: DeadLetterOffice::default(),
        })
    }
}

impl Seat {
    pub(super) fn of(home: &Home) -> Self {
        Seat {
            path: home.path.clone(),
            id: home.id,
            reach: Some(home.node.0.reach.clone()),
        }
    }

    /// Of a child that was not taken in.
    pub(crate) fn refused(name: &Arc<str>) -> Self {
        Seat {
            path: name.clone(),
            id: ChildId { key: 0, serial: 0 },
            reach: None,
        }
    }

    pub(crate) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The clock of the node; the machine's for a child that is in none.
    pub(crate) fn clock(&self) -> Clock {
        let reach = self.reach.as_ref();
        reach.map_or_else(Clock::default, |reach| reach.clock.clone())
    }

    /// Somebody may want to know what was dropped.
    pub(crate) fn drop_letter(&self, message: &'static str, cause: DropCause) {
        if let Some(reach) = &self.reach {
            reach.dead_letters.send(|| DeadLetter {
                at: reach.clock.now(),
                path: self.path.clone(),
                message,
                cause,
            });
        }
    }

    /// Ends the generation `life` from outside with `exit`, if it still runs.
    pub(crate) fn end(&self, life: u64, exit: Exit) {
        if let Some(reach) = &self.reach {
            let id = self.id;
            reach.control.send(Input::EndLife { id, life, exit });
        }
    }
}
