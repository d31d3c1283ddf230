//! A node: one process' actor system.

mod arbiters;
mod builder;
mod control;
mod error;
mod home;
mod identity;
mod reaper;
mod spawning;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::child::IntoSpec;
use crate::clock::Clock;
use crate::observe::{EventSender, Events, NodeSnapshot};
use crate::tree::{ChildId, Ending, SpawnReplies};

pub use builder::NodeBuilder;
use control::{Control, Input};
pub use error::{NodeError, SpawnError};
pub(crate) use home::Home;
pub use home::{ChildHandle, Progress};
pub use identity::Identity;
pub use spawning::Spawning;

/// Runs `main` on an actix system of its own, on this thread, which then is
/// arbiter 0 of the nodes that `main` starts. `#[treewire::main]` calls it.
///
/// # Panics
/// When the operating system refuses the runtime's resources.
pub fn run<T>(main: impl Future<Output = T>) -> T {
    actix_rt::System::new().block_on(main)
}

/// The root supervisor of this process' actor system, with its threads and its
/// identity. Cloning is cheap; all clones are the same node.
///
/// A node brings its own actix system: it starts from `#[treewire::main]`,
/// where the calling thread is its arbiter 0, and from any tokio runtime, where
/// it makes a thread for that. It lives until it is stopped.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    identity: Identity,
    clock: Clock,
    started_at: Instant,
    control: Control,
    events: EventSender,
    ending: watch::Receiver<Option<Ending>>,
    provided: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({})", self.0.identity.name)
    }
}

impl Node {
    /// Configures a node named `name`.
    pub fn builder(name: impl Into<String>) -> NodeBuilder {
        NodeBuilder::new(name.into())
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.0.identity.name
    }

    /// What tells this node from every other.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The node's clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Spawns a child of the root and waits until it is ready.
    ///
    /// # Errors
    /// [`SpawnError`], with the child's exit when its first start failed.
    pub async fn spawn<S: IntoSpec>(&self, spec: S) -> Result<S::Handle, SpawnError> {
        let mut spawning = self.begin_spawn(None, spec);
        spawning.ready().await?;
        Ok(spawning.into_handle())
    }

    pub(crate) fn begin_spawn<S: IntoSpec>(
        &self,
        parent: Option<ChildId>,
        spec: S,
    ) -> Spawning<S::Handle> {
        let (spec, handle) = spec.into_spec();
        let (ready, is_ready) = oneshot::channel();
        let (gone, is_gone) = oneshot::channel();
        let replies = SpawnReplies { ready, gone };
        self.0.control.send(Input::Spawn {
            parent,
            spec: Box::new(spec),
            replies,
        });
        Spawning::new(self.clone(), handle, is_ready, is_gone)
    }

    /// Runs until the node ends: on SIGINT or SIGTERM in order, in reverse order
    /// of the starts (a second signal ends the process at once), or because a
    /// child of the root failed too often.
    ///
    /// # Errors
    /// [`NodeError::Escalated`], or [`NodeError::StopTimedOut`].
    pub async fn run(&self) -> Result<(), NodeError> {
        self.0.control.send(Input::CatchSignals);
        self.ended().await
    }

    /// Stops the children of the root in reverse order, each to its end, and
    /// then the node's own threads.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn stop(&self) -> Result<(), NodeError> {
        self.0.control.send(Input::End);
        self.ended().await
    }

    /// Waits for the end of the node without causing it.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn ended(&self) -> Result<(), NodeError> {
        let mut ending = self.0.ending.clone();
        let ended = match ending.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone(),
            // The control thread is gone without a word, and with it the tree.
            Err(_) => return Err(NodeError::Ended),
        };
        match ended {
            None | Some(Ending::Stopped) => Ok(()),
            Some(Ending::Escalated { child, exit }) => Err(NodeError::Escalated { child, exit }),
            Some(Ending::TimedOut { blocking }) => Err(NodeError::StopTimedOut { blocking }),
        }
    }

    /// Everything in the node at this moment. It is answered by the control
    /// thread from counters, so a tree that is stuck is visible all the same.
    ///
    /// # Errors
    /// [`NodeError::Ended`] once the node has ended.
    pub async fn snapshot(&self) -> Result<NodeSnapshot, NodeError> {
        self.ask(Input::Snapshot).await
    }

    /// What happens in the node from now on.
    pub fn events(&self) -> Events {
        self.0.events.subscribe()
    }

    /// Kills the current generation of the child at `path` (`socket/dialer …`),
    /// as an operator or a fault injector would: it does not count as intensity.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::Ended`].
    pub async fn kill(&self, path: &str) -> Result<(), NodeError> {
        let found = self
            .ask(|reply| Input::KillPath(path.to_owned(), reply))
            .await?;
        if found {
            Ok(())
        } else {
            Err(NodeError::NoSuchChild {
                path: path.to_owned(),
            })
        }
    }

    /// Something the whole node shares, kept by its type: the transports, say.
    /// Made by `make` when it is asked for first.
    pub fn provided<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut provided = self.0.provided.lock();
        let entry = provided
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(make()));
        match entry.clone().downcast() {
            Ok(value) => value,
            Err(_) => unreachable!("values are kept by their own type"),
        }
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Input,
    ) -> Result<T, NodeError> {
        let (reply, answer) = oneshot::channel();
        self.0.control.send(question(reply));
        answer.await.map_err(|_| NodeError::Ended)
    }
}
