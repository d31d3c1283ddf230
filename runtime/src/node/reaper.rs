//! Closes the slots of children that are gone for good.
//!
//! What still waits in a slot is dropped there, and that runs user code: the
//! destructors of messages, what their outcomes do. The control thread must not.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::NodeError;
use crate::child::Recipe;
use crate::exit::Exit;
use crate::panics::catch;

/// How long the end of a node waits for the last slots to be closed.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Reaper {
    jobs: Sender<(Arc<dyn Recipe>, Exit)>,
    done: Receiver<()>,
}

impl Reaper {
    pub(super) fn start() -> Result<Self, NodeError> {
        const NAME: &str = "treewire-reaper";
        let (jobs, received) = channel::<(Arc<dyn Recipe>, Exit)>();
        let (ended, done) = channel();
        let thread = thread::Builder::new().name(NAME.to_owned()).spawn(move || {
            for (recipe, exit) in received {
                let close = || {
                    recipe.close(&exit);
                    drop(recipe);
                };
                if let Err(panic) = catch(close) {
                    tracing::warn!("what was dropped with a child panicked: {panic}");
                }
            }
            // The end of the node may have run out of patience.
            let _ = ended.send(());
        });
        match thread {
            Ok(_) => Ok(Reaper { jobs, done }),
            Err(error) => Err(NodeError::Thread {
                name: NAME.to_owned(),
                reason: error.to_string(),
            }),
        }
    }

    pub(super) fn close(&self, recipe: Arc<dyn Recipe>, exit: Exit) {
        // The thread ends after its last job only.
        let _ = self.jobs.send((recipe, exit));
    }

    /// Waits for the slots given so far, within reason.
    pub(super) fn finish(self) {
        drop(self.jobs);
        if self.done.recv_timeout(PATIENCE).is_err() {
            tracing::warn!("the messages of stopped children take long to be dropped");
        }
    }
}
