//! Tells of the ends of children, and drops what they leave.
//!
//! Both run user code: wakers and outcomes, the destructors of messages. The control
//! thread must not. A destructor may block, so all of them have a queue to themselves
//! and hold up each other, but no news.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::NodeError;
use super::ground::Ground;
use crate::child::{ChildSpec, OnRestarting, Recipe};
use crate::exit::Exit;
use crate::panics::catch;
use crate::slot::{Closing, Dissolved};

/// How long the end of a node waits for its last news and drops.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Reaper {
    news: mpsc::UnboundedSender<Job>,
    drops: mpsc::UnboundedSender<Job>,
    done: [oneshot::Receiver<()>; 2],
}

type Job = Box<dyn FnOnce() + Send>;

impl Reaper {
    pub(super) fn start(ground: &dyn Ground) -> Result<Self, NodeError> {
        let (news, told) = reap(ground, "treewire-reaper")?;
        let (drops, dropped) = reap(ground, "treewire-drops")?;
        Ok(Reaper {
            news,
            drops,
            done: [told, dropped],
        })
    }

    /// Closes the slot of a child that is gone for good.
    pub(super) fn close(&self, recipe: Arc<dyn Recipe>, exit: &Exit) {
        let closing = recipe.close(exit);
        self.tell(recipe, closing);
    }

    /// Takes what a generation had in hand: it is given up.
    pub(super) fn abandon(&self, recipe: Arc<dyn Recipe>, life: u64, exit: &Exit) {
        let closing = recipe.abandon(life, exit);
        self.tell(recipe, Some(closing));
    }

    /// A restart was decided.
    pub(super) fn restarting(&self, told: OnRestarting, after: Duration) {
        let drops = self.drops.clone();
        let _ = self.news.send(Box::new(move || {
            told(after);
            // It may be the last of its child.
            let _ = drops.send(Box::new(move || drop(told)));
        }));
    }

    /// Drops what factories captured.
    pub(super) fn drop_specs(&self, specs: Vec<ChildSpec>) {
        for spec in specs {
            let _ = self.drops.send(Box::new(move || drop(spec)));
        }
    }

    pub(super) fn drop_links(&self, links: Dissolved) {
        if !links.is_empty() {
            let _ = self.drops.send(Box::new(move || drop(links)));
        }
    }

    /// The recipe may be the last of its kind.
    fn tell(&self, recipe: Arc<dyn Recipe>, closing: Option<Closing>) {
        let drops = self.drops.clone();
        // Both queues end after their last job only.
        let _ = self.news.send(Box::new(move || {
            if let Some(remains) = closing.map(|closing| closing()) {
                let _ = drops.send(remains);
            }
            let _ = drops.send(Box::new(move || drop(recipe)));
        }));
    }

    /// Waits for the jobs given so far, within reason.
    pub(super) async fn finish(self) {
        drop((self.news, self.drops));
        let done = async {
            for done in self.done {
                let _ = done.await;
            }
        };
        if tokio::time::timeout(PATIENCE, done).await.is_err() {
            tracing::warn!("the messages of stopped children take long to be dropped");
        }
    }
}

fn reap(
    ground: &dyn Ground,
    name: &'static str,
) -> Result<(mpsc::UnboundedSender<Job>, oneshot::Receiver<()>), NodeError> {
    let (sender, jobs) = mpsc::unbounded_channel();
    let (ended, done) = oneshot::channel();
    ground.reap(Reaping { name, jobs, ended })?;
    Ok((sender, done))
}

/// The work of one queue: one job after another, until no more can come.
pub(super) struct Reaping {
    /// Of the thread, if it has one to itself.
    pub(super) name: &'static str,
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
        tracing::warn!("what was left of a child panicked: {panic}");
    }
}
