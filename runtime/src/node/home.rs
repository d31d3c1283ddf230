use std::sync::Arc;

use super::arbiters::Turn;
use super::control::Input;
use super::{Node, Seat};
use crate::child::Placement;
use crate::exit::{Charge, Exit, Killer};
use crate::tree::ChildId;

/// Where one generation lives in the tree, and how it reports.
#[derive(Clone)]
pub(crate) struct Home {
    pub(crate) node: Node,
    pub(crate) id: ChildId,
    pub(crate) life: u64,
    pub(crate) path: Arc<str>,
    /// Whose turn it is on the thread it lives on.
    pub(crate) turn: Arc<Turn>,
}

impl Home {
    pub(crate) fn started(&self) {
        self.node.0.control.send(Input::Started {
            id: self.id,
            life: self.life,
        });
    }

    pub(crate) fn exited(&self, exit: Exit, charge: Charge) {
        self.node.0.control.send(Input::Exited {
            id: self.id,
            life: self.life,
            exit,
            charge,
        });
    }

    pub(crate) fn seat(&self) -> Seat {
        Seat::of(self)
    }

    pub(crate) fn child(&self) -> ChildHandle {
        ChildHandle {
            node: self.node.clone(),
            id: self.id,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            child: self.child(),
            life: self.life,
        }
    }
}

/// A child as its supervisor sees it.
#[derive(Clone, Debug)]
pub struct ChildHandle {
    node: Node,
    id: ChildId,
}

impl ChildHandle {
    pub(super) fn new(node: Node, id: ChildId) -> Self {
        ChildHandle { node, id }
    }

    /// Stops the child for good, within its shutdown deadline.
    pub fn stop(&self) {
        self.node.0.control.send(Input::Stop { id: self.id });
    }

    /// Kills the child's current generation, as an operator would; what its
    /// restart policy says follows.
    pub fn kill(&self) {
        self.node.0.control.send(Input::Kill {
            id: self.id,
            exit: Exit::Killed(Killer::Operator),
        });
    }

    /// Stops the child in order and starts it again. Its restart policy is not
    /// asked, and nothing is counted as intensity.
    pub fn restart(&self) {
        self.renew(None);
    }

    /// The same, somewhere else: what waits in its mailbox and its ports goes with
    /// it. Its own children follow if they are placed beside it. An arbiter that the
    /// node does not have is a warning in the log, and nothing moves.
    pub fn move_to(&self, placement: Placement) {
        self.renew(Some(placement));
    }

    fn renew(&self, placement: Option<Placement>) {
        self.node.0.control.send(Input::Renew {
            id: self.id,
            placement,
        });
    }
}

/// Tells a supervisor that a child did what it is for; see
/// [`Context::progress`](crate::Context::progress).
#[derive(Clone, Debug)]
pub struct Progress {
    child: ChildHandle,
    life: u64,
}

impl Progress {
    /// The child's back-off starts anew, if the generation this was taken from is still
    /// the current one.
    pub fn made(&self) {
        let (id, life) = (self.child.id, self.life);
        let control = &self.child.node.0.control;
        control.send(Input::Progressed { id, life });
    }
}
