//! The control thread: it drives the tree, keeps deadlines, hears signals and
//! answers observers. It never runs user code, so nothing an actor does can
//! keep it from doing so.

use std::sync::Arc;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};

use super::arbiters::Arbiters;
use super::reaper::Reaper;
use super::{Home, Node, NodeError};
use crate::child::{ChildSpec, Recipe};
use crate::exit::{Exit, Failure, Killer};
use crate::observe::{Event, EventKind, NodeSnapshot};
use crate::tree::{Action, ChildId, Ending, SpawnReplies, Tree};

/// The way to the control thread, from any thread.
pub(super) struct Control(mpsc::UnboundedSender<Input>);

pub(super) enum Input {
    Spawn {
        parent: Option<ChildId>,
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
    },
    Progressed {
        id: ChildId,
    },
    Stop {
        id: ChildId,
    },
    Kill {
        id: ChildId,
        killer: Killer,
    },
    KillPath(String, oneshot::Sender<bool>),
    Snapshot(oneshot::Sender<NodeSnapshot>),
    CatchSignals,
    End,
}

/// The runtime of a control thread; its timers serve every thread without one.
pub(super) fn runtime() -> Result<Runtime, NodeError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)
}

fn failed(reason: std::io::Error) -> NodeError {
    NodeError::Thread {
        name: NAME.to_owned(),
        reason: reason.to_string(),
    }
}

const NAME: &str = "treewire-control";

impl Control {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Input>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Control(sender), receiver)
    }

    /// After the end of the node nobody listens any more, and nothing is owed:
    /// whoever waits for an answer sees its channel close.
    pub(super) fn send(&self, input: Input) {
        if let Err(mpsc::error::SendError(Input::Spawn { spec, .. })) = self.0.send(input) {
            spec.recipe.close(&Exit::Shutdown);
        }
    }

    /// Starts the thread; it ends with the node and says how through `ended`.
    pub(super) fn run(
        node: Node,
        tree: Tree,
        arbiters: Arbiters,
        inputs: mpsc::UnboundedReceiver<Input>,
        runtime: Runtime,
        ended: watch::Sender<Option<Ending>>,
    ) -> Result<(), NodeError> {
        let driver = Driver {
            node,
            tree,
            arbiters,
            signals: None,
            reaper: Reaper::start()?,
        };
        thread::Builder::new()
            .name(NAME.to_owned())
            .spawn(move || {
                let ending = runtime.block_on(driver.drive(inputs));
                ended.send_replace(Some(ending));
            })
            .map_err(failed)?;
        Ok(())
    }
}

struct Driver {
    node: Node,
    tree: Tree,
    arbiters: Arbiters,
    signals: Option<Signals>,
    reaper: Reaper,
}

impl Driver {
    async fn drive(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) -> Ending {
        loop {
            while let Some(action) = self.tree.next_action() {
                if let Some(ending) = self.perform(action) {
                    self.finish(inputs);
                    return ending;
                }
            }
            let wake_at = self.tree.wake_at();
            let clock = self.node.clock().clone();
            tokio::select! {
                // The node itself holds a sender, so the channel does not close.
                Some(input) = inputs.recv() => self.accept(input),
                () = async {
                    match wake_at {
                        Some(at) => clock.sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                } => self.tree.on_time(clock.now()),
                () = async {
                    match &mut self.signals {
                        Some(signals) => signals.next().await,
                        None => std::future::pending().await,
                    }
                } => self.stop_on_signal(),
            }
        }
    }

    /// Nothing follows: what was asked for too late is told so.
    fn finish(self, mut inputs: mpsc::UnboundedReceiver<Input>) {
        inputs.close();
        while let Ok(input) = inputs.try_recv() {
            if let Input::Spawn { spec, .. } = input {
                self.reaper.close(spec.recipe, Exit::Shutdown);
            }
        }
        self.reaper.finish();
        self.arbiters.stop();
    }

    fn accept(&mut self, input: Input) {
        let now = self.node.clock().now();
        match input {
            Input::Spawn {
                parent,
                spec,
                replies,
            } => self.tree.spawn(parent, *spec, replies, now),
            Input::Started { id, life } => self.tree.started(id, life, now),
            Input::Exited { id, life, exit } => self.tree.exited(id, life, exit, now),
            Input::Progressed { id } => self.tree.progressed(id),
            Input::Stop { id } => self.tree.stop(id, now),
            Input::Kill { id, killer } => self.tree.kill(id, killer, now),
            Input::KillPath(path, reply) => {
                let found = self.tree.find_path(&path);
                if let Some(id) = found {
                    self.tree.kill(id, Killer::Operator, now);
                }
                // Whoever asked may have gone.
                let _ = reply.send(found.is_some());
            }
            Input::Snapshot(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.snapshot());
            }
            Input::CatchSignals if self.signals.is_none() => match Signals::new() {
                Ok(signals) => self.signals = Some(signals),
                Err(error) => tracing::error!("signals cannot be caught: {error}"),
            },
            Input::CatchSignals => {}
            Input::End => self.tree.end(Ending::Stopped, now),
        }
    }

    fn perform(&mut self, action: Action) -> Option<Ending> {
        match action {
            Action::Start {
                recipe,
                id,
                life,
                arbiter,
                name,
            } => {
                self.start(recipe, id, life, arbiter, name);
            }
            Action::Signal {
                recipe,
                life,
                signal,
            } => recipe.signal(life, signal),
            Action::Close { recipe, exit } => self.reaper.close(recipe, exit),
            // Whoever waited may have gone.
            Action::Ready(reply, result) => drop(reply.send(result)),
            Action::Gone(reply, exit) => drop(reply.send(exit)),
            Action::Event(event) => self.tell(event),
            Action::ReleaseArbiter(number) => self.arbiters.release(number),
            Action::Finished(ending) => return Some(ending),
        }
        None
    }

    fn start(
        &mut self,
        recipe: Arc<dyn Recipe>,
        id: ChildId,
        life: u64,
        arbiter: usize,
        name: Arc<str>,
    ) {
        recipe.prepare(life, arbiter);
        let home = Home {
            node: self.node.clone(),
            id,
            life,
            name,
        };
        let lost = home.clone();
        match self.arbiters.get(arbiter) {
            Ok(handle) => {
                // actix drops what is sent to a dead arbiter without a word.
                if !handle.spawn_fn(move || recipe.start(home)) {
                    lost.exited(Exit::Killed(Killer::LostThread));
                }
            }
            Err(error) => lost.exited(Exit::Failed(Failure::from(error))),
        }
    }

    fn tell(&self, event: Event) {
        match &event.kind {
            EventKind::Exited(Exit::Panicked(_)) | EventKind::Escalated(_) | EventKind::Zombie => {
                tracing::error!("{event}");
            }
            EventKind::Exited(exit) if exit.is_abnormal() => tracing::info!("{event}"),
            _ => tracing::debug!("{event}"),
        }
        self.node.0.events.send(event);
    }

    fn snapshot(&self) -> NodeSnapshot {
        let Node(inner) = &self.node;
        let now = inner.clock.now();
        NodeSnapshot {
            name: inner.identity.name.clone(),
            instance: inner.identity.instance_text(),
            incarnation: inner.identity.incarnation,
            process: std::process::id(),
            taken_at_unix_ms: inner.clock.since_epoch().as_millis() as u64,
            uptime_ms: now.saturating_duration_since(inner.started_at).as_millis() as u64,
            restarts: self.tree.restarts(),
            zombies: self.tree.zombies().to_vec(),
            children: self.tree.snapshot(now),
        }
    }

    fn stop_on_signal(&mut self) {
        if self.tree.is_ending() {
            tracing::warn!("a second signal: ending at once");
            std::process::exit(130);
        }
        tracing::info!("a signal: stopping; a second one ends at once");
        self.tree.end(Ending::Stopped, self.node.clock().now());
    }
}

/// SIGINT and SIGTERM.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
