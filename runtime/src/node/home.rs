use std::sync::Arc;

use super::Node;
use super::control::Input;
use crate::exit::{Exit, Killer};
use crate::tree::ChildId;

/// Where one generation lives in the tree, and how it reports.
#[derive(Clone)]
pub(crate) struct Home {
    pub(crate) node: Node,
    pub(crate) id: ChildId,
    pub(crate) life: u64,
    pub(crate) name: Arc<str>,
}

impl Home {
    pub(crate) fn started(&self) {
        self.node.0.control.send(Input::Started {
            id: self.id,
            life: self.life,
        });
    }

    pub(crate) fn exited(&self, exit: Exit) {
        self.node.0.control.send(Input::Exited {
            id: self.id,
            life: self.life,
            exit,
        });
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
            killer: Killer::Operator,
        });
    }
}

/// Tells a supervisor that a child did what it is for; see
/// [`Context::progress`](crate::Context::progress).
#[derive(Clone, Debug)]
pub struct Progress {
    child: ChildHandle,
}

impl Progress {
    /// The child's back-off starts anew.
    pub fn made(&self) {
        self.child
            .node
            .0
            .control
            .send(Input::Progressed { id: self.child.id });
    }
}
