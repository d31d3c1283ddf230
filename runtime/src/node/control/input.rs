//! What the control thread is told and asked.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::child::{Anchor, ChildSpec, Placement};
use crate::exit::{Charge, Exit};
use crate::node::Parent;
use crate::observe::{ChildSnapshot, NodeSnapshot};
use crate::tree::{ChildId, SpawnReplies};

pub(in crate::node) enum Input {
    Spawn {
        parent: Parent,
        spec: Box<ChildSpec>,
        replies: SpawnReplies,
    },
    Started {
        id: ChildId,
        life: u64,
    },
    Exited {
        id: ChildId,
        life: u64,
        exit: Exit,
        charge: Charge,
    },
    Progressed {
        id: ChildId,
        life: u64,
    },
    Stop {
        id: ChildId,
    },
    StopSupervisor(Arc<Anchor>),
    Kill {
        id: ChildId,
        exit: Exit,
    },
    /// [`Kill`](Input::Kill), if that generation still runs.
    EndLife {
        id: ChildId,
        life: u64,
        exit: Exit,
    },
    /// The thread behind an arbiter is gone, and what ran there is dropped.
    ArbiterLost {
        number: usize,
        incarnation: u64,
    },
    Renew {
        id: ChildId,
        placement: Option<Placement>,
    },
    /// Does something to the child at a place; the answer says whether there is one.
    At(Where, Deed, oneshot::Sender<bool>),
    ChildrenOf(Arc<Anchor>, oneshot::Sender<Option<Vec<ChildSnapshot>>>),
    Snapshot(oneshot::Sender<NodeSnapshot>),
    CatchSignals,
    End,
}

/// How a child is found that its user has no handle of.
pub(in crate::node) enum Where {
    Path(String),
    Below(Arc<Anchor>, String),
}

/// What is to be done with it.
pub(in crate::node) enum Deed {
    Start,
    /// And tell when it has ended.
    Stop(oneshot::Sender<Exit>),
    Kill,
    Renew(Option<Placement>),
}
