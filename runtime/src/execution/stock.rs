//! Actors on actix's own context as children.
//!
//! actix runs the generation; a future in its context, the pump, brings it what
//! comes through the slot: so a `Ref`, ports, monitors and schedules work as for
//! actors in our own context. What the slot wants to know of the generation in
//! whose poll it is asked is kept by the thread while that is polled.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use actix::dev::ContextFut;
use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, AsyncContext, Context};

use super::{Sources, come_back, sealed};
use crate::clock::Clock;
use crate::context::Doing;
use crate::exit::{Charge, Exit, Killer};
use crate::node::Home;
use crate::panics::{Panic, catch};
use crate::slot::{Author, Door, Handling, Order, Slice, Slot};

thread_local! {
    /// The generation that is polled: an `Rc<Polled<A>>`.
    static POLLED: RefCell<Option<Rc<dyn Any>>> = const { RefCell::new(None) };
}

/// A generation as the slot asks for it.
struct Polled<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
    home: Home,
    /// The door that is being drained.
    door: RefCell<Option<Arc<dyn Door<A>>>>,
    handling: Cell<Option<Handling>>,
    /// Its futures are not to do anything any more.
    over: Cell<bool>,
}

impl<A: Actor<Context = Context<A>>> Polled<A> {
    fn current() -> Rc<Self> {
        let polled = POLLED.with_borrow(Clone::clone);
        match polled.map(Rc::downcast) {
            Some(Ok(polled)) => polled,
            _ => unreachable!("the slot is asked in polls of its own generation only"),
        }
    }

    /// Runs user code as this generation.
    fn runs<T>(self: &Rc<Self>, code: impl FnOnce() -> T) -> Result<T, Panic> {
        let outer = POLLED.replace(Some(self.clone()));
        let author = Author::new(&*self.slot, self.home.life);
        let result = catch(|| author.polls(code));
        POLLED.set(outer);
        result
    }

    /// Who answers for a panic.
    fn answer_for(&self, panic: &Panic) -> Charge {
        let (door, handling) = (self.door.take(), self.handling.take());
        let Some(handling) = handling else {
            return Charge::Supervisor;
        };
        let cause = Doing::Handling(handling).cause(door.as_ref());
        cause.map_or(Charge::Supervisor, |cause| cause.answer_for(panic))
    }
}

impl<A: Actor<Context = Context<A>>> sealed::Generation<A> for Context<A> {
    fn prepare(_: &Arc<Slot<A>>, _: &Home) -> Self {
        Context::new()
    }

    fn launch(mut self, slot: Arc<Slot<A>>, home: Home, actor: A) {
        let polled = Rc::new(Polled {
            slot,
            home,
            door: RefCell::new(None),
            handling: Cell::new(None),
            over: Cell::new(false),
        });
        self.spawn(Pump {
            sources: Sources::new(&polled.slot),
            polled: polled.clone(),
            is_ready: false,
        });
        actix_rt::spawn(Life {
            running: Some(self.into_future(actor)),
            polled,
            stop_seen: false,
        });
    }

    fn slot(&self) -> Arc<Slot<A>> {
        Polled::<A>::current().slot.clone()
    }

    fn life(&self) -> u64 {
        Polled::<A>::current().home.life
    }

    fn clock(&self) -> Clock {
        Polled::<A>::current().home.node.clock().clone()
    }

    fn drain(&mut self, door: Arc<dyn Door<A>>, slice: &mut Slice<'_>, actor: &mut A) {
        let polled = Polled::<A>::current();
        polled.door.replace(Some(door.clone()));
        door.drain(slice, actor, self);
        polled.door.take();
    }

    fn begin_handling(&mut self, handling: Handling) {
        Polled::<A>::current().handling.set(Some(handling));
    }

    fn end_handling(&mut self) {
        Polled::<A>::current().handling.take();
    }
}

/// One generation, as the future that its arbiter polls.
struct Life<A: Actor<Context = Context<A>>> {
    /// `None` once the exit was reported.
    running: Option<ContextFut<A, Context<A>>>,
    polled: Rc<Polled<A>>,
    stop_seen: bool,
}

impl<A: Actor<Context = Context<A>>> Unpin for Life<A> {}

impl<A: Actor<Context = Context<A>>> Future for Life<A> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let life = &mut *self;
        let home = &life.polled.home;
        let outer = home.turn.begin(home.life);
        let polled = life.take_turn(task);
        life.polled.home.turn.end(outer);
        polled
    }
}

impl<A: Actor<Context = Context<A>>> Life<A> {
    fn take_turn(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Some(running) = &mut self.running else {
            return Poll::Ready(());
        };
        let polled = &self.polled;
        let (slot, home) = (&polled.slot, &polled.home);
        slot.waker().register(home.life, task.waker());
        if home.node.lets_others_go_first() {
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let order = slot.orders.for_life(home.life);
        if order == Order::Stop && !self.stop_seen {
            self.stop_seen = true;
            running.ctx().stop();
        }
        let mut ended = Ok(Poll::Pending);
        if order != Order::Kill {
            ended = polled.runs(|| Pin::new(running).poll(task));
        }
        let killed = slot.orders.for_life(home.life) == Order::Kill;
        let (exit, charge) = match ended {
            Err(panic) => {
                let charge = polled.answer_for(&panic);
                (Exit::Panicked(panic), charge)
            }
            Ok(Poll::Pending) if !killed => return Poll::Pending,
            Ok(Poll::Pending) => (Exit::Killed(Killer::Supervisor), Charge::Supervisor),
            Ok(Poll::Ready(())) if self.stop_seen => (Exit::Shutdown, Charge::Supervisor),
            Ok(Poll::Ready(())) => (Exit::Normal, Charge::Supervisor),
        };
        self.finish(exit, charge);
        Poll::Ready(())
    }

    /// Ends the generation; the exit is reported last, when its actor is dropped.
    fn finish(&mut self, exit: Exit, charge: Charge) {
        let Some(running) = self.running.take() else {
            return;
        };
        let (slot, home) = (&self.polled.slot, &self.polled.home);
        if slot.orders.is_in_charge(home.life) {
            slot.crashed(home.life, &exit);
        }
        self.polled.over.set(true);
        // actix calls `stopping` and `stopped` as it drops what had not ended.
        if let Err(panic) = self.polled.runs(|| drop(running)) {
            tracing::warn!(actor = %home.path, "the drop of the actor panicked: {panic}");
        }
        slot.forget_hooks(home.life);
        slot.orders.end(home.life);
        home.exited(exit, charge);
    }
}

impl<A: Actor<Context = Context<A>>> Drop for Life<A> {
    fn drop(&mut self) {
        // Only a thread that goes away drops a generation that has not ended.
        self.finish(Exit::Killed(Killer::LostThread), Charge::Supervisor);
    }
}

/// Brings the actor what comes through its slot. actix polls it once `started` and
/// what the actor waits for are done, which is when the child is ready.
struct Pump<A: Actor<Context = Context<A>>> {
    polled: Rc<Polled<A>>,
    sources: Sources<A>,
    is_ready: bool,
}

impl<A: Actor<Context = Context<A>>> Unpin for Pump<A> {}

impl<A: Actor<Context = Context<A>>> ActorFuture<A> for Pump<A> {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        actor: &mut A,
        context: &mut Context<A>,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        let pump = &mut *self;
        if pump.polled.over.get() {
            return Poll::Ready(());
        }
        let (slot, home) = (&pump.polled.slot, &pump.polled.home);
        if !pump.is_ready {
            pump.is_ready = true;
            slot.queue.begin(home.life);
            home.started();
        }
        let mut slice = pump.sources.slice(slot, home);
        let sources = &mut pump.sources;
        let handled = catch_unwind(AssertUnwindSafe(|| {
            sources.handle(slot, home, &mut slice, actor, context);
        }));
        sources.account(slot, home, &slice);
        if let Err(panic) = handled {
            resume_unwind(panic);
        }
        if slice.is_spent() {
            come_back(&slice, task);
        }
        Poll::Pending
    }
}
