use std::sync::Arc;

use actix::Actor;

use crate::execution::Execution;
use crate::node::SpawnError;
use crate::observe::Stats;
use crate::reference::Ref;

/// On which arbiter (thread) a child runs.
#[derive(Clone)]
pub struct Placement(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Inherit,
    Pin(usize),
    Spread,
    Beside(Arc<Stats>),
    Dedicated,
}

impl Placement {
    /// On the arbiter of its parent. The default.
    pub fn inherit() -> Self {
        Placement(Place::Inherit)
    }

    /// On the node's arbiter `number`, counted from 0.
    pub fn pin(number: usize) -> Self {
        Placement(Place::Pin(number))
    }

    /// On the node's arbiter with the fewest children when the child is spawned.
    pub fn spread() -> Self {
        Placement(Place::Spread)
    }

    /// On the arbiter on which the actor behind `reference` runs when the child is spawned.
    pub fn beside<A: Actor<Context: Execution<A>>>(reference: &Ref<A>) -> Self {
        Placement(Place::Beside(reference.stats().clone()))
    }

    /// Whether a node with so many arbiters has it.
    pub(crate) fn check(&self, have: usize) -> Result<(), SpawnError> {
        match self.0 {
            Place::Pin(wanted) if wanted >= have => Err(SpawnError::NoSuchArbiter { wanted, have }),
            _ => Ok(()),
        }
    }

    /// On a thread of its own, which ends with it.
    pub fn dedicated() -> Self {
        Placement(Place::Dedicated)
    }
}
