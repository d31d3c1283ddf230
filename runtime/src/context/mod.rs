//! The execution context of supervised actors, on actix's extension points.

mod envelope;
mod items;

use std::sync::Arc;
use std::task::{Context as Task, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, ActorState, Addr, AsyncContext, Handler, Message, SpawnHandle};

use crate::child::IntoSpec;
use crate::clock::Clock;
use crate::exit::{Exit, Failure};
use crate::node::{ChildHandle, Home, Node, Progress, Spawning};
use crate::observe::Stats;
use crate::reference::Ref;
use crate::slot::{Outcome, Port, Slot};
use items::Items;

/// What an actor runs in: `type Context = treewire::Context<Self>`.
///
/// Unlike `actix::Context` it survives panics with the mailbox intact, has a
/// bounded mailbox, is fair to its neighbours, and a message costs the same
/// whatever the number of pending timers. It lives for one generation.
pub struct Context<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
    home: Home,
    pub(crate) state: ActorState,
    pub(crate) exit: Option<Exit>,
    items: Items<A>,
    waits: Vec<Wait<A>>,
}

type Wait<A> = std::pin::Pin<Box<dyn ActorFuture<A, Output = ()>>>;

impl<A: Actor<Context = Context<A>>> Context<A> {
    pub(crate) fn new(slot: Arc<Slot<A>>, home: Home) -> Self {
        Context {
            items: Items::new(slot.waker.clone()),
            slot,
            home,
            state: ActorState::Started,
            exit: None,
            waits: Vec::new(),
        }
    }

    /// A typed address of this actor that stays good over its restarts.
    pub fn reference(&self) -> Ref<A> {
        Ref::new(self.slot.clone())
    }

    /// The node this actor lives in.
    pub fn node(&self) -> &Node {
        &self.home.node
    }

    /// The node's clock.
    pub fn clock(&self) -> &Clock {
        self.home.node.clock()
    }

    /// This child's counters and descriptions, shown in the tree.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.slot.stats
    }

    /// This child, to stop or kill it from outside.
    pub fn child(&self) -> ChildHandle {
        self.home.child()
    }

    /// Tells the supervisor, from wherever it is known, that this child did
    /// what it is for, so that its back-off starts anew.
    pub fn progress(&self) -> Progress {
        self.home.progress()
    }

    /// Ends this generation at once with an error; `stopping` is not asked.
    pub fn fail(&mut self, failure: impl Into<Failure>) {
        self.end(Exit::Failed(failure.into()));
    }

    /// Ends this generation at once with `exit`; `stopping` is not asked.
    pub fn end(&mut self, exit: Exit) {
        self.exit = Some(exit);
        self.state = ActorState::Stopped;
    }

    /// Spawns a child supervised by this actor. It is stopped when this
    /// generation ends.
    pub fn spawn_child<S: IntoSpec>(&self, spec: S) -> Spawning<S::Handle> {
        self.home.node.begin_spawn(Some(self.home.id), spec)
    }

    /// A bounded batch queue into this actor; see [`Ref::port`].
    pub fn port<M, O>(&self, capacity: usize) -> Port<M, O>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
        O: Outcome<M>,
    {
        self.reference().port(capacity)
    }

    pub(crate) fn slot(&self) -> &Slot<A> {
        &self.slot
    }

    pub(crate) fn life(&self) -> u64 {
        self.home.life
    }

    /// Polls what the actor asked to wait for; pending means that nothing else may run.
    pub(crate) fn poll_waits(&mut self, actor: &mut A, task: &mut Task<'_>) -> Poll<()> {
        while let Some(mut wait) = self.waits.pop() {
            let below = self.waits.len();
            if wait.as_mut().poll(actor, self, task).is_pending() {
                // What it asked for itself meanwhile comes first, as in actix.
                self.waits.insert(below, wait);
                if self.waits.len() == below + 1 {
                    return Poll::Pending;
                }
            }
            if !self.state.alive() {
                break;
            }
        }
        Poll::Ready(())
    }

    /// Polls the spawned futures that were woken, each at most about once, so
    /// that one that wakes itself does not keep the others out.
    pub(crate) fn poll_items(&mut self, actor: &mut A) {
        for _ in 0..self.items.ready_count() {
            if !self.state.alive() || !self.waits.is_empty() {
                break;
            }
            let Some((key, mut future, waker)) = self.items.take_ready() else {
                break;
            };
            let mut task = Task::from_waker(&waker);
            let done = future.as_mut().poll(actor, self, &mut task).is_ready();
            self.items.put_back(key, (!done).then_some(future));
        }
    }

    /// Whether another poll would find something to do.
    pub(crate) fn has_ready_items(&self) -> bool {
        self.items.ready_count() > 0
    }

    pub(crate) fn has_waits(&self) -> bool {
        !self.waits.is_empty()
    }

    pub(crate) fn drop_futures(&mut self) {
        self.items.clear();
        self.waits.clear();
    }
}

impl<A: Actor<Context = Context<A>>> ActorContext for Context<A> {
    fn stop(&mut self) {
        if self.state.alive() {
            self.state = ActorState::Stopping;
        }
    }

    fn terminate(&mut self) {
        self.state = ActorState::Stopped;
    }

    fn state(&self) -> ActorState {
        self.state
    }
}

impl<A: Actor<Context = Context<A>>> AsyncContext<A> for Context<A> {
    fn address(&self) -> Addr<A> {
        self.slot.address()
    }

    fn spawn<F>(&mut self, future: F) -> SpawnHandle
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        let handle = self.slot.next_handle();
        self.items.insert(handle, Box::pin(future));
        handle
    }

    fn wait<F>(&mut self, future: F)
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        self.waits.push(Box::pin(future));
    }

    fn waiting(&self) -> bool {
        !self.waits.is_empty() || self.state.stopping()
    }

    fn cancel_future(&mut self, handle: SpawnHandle) -> bool {
        self.items.cancel(handle)
    }
}
