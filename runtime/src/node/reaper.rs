//! Closes the slots of children that are gone for good.
//!
//! What still waits in a slot is dropped there, and that runs user code: the
//! destructors of messages, what their outcomes do. The control thread must not.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::NodeError;
use super::ground::Ground;
use crate::child::Recipe;
use crate::exit::Exit;
use crate::panics::catch;
use crate::slot::Dissolved;

/// How long the end of a node waits for the last slots to be closed.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Reaper {
    jobs: mpsc::UnboundedSender<Job>,
    done: oneshot::Receiver<()>,
}

/// What runs the destructors and outcomes of a slot.
type Job = Box<dyn FnOnce() + Send>;

impl Reaper {
    pub(super) fn start(ground: &dyn Ground) -> Result<Self, NodeError> {
        let (jobs, received) = mpsc::unbounded_channel();
        let (ended, done) = oneshot::channel();
        ground.reap(Reaping {
            jobs: received,
            ended,
        })?;
        Ok(Reaper { jobs, done })
    }

    /// Closes the slot of a child that is gone for good.
    pub(super) fn close(&self, recipe: Arc<dyn Recipe>, exit: Exit) {
        let prepared = recipe.prepared();
        self.run(Box::new(move || recipe.close(prepared, &exit)));
    }

    /// Tells whoever waits for what a generation had in hand that it is given up.
    pub(super) fn abandon(&self, recipe: Arc<dyn Recipe>, life: u64, exit: Exit) {
        self.run(Box::new(move || recipe.abandon(life, &exit)));
    }

    pub(super) fn drop_links(&self, links: Dissolved) {
        if !links.is_empty() {
            self.run(Box::new(move || drop(links)));
        }
    }

    fn run(&self, job: Job) {
        // It ends after its last job only.
        let _ = self.jobs.send(job);
    }

    /// Waits for the slots given so far, within reason.
    pub(super) async fn finish(self) {
        drop(self.jobs);
        if tokio::time::timeout(PATIENCE, self.done).await.is_err() {
            tracing::warn!("the messages of stopped children take long to be dropped");
        }
    }
}

/// The work of a reaper: one job after another, until no more can come.
pub(super) struct Reaping {
    jobs: mpsc::UnboundedReceiver<Job>,
    ended: oneshot::Sender<()>,
}

impl Reaping {
    pub(super) fn run_on_a_thread(mut self) {
        while let Some(job) = self.jobs.blocking_recv() {
            do_guarded(job);
        }
        self.end();
    }

    #[cfg(feature = "driven")]
    pub(super) async fn run(mut self) {
        while let Some(job) = self.jobs.recv().await {
            do_guarded(job);
        }
        self.end();
    }

    fn end(self) {
        // The end of the node may have run out of patience.
        let _ = self.ended.send(());
    }
}

fn do_guarded(job: Job) {
    if let Err(panic) = catch(job) {
        tracing::warn!("what was dropped with a child panicked: {panic}");
    }
}
