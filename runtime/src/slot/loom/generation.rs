use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use actix::{Actor, Handler, Message};

use super::super::Slot;
use crate::child::Mailbox;
use crate::context::Context;
use crate::execution::Sources;
use crate::execution::sealed::Generation as _;
use crate::exit::Exit;
use crate::model::block_on;
use crate::node::Home;
use crate::reference::Ref;

/// A message that is answered with its number.
#[derive(Debug, PartialEq)]
pub(super) struct Number(pub(super) u32);

impl Message for Number {
    type Result = u32;
}

/// With what a generation ends that is given up, and an actor that is closed.
pub(super) const EXIT: Exit = Exit::Shutdown;

/// The number of a message whose handler panics.
pub(super) const FATAL: u32 = u32::MAX;

/// What all generations of an actor handled, in order, each with its life. Behind a
/// lock of `std`, so that it adds no steps to a model.
pub(super) type Log = Arc<Mutex<Vec<(u64, u32)>>>;

/// An actor that keeps a log.
pub(super) struct Recorder(Log);

impl Actor for Recorder {
    type Context = Context<Self>;
}

impl Handler<Number> for Recorder {
    type Result = u32;

    fn handle(&mut self, Number(number): Number, context: &mut Context<Self>) -> u32 {
        if number == FATAL {
            resume_unwind(Box::new("a model's"));
        }
        self.0.lock().unwrap().push((context.life(), number));
        number
    }
}

/// A recorder's slot, with what its generations handled.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) slot: Arc<Slot<Recorder>>,
    log: Log,
}

impl Scene {
    /// The first life is about to begin.
    pub(super) fn new(capacity: usize) -> Self {
        Scene::with(Mailbox::bounded(capacity))
    }

    pub(super) fn with(mailbox: Mailbox) -> Self {
        let scene = Scene {
            slot: Slot::new(mailbox),
            log: Log::default(),
        };
        scene.begin(1);
        scene
    }

    /// The next life is about to begin.
    pub(super) fn begin(&self, life: u64) {
        self.slot.begin(&Home::of_a_model(0, life));
    }

    pub(super) fn reference(&self) -> Ref<Recorder> {
        Ref::new(self.slot.clone())
    }

    /// The generation `life`, on the thread that calls this.
    pub(super) fn generation(&self, life: u64) -> Generation {
        let home = Home::of_a_model(0, life);
        self.slot.queue.begin(life);
        Generation {
            context: Context::new(self.slot.clone(), home.clone()),
            sources: Sources::new(&self.slot),
            home,
            actor: Recorder(self.log.clone()),
            slot: self.slot.clone(),
        }
    }

    pub(super) fn log(&self) -> Vec<(u64, u32)> {
        self.log.lock().unwrap().clone()
    }

    /// The numbers that were handled, sorted.
    pub(super) fn handled(&self) -> Vec<u32> {
        let mut handled: Vec<_> = self.log().into_iter().map(|(_, number)| number).collect();
        handled.sort_unstable();
        handled
    }
}

/// No generation follows the first.
pub(super) fn close(slot: &Arc<Slot<Recorder>>) {
    if let Some(closing) = slot.close(1, &EXIT) {
        closing()();
    }
}

/// A generation with the steps of a [`Life`](crate::life::Life) that other threads
/// can tell from each other.
pub(super) struct Generation {
    home: Home,
    sources: Sources<Recorder>,
    slot: Arc<Slot<Recorder>>,
    actor: Recorder,
    context: Context<Recorder>,
}

impl Generation {
    pub(super) fn poll(&mut self, task: &mut Task<'_>) {
        let life = self.home.life;
        self.slot.waker().register(life, task.waker());
        if self.slot.orders.is_in_charge(life) {
            self.work();
        }
    }

    /// What a poll does, whoever is woken next time.
    pub(super) fn work(&mut self) {
        let Generation {
            home,
            slot,
            sources,
            actor,
            context,
        } = self;
        let mut slice = sources.slice(slot, home);
        sources.handle(slot, home, &mut slice, actor, context);
        context.poll_items(actor, &mut slice);
    }

    /// Handles what waits in the doors, and looks at nothing else.
    pub(super) fn drain_doors(&mut self) {
        let mut slice = self.sources.slice(&self.slot, &self.home);
        for door in self.slot.doors() {
            self.context.drain(door, &mut slice, &mut self.actor);
        }
    }

    /// Is polled when it is woken, until that `is_done`.
    pub(super) fn serve_until(&mut self, mut is_done: impl FnMut(&Recorder) -> bool) {
        block_on(poll_fn(|task| {
            self.poll(task);
            match is_done(&self.actor) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }));
    }
}

impl Recorder {
    pub(super) fn has_number(&self, number: u32) -> bool {
        self.0.lock().unwrap().iter().any(|&(_, of)| of == number)
    }

    pub(super) fn has_handled(&self, count: usize) -> bool {
        self.0.lock().unwrap().len() >= count
    }
}
