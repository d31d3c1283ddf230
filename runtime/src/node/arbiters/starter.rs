//! How generations come to be made on an arbiter: one queue of commands that
//! one task carries out, one after another.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::child::Recipe;
use crate::exit::{Charge, Exit, Failure, Killer};
use crate::node::Home;
use crate::node::control::{Control, Input};
use crate::panics::{catch, survive};

/// The command to make one generation. Dropped instead of carried out, it
/// reports that the thread is gone: the tree waits for an exit of every life.
pub(in crate::node) struct Start {
    recipe: Arc<dyn Recipe>,
    /// `None` once somebody else answers for the exit.
    home: Option<Home>,
}

impl Start {
    pub(in crate::node) fn new(recipe: Arc<dyn Recipe>, home: Home) -> Self {
        Start {
            recipe,
            home: Some(home),
        }
    }

    fn carry_out(mut self) {
        let Some(home) = self.home.take() else { return };
        let reporter = home.clone();
        let outer = reporter.turn.begin(reporter.life);
        let started = catch(|| self.recipe.start(home));
        reporter.turn.end(outer);
        if let Err(panic) = started {
            reporter.exited(Exit::Panicked(panic), Charge::Supervisor);
        }
    }

    pub(in crate::node) fn refuse(mut self, failure: Failure) {
        if let Some(home) = self.home.take() {
            home.exited(Exit::Failed(failure), Charge::Supervisor);
        }
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.exited(Exit::Killed(Killer::LostThread), Charge::Supervisor);
        }
    }
}

/// Carries out commands until the arbiter is given up. What waits then is for
/// lives that somebody else has taken over.
pub(in crate::node) async fn serve(mut starts: UnboundedReceiver<Start>) {
    while let Some(start) = starts.recv().await {
        if starts.is_closed() {
            break;
        }
        // The last of the recipe may go with it, and what its factory captured.
        survive("the drop of a factory", || start.carry_out());
    }
}

/// Tells the control thread, when it is dropped, that a thread is gone.
pub(in crate::node) struct Lost {
    control: Control,
    number: usize,
    incarnation: u64,
}

impl Lost {
    pub(super) fn new(control: Control, number: usize, incarnation: u64) -> Self {
        Lost {
            control,
            number,
            incarnation,
        }
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        self.control.send(Input::ArbiterLost {
            number: self.number,
            incarnation: self.incarnation,
        });
    }
}
