//! In what an actor of the tree may run: our own context, or actix's.

mod sources;
mod stock;

use std::sync::Arc;

use actix::{Actor, AsyncContext};

use crate::clock::Clock;
use crate::node::Home;
use crate::slot::{Door, Handling, Slice, Slot};
pub(crate) use sources::{Sources, come_back};

/// A context in which children run: [`Context`](crate::Context), or
/// [`actix::Context`] for actors that are written for it.
///
/// What differs for the latter is on the page `docs/semantics.md`, "Stock actors".
/// The trait is not for implementing elsewhere.
#[allow(
    private_bounds,
    reason = "what a generation owes its slot is nobody else's business"
)]
pub trait Execution<A: Actor<Context = Self>>: sealed::Generation<A> {}

impl<A: Actor<Context = C>, C: sealed::Generation<A>> Execution<A> for C {}

pub(crate) mod sealed {
    use super::*;

    /// What the slot needs of the generation in whose poll it is asked.
    pub(crate) trait Generation<A: Actor<Context = Self>>: AsyncContext<A> + Sized {
        /// The context of a generation whose actor is to be made.
        fn prepare(slot: &Arc<Slot<A>>, home: &Home) -> Self;

        /// Runs the generation on this thread; it reports its exit.
        fn launch(self, slot: Arc<Slot<A>>, home: Home, actor: A);

        fn slot(&self) -> Arc<Slot<A>>;

        fn life(&self) -> u64;

        fn clock(&self) -> Clock;

        /// Handles what waits in a door.
        fn drain(&mut self, door: Arc<dyn Door<A>>, slice: &mut Slice<'_>, actor: &mut A);

        fn begin_handling(&mut self, handling: Handling);

        fn end_handling(&mut self);

        /// Whether the envelope that was opened last held nothing for a handler.
        /// Said once; actix's own envelopes never say.
        fn passed_over(&mut self) -> bool {
            false
        }

        /// This generation has not ended, and was not given up.
        fn is_in_charge(&self) -> bool {
            self.slot().orders.is_in_charge(self.life())
        }
    }
}
