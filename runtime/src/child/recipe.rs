use std::sync::Arc;

use actix::Actor;
use parking_lot::Mutex;

use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::exit::{Charge, Exit, Failure};
use crate::node::Home;
use crate::observe::{MailboxSnapshot, Stats};
use crate::panics::{catch, survive};
use crate::slot::{Author, Closing, Dissolved, Slot};
use crate::tree::Signal;

/// A child with its type erased.
pub(crate) trait Recipe: Send + Sync {
    /// Makes a generation, on the arbiter thread that calls it.
    fn start(&self, home: Home);

    /// The next generation is to live at `home`, run on `arbiter`, and obey orders
    /// for its life.
    fn prepare(&self, home: &Home, arbiter: usize);

    fn signal(&self, life: u64, signal: Signal);

    /// The generation `life` is given up with its thread, which is blocked or
    /// gone: whoever waits for something it had in hand is told `exit`. What
    /// else lies in the slot is for the next generation. Runs no user code: what is
    /// returned does.
    fn abandon(&self, life: u64, exit: &Exit) -> Closing;

    /// The generation `life` has ended, with the exit that the tree records, and its
    /// actor is dropped or was given up: whoever watches it is told.
    fn ended(&self, life: u64, exit: &Exit) -> Dissolved;

    /// No generation follows, until [`prepare`](Self::prepare) is called again. Nothing
    /// is taken in any more from now on; what is returned gives back what waits, and
    /// runs user code.
    fn close(&self, exit: &Exit) -> Option<Closing>;

    fn stats(&self) -> &Arc<Stats>;

    fn mailbox(&self) -> MailboxSnapshot;
}

/// Makes an actor; what it returns as an error is the exit.
pub(super) type Factory<A> =
    Box<dyn FnMut(&mut <A as Actor>::Context) -> Result<A, Failure> + Send>;

pub(super) struct ActorRecipe<A: Actor<Context: Execution<A>>> {
    name: Arc<str>,
    slot: Arc<Slot<A>>,
    factory: Mutex<Factory<A>>,
}

impl<A: Actor<Context: Execution<A>>> ActorRecipe<A> {
    pub(super) fn new(name: Arc<str>, slot: Arc<Slot<A>>, factory: Factory<A>) -> Self {
        ActorRecipe {
            name,
            slot,
            factory: Mutex::new(factory),
        }
    }

    fn make(&self, context: &mut A::Context, life: u64) -> Result<A, (Exit, Charge)> {
        // A generation that was given up may never leave its factory.
        let Some(mut factory) = self.factory.try_lock() else {
            let busy = "its factory is still held up by an earlier generation";
            return Err((Exit::Failed(Failure::new(busy)), Charge::Predecessor));
        };
        let author = Author::new(&*self.slot, life);
        match catch(|| author.polls(|| factory(context))) {
            Ok(Ok(actor)) => Ok(actor),
            Ok(Err(failure)) => Err((Exit::Failed(failure), Charge::Supervisor)),
            Err(panic) => Err((Exit::Panicked(panic), Charge::Supervisor)),
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Recipe for ActorRecipe<A> {
    fn start(&self, home: Home) {
        self.slot.freshen_address();
        let mut context = A::Context::prepare(&self.slot, &home);
        let (exit, charge) = match self.make(&mut context, home.life) {
            Ok(actor) => return context.launch(self.slot.clone(), home, actor),
            Err(failed) => failed,
        };
        self.slot.crashed(home.life, &exit);
        survive("the drop of the context", || drop(context));
        self.slot.forget_hooks(home.life);
        self.slot.orders.end(home.life);
        home.exited(exit, charge);
    }

    fn prepare(&self, home: &Home, arbiter: usize) {
        self.slot
            .stats
            .arbiter
            .store(arbiter, std::sync::atomic::Ordering::Relaxed);
        self.slot.begin(home);
    }

    fn signal(&self, life: u64, signal: Signal) {
        self.slot.orders.give(life, signal);
        self.slot.waker().wake();
    }

    fn abandon(&self, life: u64, exit: &Exit) -> Closing {
        self.slot.abandon(life, exit)
    }

    fn ended(&self, life: u64, exit: &Exit) -> Dissolved {
        self.slot.ended(life, exit)
    }

    fn close(&self, exit: &Exit) -> Option<Closing> {
        self.slot.refuse(&self.name);
        self.slot.close(self.slot.queue.opened_for(), exit)
    }

    fn stats(&self) -> &Arc<Stats> {
        &self.slot.stats
    }

    fn mailbox(&self) -> MailboxSnapshot {
        self.slot.mailbox()
    }
}
