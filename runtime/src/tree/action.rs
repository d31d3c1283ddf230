use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::ChildId;
use crate::child::{OnRestarting, Recipe};
use crate::exit::Exit;
use crate::node::SpawnError;
use crate::observe::Event;

/// What the tree wants done.
pub(crate) enum Action {
    /// Make the generation `life` of a child on an arbiter.
    Start {
        recipe: Arc<dyn Recipe>,
        id: ChildId,
        life: u64,
        arbiter: usize,
        path: Arc<str>,
    },
    /// Tell the generation `life` of a child to end.
    Signal {
        recipe: Arc<dyn Recipe>,
        life: u64,
        signal: Signal,
    },
    /// Tell whoever watches the child how its generation `life` ended.
    Ended {
        recipe: Arc<dyn Recipe>,
        life: u64,
        exit: Exit,
    },
    /// Tell whoever waits for what the generation `life` had in hand that it is
    /// given up with its thread.
    Abandon {
        recipe: Arc<dyn Recipe>,
        life: u64,
        exit: Exit,
    },
    /// No generation follows: give back what waits in the child's queues.
    Close { recipe: Arc<dyn Recipe>, exit: Exit },
    /// Tell who wants to know that a restart comes after that time.
    Restarting(OnRestarting, Duration),
    /// Answer whoever waits for a child's first readiness.
    Ready(
        oneshot::Sender<Result<ChildId, SpawnError>>,
        Result<ChildId, SpawnError>,
    ),
    /// Answer whoever waits for a child to be gone.
    Gone(oneshot::Sender<Exit>, Exit),
    /// Tell the observers.
    Event(Event),
    /// The thread behind an arbiter is blocked: give it up, put a fresh one in its place.
    ReplaceArbiter(usize),
    /// A dedicated arbiter is not needed any more.
    ReleaseArbiter(usize),
    /// The node is done.
    Finished(Ending),
}

/// How a generation is told to end, out of band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Finish in order.
    Stop,
    /// End now, after the message in hand.
    Kill,
}

/// How a node ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    /// As asked, in order.
    Stopped,
    /// A child of the root failed too often, or for good.
    Escalated { child: String, exit: Exit },
    /// Some children did not end within the node's stop budget.
    TimedOut { blocking: Vec<String> },
}
