use std::fmt;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::node::Node;
use crate::tree::ChildId;

/// Where a supervisor turned out to be, for its handles.
///
/// They know the node as soon as its control thread was asked to take the supervisor
/// in. What they ask of it then comes later, and is sent with the anchor: only the
/// control thread looks at the id, so nobody can ask too early.
#[derive(Default)]
pub(crate) struct Anchor {
    entered: Mutex<Entered>,
    id: OnceLock<ChildId>,
}

#[derive(Default)]
struct Entered {
    node: Option<Node>,
    /// It was told to stop before it was in a node.
    is_unwanted: bool,
}

impl Anchor {
    /// The supervisor is in `node`, or on its way. May be called again.
    pub(crate) fn enter(self: &Arc<Self>, node: &Node) {
        let mut entered = self.entered.lock();
        entered.node.get_or_insert_with(|| node.clone());
        if std::mem::take(&mut entered.is_unwanted) {
            node.stop_supervisor(self.clone());
        }
    }

    /// The tree took the supervisor in.
    pub(crate) fn found(&self, id: ChildId) {
        self.id.get_or_init(|| id);
    }

    /// For the control thread; nobody's until the tree took the supervisor in.
    pub(crate) fn id(&self) -> ChildId {
        self.id.get().copied().unwrap_or(ChildId::NOBODY)
    }

    /// `None` before it was spawned.
    pub(super) fn node(&self) -> Option<Node> {
        self.entered.lock().node.clone()
    }

    /// Stops it for good, as soon as it is in a node.
    pub(super) fn stop(self: &Arc<Self>) {
        let mut entered = self.entered.lock();
        match &entered.node {
            Some(node) => node.stop_supervisor(self.clone()),
            None => entered.is_unwanted = true,
        }
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Anchor").field(&self.id.get()).finish()
    }
}
