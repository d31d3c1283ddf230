//! The execution context of supervised actors, on actix's extension points.

mod answer;
mod cause;
mod envelope;
mod items;
mod reply;
mod watching;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::thread;

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, ActorState, Addr, AsyncContext, Handler, Message, SpawnHandle};

use crate::child::IntoSpec;
use crate::clock::Clock;
use crate::execution::sealed;
use crate::exit::{Charge, Exit, Failure};
use crate::life::Life;
use crate::node::{ChildHandle, Home, Node, Parent, Progress, Spawning};
use crate::observe::Stats;
use crate::panics::Panic;
use crate::reference::Ref;
use crate::slot::{Door, Handling, Outcome, Port, Slice, Slot};
pub use answer::Answer;
use cause::Cause;
pub(crate) use cause::Doing;
use items::{ItemFuture, Items};
pub use reply::Reply;

/// What an actor runs in: `type Context = treewire::Context<Self>`.
///
/// Unlike `actix::Context` it survives panics with the mailbox intact, has a
/// bounded mailbox, is fair to its neighbours, and a message costs the same
/// whatever the number of pending timers. It lives for one generation.
pub struct Context<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
    home: Home,
    pub(crate) state: ActorState,
    pub(crate) exit: Option<Box<Exit>>,
    /// Made with the first future: many an actor never spawns one.
    items: Option<Box<Items<A>>>,
    waits: Vec<Wait<A>>,
    /// The port that is being drained.
    door: Option<Arc<dyn Door<A>>>,
    doing: Doing<A>,
    /// The envelope that was opened last held nothing for a handler.
    passed_over: bool,
}

struct Wait<A: Actor<Context = Context<A>>> {
    future: ItemFuture<A>,
    cause: Option<Rc<Cause<A>>>,
}

impl<A: Actor<Context = Context<A>>> Context<A> {
    pub(crate) fn new(slot: Arc<Slot<A>>, home: Home) -> Self {
        Context {
            items: None,
            slot,
            home,
            state: ActorState::Started,
            exit: None,
            waits: Vec::new(),
            door: None,
            doing: Doing::Own,
            passed_over: false,
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
        self.exit = Some(Box::new(exit));
        self.state = ActorState::Stopped;
    }

    /// What is to happen when this generation is given up because its thread is
    /// blocked or gone: cut a connection that it still holds, say. `hook` runs on
    /// another thread and must not block; hooks run in their order. The next
    /// generation may have begun by then. When this one ends otherwise they are
    /// dropped, after the actor.
    pub fn on_abandoned(&self, hook: impl FnOnce() + Send + 'static) {
        self.slot.on_abandoned(self.home.life, hook);
    }

    /// Spawns a child supervised by this actor. It is stopped when this
    /// generation ends.
    pub fn spawn_child<S: IntoSpec>(&self, spec: S) -> Spawning<S::Handle> {
        self.home
            .node
            .begin_spawn(Parent::Child(self.home.id), spec)
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

    /// Polls what the actor asked to wait for; pending means that nothing else may run.
    pub(crate) fn poll_waits(&mut self, actor: &mut A, task: &mut Task<'_>) -> Poll<()> {
        while let Some(mut wait) = self.waits.pop() {
            let below = self.waits.len();
            match self.poll_future(&mut wait.future, wait.cause.clone(), actor, task) {
                Ok(Poll::Ready(())) => {}
                Ok(Poll::Pending) => {
                    // What it asked for itself meanwhile comes first, as in actix.
                    self.waits.insert(below, wait);
                    if self.waits.len() == below + 1 {
                        return Poll::Pending;
                    }
                }
                Err(panic) => {
                    self.waits.push(wait);
                    resume_unwind(panic);
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
    pub(crate) fn poll_items(&mut self, actor: &mut A, slice: &mut Slice<'_>) {
        for _ in 0..self.ready_items() {
            if !self.state.alive() || !self.waits.is_empty() || slice.is_over() {
                break;
            }
            let ready = self.items.as_mut().and_then(|items| items.take_ready());
            let Some((key, mut future, waker, cause)) = ready else {
                break;
            };
            let mut task = Task::from_waker(&waker);
            let polled = self.poll_future(&mut future, cause, actor, &mut task);
            let done = matches!(polled, Ok(Poll::Ready(())));
            if let Some(items) = &mut self.items {
                items.put_back(key, (!done).then_some(future));
            }
            if let Err(panic) = polled {
                resume_unwind(panic);
            }
        }
    }

    /// An error is a panic, which is to go on once the future is back in its place:
    /// what that holds is not dropped while unwinding, and whoever waits for it, an
    /// asker say, is not to see it vanish before it is known why.
    fn poll_future(
        &mut self,
        future: &mut ItemFuture<A>,
        cause: Option<Rc<Cause<A>>>,
        actor: &mut A,
        task: &mut Task<'_>,
    ) -> thread::Result<Poll<()>> {
        self.doing = Doing::of(cause);
        let poll = AssertUnwindSafe(|| future.as_mut().poll(actor, self, task));
        let polled = catch_unwind(poll);
        if polled.is_ok() {
            self.doing = Doing::Own;
        }
        polled
    }

    /// Whether another poll would find something to do.
    pub(crate) fn has_ready_items(&self) -> bool {
        self.ready_items() > 0
    }

    fn ready_items(&self) -> usize {
        self.items.as_ref().map_or(0, |items| items.ready_count())
    }

    pub(crate) fn has_waits(&self) -> bool {
        !self.waits.is_empty()
    }

    /// What the actor was doing panicked: who answers for it. Called once the
    /// panic was caught.
    pub(crate) fn answer_for(&mut self, panic: &Panic) -> Charge {
        let cause = self.doing.cause(self.door.as_ref());
        (self.doing, self.door) = (Doing::Own, None);
        cause.map_or(Charge::Supervisor, |cause| cause.answer_for(panic))
    }

    pub(crate) fn drop_futures(&mut self) {
        if let Some(items) = &mut self.items {
            items.clear();
        }
        self.waits.clear();
    }
}

impl<A: Actor<Context = Context<A>>> sealed::Generation<A> for Context<A> {
    fn prepare(slot: &Arc<Slot<A>>, home: &Home) -> Self {
        Context::new(slot.clone(), home.clone())
    }

    fn launch(self, slot: Arc<Slot<A>>, home: Home, actor: A) {
        actix_rt::spawn(Life::new(slot, home, actor, self));
    }

    fn slot(&self) -> Arc<Slot<A>> {
        self.slot.clone()
    }

    fn life(&self) -> u64 {
        self.home.life
    }

    fn clock(&self) -> Clock {
        self.home.node.clock().clone()
    }

    fn passed_over(&mut self) -> bool {
        std::mem::take(&mut self.passed_over)
    }

    fn drain(&mut self, door: Arc<dyn Door<A>>, slice: &mut Slice<'_>, actor: &mut A) {
        self.door = Some(door.clone());
        door.drain(slice, actor, self);
        self.door = None;
    }

    fn begin_handling(&mut self, handling: Handling) {
        self.doing = Doing::Handling(handling);
    }

    fn end_handling(&mut self) {
        self.doing = Doing::Own;
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
        let cause = self.doing.cause(self.door.as_ref());
        let items = self
            .items
            .get_or_insert_with(|| Box::new(Items::new(self.slot.waker().clone())));
        items.insert(handle, Box::pin(future), cause);
        handle
    }

    fn wait<F>(&mut self, future: F)
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        let cause = self.doing.cause(self.door.as_ref());
        let future = Box::pin(future);
        self.waits.push(Wait { future, cause });
    }

    fn waiting(&self) -> bool {
        !self.waits.is_empty() || self.state.stopping()
    }

    fn cancel_future(&mut self, handle: SpawnHandle) -> bool {
        self.items
            .as_mut()
            .is_some_and(|items| items.cancel(handle))
    }
}
