use std::rc::Rc;
use std::sync::Arc;

use actix::Actor;

use crate::execution::Execution;
use crate::exit::Charge;
use crate::panics::{Panic, survive};
use crate::slot::{Door, Handling, Loss, Origin};

/// The message from a port that led to what an actor does, if one did. Futures
/// inherit it from the handler or the future that spawned them.
pub(crate) struct Cause<A: Actor<Context: Execution<A>>> {
    door: Arc<dyn Door<A>>,
    handling: Handling,
    /// It outlives the outcome, which may be told before the future panics.
    origin: Option<Arc<dyn Origin>>,
}

/// Why the actor does what it does now.
pub(crate) enum Doing<A: Actor<Context: Execution<A>>> {
    /// On its own account, or for somebody in this node.
    Own,
    /// It handles a message of the port that is being drained. Nothing more is
    /// looked up until somebody wants to know.
    Handling(Handling),
    For(Rc<Cause<A>>),
}

impl<A: Actor<Context: Execution<A>>> Doing<A> {
    pub(crate) fn of(cause: Option<Rc<Cause<A>>>) -> Self {
        cause.map_or(Doing::Own, Doing::For)
    }

    /// What a future that is spawned now inherits.
    pub(crate) fn cause(&mut self, door: Option<&Arc<dyn Door<A>>>) -> Option<Rc<Cause<A>>> {
        if let (Doing::Handling(handling), Some(door)) = (&*self, door) {
            *self = Doing::For(Rc::new(Cause {
                origin: door.origin(*handling),
                door: door.clone(),
                handling: *handling,
            }));
        }
        match self {
            Doing::For(cause) => Some(cause.clone()),
            Doing::Own | Doing::Handling(_) => None,
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Cause<A> {
    /// Charges the panic to who sent the message, then tells the message's own
    /// outcome: whoever is told is to find the account kept.
    pub(crate) fn answer_for(&self, panic: &Panic) -> Charge {
        let charge = match &self.origin {
            Some(origin) => {
                survive("the origin of a message", || origin.charge(panic));
                Charge::Peer
            }
            None => Charge::Supervisor,
        };
        self.door.lose(self.handling, Loss::Panicked(panic.clone()));
        charge
    }
}
