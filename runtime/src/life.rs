//! One generation of an actor, as the future that its arbiter polls.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use actix::dev::EnvelopeProxy;
use actix::dev::channel::AddressReceiver;
use actix::{Actor, ActorState, AsyncContext, Running};
use futures_util::Stream;

use crate::context::Context;
use crate::exit::{Exit, Killer};
use crate::node::Home;
use crate::panics::catch;
use crate::slot::{Door, Order, Slice, Slot};

pub(crate) struct Life<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
    home: Home,
    /// `None` once the exit was reported.
    body: Option<Body<A>>,
}

/// What is dropped with the generation, and what it gives back.
struct Body<A: Actor<Context = Context<A>>> {
    actor: A,
    context: Context<A>,
    receiver: AddressReceiver<A>,
    doors: Vec<Arc<dyn Door<A>>>,
    door_version: usize,
    /// Whose turn it is: the queue, the address, then the doors.
    next_source: usize,
    ready: bool,
    stop_seen: bool,
}

impl<A: Actor<Context = Context<A>>> Life<A> {
    pub(crate) fn new(
        slot: Arc<Slot<A>>,
        home: Home,
        actor: A,
        context: Context<A>,
        receiver: AddressReceiver<A>,
    ) -> Self {
        let (doors, door_version) = slot.doors_and_version();
        let body = Body {
            actor,
            context,
            receiver,
            doors,
            door_version,
            next_source: 0,
            ready: false,
            stop_seen: false,
        };
        Life {
            slot,
            home,
            body: Some(body),
        }
    }

    /// Ends the generation. Every piece of user code runs guarded and none
    /// while unwinding; the exit is reported last, when all of it is dropped.
    fn finish(&mut self, exit: Exit) {
        let Some(body) = self.body.take() else { return };
        let Body {
            mut actor,
            mut context,
            receiver,
            ..
        } = body;
        self.slot.record_exit(self.home.life, &exit);
        for door in self.slot.doors() {
            self.guarded("an outcome", || door.crashed(&exit));
        }
        context.state = ActorState::Stopped;
        self.guarded("stopped", || actor.stopped(&mut context));
        self.guarded("a dropped future", || context.drop_futures());
        self.guarded("the drop of the context", || drop(context));
        self.guarded("the drop of the actor", || drop(actor));
        self.slot.return_receiver(receiver);
        self.slot.orders.end(self.home.life);
        self.home.exited(exit);
    }

    fn guarded(&self, what: &str, code: impl FnOnce()) {
        if let Err(panic) = catch(code) {
            tracing::warn!(actor = %self.home.name, "{what} panicked: {panic}");
        }
    }
}

impl<A: Actor<Context = Context<A>>> Unpin for Life<A> {}

impl<A: Actor<Context = Context<A>>> Future for Life<A> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let life = &mut *self;
        let Some(body) = &mut life.body else {
            return Poll::Ready(());
        };
        life.slot.waker.register(task.waker());
        let (slot, home) = (&life.slot, &life.home);
        let exit = match catch(|| body.step(slot, home, task)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(exit)) => exit,
            Err(panic) => Exit::Panicked(panic),
        };
        life.finish(exit);
        Poll::Ready(())
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Life<A> {
    fn drop(&mut self) {
        // Only a thread that goes away drops a generation that has not ended.
        self.finish(Exit::Killed(Killer::LostThread));
    }
}

impl<A: Actor<Context = Context<A>>> Body<A> {
    fn step(&mut self, slot: &Slot<A>, home: &Home, task: &mut Task<'_>) -> Poll<Exit> {
        let begin = home.node.clock().now();
        let mut slice = Slice::new(&slot.orders, home.life, begin);
        let result = self.work(slot, home, &mut slice, task);
        let busy = (home.node.clock().now() - begin).as_nanos() as u64;
        slot.stats.polls.add(1);
        slot.stats.handled.add(slice.messages());
        slot.stats.busy_nanos.add(busy);
        slot.stats.longest_poll_nanos.raise(busy);
        result
    }

    fn work(
        &mut self,
        slot: &Slot<A>,
        home: &Home,
        slice: &mut Slice<'_>,
        task: &mut Task<'_>,
    ) -> Poll<Exit> {
        if self.context.state == ActorState::Started {
            self.context.state = ActorState::Running;
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
                    home.started();
                }
            }
            self.handle_messages(slot, home, slice, task);
            self.context.poll_items(&mut self.actor);
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
                        task.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    if !self.context.has_waits() {
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
                return Poll::Ready(self.context.exit.take().unwrap_or(unsaid));
            }
        }
    }

    /// One slice's worth of messages. The sources take turns: one that always has
    /// more does not keep the others out.
    fn handle_messages(
        &mut self,
        slot: &Slot<A>,
        home: &Home,
        slice: &mut Slice<'_>,
        task: &mut Task<'_>,
    ) {
        if self.door_version != slot.door_version() {
            (self.doors, self.door_version) = slot.doors_and_version();
        }
        let sources = 2 + self.doors.len();
        for _ in 0..sources {
            let source = self.next_source % sources;
            match source {
                0 => self.drain_queue(slot, home, slice),
                1 => self.drain_address(slice, task),
                door => {
                    let door = self.doors[door - 2].clone();
                    door.drain(slice, &mut self.actor, &mut self.context);
                }
            }
            self.next_source = (source + 1) % sources;
            if slice.is_spent() {
                break;
            }
        }
    }

    fn drain_queue(&mut self, slot: &Slot<A>, home: &Home, slice: &mut Slice<'_>) {
        while !self.context.waiting() && !slice.is_spent() {
            let Some(parcel) = slot.queue.pop() else {
                break;
            };
            slice.count();
            parcel.deliver(home.life, &mut self.actor, &mut self.context);
        }
    }

    fn drain_address(&mut self, slice: &mut Slice<'_>, task: &mut Task<'_>) {
        while !self.context.waiting() && !slice.is_spent() {
            let next = Pin::new(&mut self.receiver).poll_next(task);
            let Poll::Ready(Some(mut envelope)) = next else {
                break;
            };
            slice.count();
            envelope.handle(&mut self.actor, &mut self.context);
        }
    }
}
