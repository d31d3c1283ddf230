//! One generation of an actor, as the future that its arbiter polls.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use actix::{Actor, ActorState, Running};

use crate::context::Context;
use crate::execution::{Sources, come_back};
use crate::exit::{Charge, Exit, Killer};
use crate::node::Home;
use crate::panics::catch;
use crate::slot::{Author, Order, Serving, Slice, Slot};

pub(crate) struct Life<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
    home: Home,
    /// `None` once the exit was reported.
    body: Option<Body<A>>,
}

/// What is dropped with the generation.
struct Body<A: Actor<Context = Context<A>>> {
    actor: A,
    context: Context<A>,
    sources: Sources<A>,
    ready: bool,
    stop_seen: bool,
    serving: Serving,
}

impl<A: Actor<Context = Context<A>>> Life<A> {
    pub(crate) fn new(slot: Arc<Slot<A>>, home: Home, actor: A, context: Context<A>) -> Self {
        let body = Body {
            actor,
            context,
            sources: Sources::new(&slot),
            ready: false,
            stop_seen: false,
            serving: Serving::default(),
        };
        Life {
            slot,
            home,
            body: Some(body),
        }
    }

    fn take_turn(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(());
        };
        let woken = self.slot.waker().register(self.home.life, task.waker());
        if !woken && self.slot.vigil.go_on_serving(&mut body.serving) {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        body.serving.end();
        let (slot, home) = (&self.slot, &self.home);
        if home.node.lets_others_go_first() {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let author = Author::new(&**slot, home.life);
        let mut slice = body.sources.slice(slot, home);
        let polled = catch(|| author.polls(|| body.work(slot, home, &mut slice, task)));
        body.sources.account(slot, home, &slice);
        let (exit, charge) = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(exit)) => (exit, Charge::Supervisor),
            Err(panic) => {
                let charge = body.context.answer_for(&panic);
                (Exit::Panicked(panic), charge)
            }
        };
        self.finish(exit, charge);
        Poll::Ready(())
    }

    /// Ends the generation. Every piece of user code runs guarded and none
    /// while unwinding; the exit is reported last, when all of it is dropped.
    fn finish(&mut self, exit: Exit, charge: Charge) {
        let Some(body) = self.body.take() else { return };
        let Body {
            mut actor,
            mut context,
            sources,
            ..
        } = body;
        context.state = ActorState::Stopped;
        // What was given up goes quietly: its end was told, and its place is taken.
        if self.slot.orders.is_in_charge(self.home.life) {
            self.slot.crashed(self.home.life, &exit);
            self.guarded("stopped", || actor.stopped(&mut context));
        }
        self.guarded("a dropped future", || context.drop_futures());
        self.guarded("the drop of the context", || drop(context));
        self.guarded("the drop of the actor", || drop(actor));
        // A door may lie here alone by now, with what waits in it.
        self.guarded("the drop of its doors", || drop(sources));
        self.slot.forget_hooks(self.home.life);
        self.slot.orders.end(self.home.life);
        self.home.exited(exit, charge);
    }

    fn guarded(&self, what: &str, code: impl FnOnce()) {
        let author = Author::new(&*self.slot, self.home.life);
        if let Err(panic) = catch(|| author.polls(code)) {
            tracing::warn!(actor = %self.home.path, "{what} panicked: {panic}");
        }
    }
}

impl<A: Actor<Context = Context<A>>> Unpin for Life<A> {}

impl<A: Actor<Context = Context<A>>> Future for Life<A> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let life = &mut *self;
        let outer = life.home.turn.begin(life.home.life);
        let polled = life.take_turn(task);
        life.home.turn.end(outer);
        polled
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Life<A> {
    fn drop(&mut self) {
        // Only a thread that goes away drops a generation that has not ended.
        self.finish(Exit::Killed(Killer::LostThread), Charge::Supervisor);
    }
}

impl<A: Actor<Context = Context<A>>> Body<A> {
    fn work(
        &mut self,
        slot: &Slot<A>,
        home: &Home,
        slice: &mut Slice<'_>,
        task: &mut Task<'_>,
    ) -> Poll<Exit> {
        if !slot.orders.is_in_charge(home.life) {
            return Poll::Ready(Exit::Killed(Killer::LostThread));
        }
        if self.context.state == ActorState::Started {
            self.context.state = ActorState::Running;
            slot.vigil.settle();
            self.actor.started(&mut self.context);
        }
        loop {
            match slot.orders.for_life(home.life) {
                Order::Kill => return Poll::Ready(Exit::Killed(Killer::Supervisor)),
                Order::Stop if !self.stop_seen => {
                    self.stop_seen = true;
                    if self.context.state.alive() {
                        self.context.state = ActorState::Stopping;
                    }
                }
                Order::Stop | Order::Run => {}
            }
            if self.context.state.alive() {
                if self.context.poll_waits(&mut self.actor, task).is_pending() {
                    return Poll::Pending;
                }
                if !self.ready && self.context.state.alive() {
                    self.ready = true;
                    slot.queue.begin(home.life);
                    home.started();
                }
            }
            let context = &mut self.context;
            self.sources
                .handle(slot, home, slice, &mut self.actor, context);
            self.context.poll_items(&mut self.actor, slice);
            if slot.orders.for_life(home.life) == Order::Kill {
                return Poll::Ready(Exit::Killed(Killer::Supervisor));
            }
            match self.context.state {
                ActorState::Stopping => {
                    // `Continue` means "not yet": the actor stops itself when it is done.
                    self.context.state = match self.actor.stopping(&mut self.context) {
                        Running::Stop => ActorState::Stopped,
                        Running::Continue => ActorState::Running,
                    };
                }
                ActorState::Started | ActorState::Running => {
                    if slice.is_spent() || self.context.has_ready_items() {
                        come_back(slice, task);
                        return Poll::Pending;
                    }
                    if !self.context.has_waits() {
                        if slice.messages() > 0 && slot.vigil.begin_serving(&mut self.serving) {
                            task.waker().wake_by_ref();
                        }
                        return Poll::Pending;
                    }
                }
                ActorState::Stopped => {}
            }
            if self.context.state == ActorState::Stopped {
                let unsaid = if self.stop_seen {
                    Exit::Shutdown
                } else {
                    Exit::Normal
                };
                let said = self.context.exit.take().map(|exit| *exit);
                return Poll::Ready(said.unwrap_or(unsaid));
            }
        }
    }
}
