//! A node: one process' actor system.

mod arbiters;
mod below;
mod builder;
mod control;
#[cfg(feature = "driven")]
mod driven;
mod error;
mod ground;
mod home;
mod identity;
#[cfg(all(test, treewire_loom))]
mod loom;
mod names;
mod reaper;
mod seat;
mod signals;
mod spawning;
mod threads;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::child::{IntoSpec, Placement};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::observe::{DeadLetters, EventSender, Events, NodeSnapshot};
use crate::slot::Slice;
use crate::tree::{ChildId, Ending, SpawnReplies};

pub use builder::NodeBuilder;
use control::{Control, Deed, Input, Where};
#[cfg(feature = "driven")]
pub use driven::{Chance, World, driven, seeds};
pub use error::{LookupError, NodeError, RegisterError, SpawnError};
pub(crate) use home::Home;
pub use home::{ChildHandle, Progress};
pub use identity::Identity;
use names::Names;
pub use names::Registered;
pub(crate) use names::Registration;
use seat::Reach;
pub(crate) use seat::Seat;
pub(crate) use spawning::Parent;
pub use spawning::Spawning;

/// Runs `main` on an actix system of its own, on this thread, which then is
/// arbiter 0 of the nodes that `main` starts. `#[treewire::main]` calls it.
///
/// `main` is a task like those of the actors beside it. The future that a tokio
/// runtime blocks on is polled once for each look at timers and sockets, so every
/// answer that it awaits would cost one.
///
/// # Panics
/// When `main` does, and when the operating system refuses the runtime's resources.
pub fn run<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
    let main = actix_rt::System::new().block_on(async { actix_rt::spawn(main).await });
    main.unwrap_or_else(|error| resume_unwind(error.into_panic()))
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
    arbiters: usize,
    control: Control,
    events: EventSender,
    reach: Arc<Reach>,
    ending: watch::Receiver<Option<Ending>>,
    is_stopping: AtomicBool,
    /// How many calls of `run` there are now.
    runs: watch::Sender<usize>,
    provided: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    names: Arc<Names>,
    /// Of the driven world it is part of.
    #[cfg(feature = "driven")]
    schedule: Option<Arc<driven::Schedule>>,
}

/// A call of `run`, to its end.
struct Run<'a>(&'a watch::Sender<usize>);

impl<'a> Run<'a> {
    fn begin(runs: &'a watch::Sender<usize>) -> Self {
        runs.send_modify(|runs| *runs += 1);
        Run(runs)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|runs| *runs -= 1);
    }
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

    /// Whether it has begun to stop, by request, on a signal or since it escalated: no child
    /// that stops is started again.
    pub fn is_stopping(&self) -> bool {
        self.0.is_stopping.load(SeqCst)
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
        self.spawn_below(Parent::Root, spec).await
    }

    pub(crate) async fn spawn_below<S: IntoSpec>(
        &self,
        parent: Parent,
        spec: S,
    ) -> Result<S::Handle, SpawnError> {
        let (handle, ready) = self.ask_spawn(parent, spec, None);
        match ready.await {
            Ok(started) => started.map(|_| handle),
            Err(_) => Err(SpawnError::NodeEnded),
        }
    }

    pub(crate) fn begin_spawn<S: IntoSpec>(&self, parent: Parent, spec: S) -> Spawning<S::Handle> {
        let (gone, is_gone) = oneshot::channel();
        let (handle, ready) = self.ask_spawn(parent, spec, Some(gone));
        Spawning::new(self.clone(), handle, ready, is_gone)
    }

    fn ask_spawn<S: IntoSpec>(
        &self,
        parent: Parent,
        spec: S,
        gone: Option<oneshot::Sender<Exit>>,
    ) -> (S::Handle, oneshot::Receiver<Result<ChildId, SpawnError>>) {
        let (spec, handle) = spec.into_spec();
        let anchors = spec.anchors();
        let (ready, is_ready) = oneshot::channel();
        let replies = SpawnReplies { ready, gone };
        self.0.control.send(Input::Spawn {
            parent,
            spec: Box::new(spec),
            replies,
        });
        // Now, not before: what their handles send has to come after the spawn.
        for anchor in anchors {
            anchor.enter(self);
        }
        (handle, is_ready)
    }

    /// Runs until the node ends: on SIGINT or SIGTERM in order, in reverse order
    /// of the starts, or because a child of the root is not restarted any more.
    ///
    /// A second signal ends the process at once, with status 130. After the first
    /// the process also ends, with status 1, when the node has ended and a child
    /// blocks the thread in which this is awaited. A driven node hears no signals.
    ///
    /// # Errors
    /// [`NodeError::Escalated`], or [`NodeError::StopTimedOut`].
    pub async fn run(&self) -> Result<(), NodeError> {
        let _run = Run::begin(&self.0.runs);
        if !self.is_driven() {
            self.0.control.send(Input::CatchSignals);
        }
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

    /// What the mailboxes of its children drop from now on: messages told by
    /// [`do_send`](crate::Ref::do_send) for the most part, since whoever asks or
    /// waits is told instead. Costs the senders nothing while nobody listens.
    pub fn dead_letters(&self) -> DeadLetters {
        self.0.reach.dead_letters.subscribe()
    }

    /// Kills the current generation of the child at `path` (`socket/dialer …`),
    /// as an operator or a fault injector would: it does not count as intensity.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::Ended`].
    pub async fn kill(&self, path: &str) -> Result<(), NodeError> {
        self.at(Where::Path(path.to_owned()), Deed::Kill).await
    }

    /// Stops the child at `path` and waits for its end, with its last exit. One that
    /// a supervisor lists rests until it is started again; any other leaves the tree.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::Ended`].
    pub async fn stop_child(&self, path: &str) -> Result<Exit, NodeError> {
        self.stop_at(Where::Path(path.to_owned())).await
    }

    /// Starts the listed child at `path` that rests. Does nothing if it runs.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::Ended`].
    pub async fn start_child(&self, path: &str) -> Result<(), NodeError> {
        self.at(Where::Path(path.to_owned()), Deed::Start).await
    }

    /// Stops the child at `path` in order and starts it again; nothing is counted.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::Ended`].
    pub async fn restart_child(&self, path: &str) -> Result<(), NodeError> {
        self.at(Where::Path(path.to_owned()), Deed::Renew(None))
            .await
    }

    /// The same, somewhere else; see [`ChildHandle::move_to`].
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::Ended`],
    /// [`SpawnError::NoSuchArbiter`].
    pub async fn move_child(&self, path: &str, placement: Placement) -> Result<(), NodeError> {
        placement.check(self.0.arbiters)?;
        self.at(Where::Path(path.to_owned()), Deed::Renew(Some(placement)))
            .await
    }

    async fn stop_at(&self, place: Where) -> Result<Exit, NodeError> {
        let (ended, end) = oneshot::channel();
        self.at(place, Deed::Stop(ended)).await?;
        end.await.map_err(|_| NodeError::Ended)
    }

    async fn at(&self, place: Where, deed: Deed) -> Result<(), NodeError> {
        let path = match &place {
            Where::Path(path) | Where::Below(_, path) => path.clone(),
        };
        let found = self.ask(|reply| Input::At(place, deed, reply)).await?;
        found.then_some(()).ok_or(NodeError::NoSuchChild { path })
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

    async fn is_run_no_more(&self) {
        let mut runs = self.0.runs.subscribe();
        // The node holds the sender.
        let _ = runs.wait_for(|runs| *runs == 0).await;
    }

    fn is_driven(&self) -> bool {
        #[cfg(feature = "driven")]
        return self.0.schedule.is_some();
        #[cfg(not(feature = "driven"))]
        false
    }

    /// Whether what is to run now goes to the end of the row instead. Only a driven
    /// schedule says so.
    pub(crate) fn lets_others_go_first(&self) -> bool {
        #[cfg(feature = "driven")]
        if let Some(schedule) = &self.0.schedule {
            return schedule.lets_others_go_first();
        }
        false
    }

    /// How many messages a generation may handle in a row.
    pub(crate) fn messages_a_slice(&self) -> u32 {
        #[cfg(feature = "driven")]
        if let Some(schedule) = &self.0.schedule {
            return schedule.messages_a_slice();
        }
        Slice::MESSAGES
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
