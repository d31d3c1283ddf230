use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use parking_lot::Mutex;

use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::life::Life;
use crate::node::Home;
use crate::observe::Stats;
use crate::panics::catch;
use crate::reference::Ref;
use crate::restart::{Backoff, Intensity, Restart};
use crate::slot::Slot;
use crate::tree::Signal;

/// The recipe from which an actor is made, again and again.
///
/// Defaults: [`Restart::Permanent`], 5 s to stop, on its parent's arbiter, a
/// mailbox of 1,024 messages, restarted at once.
pub struct Child<A: Actor<Context = Context<A>>> {
    spec: SpecParts,
    factory: Factory<A>,
    slot: Arc<Slot<A>>,
}

type Factory<A> = Box<dyn FnMut(&mut Context<A>) -> Result<A, Failure> + Send>;

struct SpecParts {
    name: Arc<str>,
    kind: Arc<str>,
    restart: Restart,
    shutdown: Duration,
    backoff: Option<Backoff>,
    intensity: Intensity,
    placement: Placement,
}

impl<A: Actor<Context = Context<A>>> Child<A> {
    /// A child named `name`, made by `factory` at each start.
    pub fn new(name: impl Into<String>, mut factory: impl FnMut() -> A + Send + 'static) -> Self {
        Child::with(name, move |_| factory())
    }

    /// The same with a factory that may fail; a failure is an exit like any other.
    pub fn try_new<E: Into<Failure>>(
        name: impl Into<String>,
        mut factory: impl FnMut() -> Result<A, E> + Send + 'static,
    ) -> Self {
        Child::boxed(name, Box::new(move |_| factory().map_err(Into::into)))
    }

    /// The same with a factory that sees the context, before `started`.
    pub fn with(
        name: impl Into<String>,
        mut factory: impl FnMut(&mut Context<A>) -> A + Send + 'static,
    ) -> Self {
        Child::boxed(name, Box::new(move |context| Ok(factory(context))))
    }

    /// [`with`](Self::with) and a factory that may fail.
    pub fn try_with(
        name: impl Into<String>,
        factory: impl FnMut(&mut Context<A>) -> Result<A, Failure> + Send + 'static,
    ) -> Self {
        Child::boxed(name, Box::new(factory))
    }

    fn boxed(name: impl Into<String>, factory: Factory<A>) -> Self {
        let spec = SpecParts {
            name: name.into().into(),
            kind: "actor".into(),
            restart: Restart::Permanent,
            shutdown: Duration::from_secs(5),
            backoff: None,
            intensity: Intensity::default(),
            placement: Placement::inherit(),
        };
        Child {
            spec,
            factory,
            slot: Slot::new(1_024),
        }
    }

    /// When it is made again. Default: always.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.spec.restart = restart;
        self
    }

    /// How long it has to stop before it is killed. Default 5 s.
    pub fn shutdown(mut self, deadline: Duration) -> Self {
        self.spec.shutdown = deadline;
        self
    }

    /// Waits between restarts, for a child that depends on the world. Its
    /// failures then do not count as intensity; its panics still do.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.spec.backoff = Some(backoff);
        self
    }

    /// How many restarts of its own children it bears. Default 3 in 5 s.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.spec.intensity = intensity;
        self
    }

    /// Where it runs. Default: on its parent's arbiter.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.spec.placement = placement;
        self
    }

    /// What the tree calls it. Default `actor`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.spec.kind = kind.into().into();
        self
    }

    /// How many messages may wait in its mailbox. Default 1,024. References and
    /// ports that were taken before do not follow: set it first.
    pub fn mailbox(mut self, capacity: usize) -> Self {
        self.slot = Slot::new(capacity);
        self
    }

    /// The address of the child, good before it is spawned.
    pub fn reference(&self) -> Ref<A> {
        Ref::new(self.slot.clone())
    }

    /// The counters of the child, shared by all its generations.
    pub fn stats(&self) -> Arc<Stats> {
        self.slot.stats.clone()
    }
}

/// Anything from which a child can be made: a [`Child`], a socket.
pub trait IntoSpec {
    /// What the caller gets to reach the child with.
    type Handle;

    /// The spec, and the handle that goes with it.
    fn into_spec(self) -> (ChildSpec, Self::Handle);
}

impl<A: Actor<Context = Context<A>>> IntoSpec for Child<A> {
    type Handle = Ref<A>;

    fn into_spec(self) -> (ChildSpec, Ref<A>) {
        let reference = self.reference();
        let Child {
            spec,
            factory,
            slot,
        } = self;
        let recipe = Arc::new(ActorRecipe {
            slot,
            factory: Arc::new(Mutex::new(factory)),
        });
        let spec = ChildSpec {
            name: spec.name,
            kind: spec.kind,
            restart: spec.restart,
            shutdown: spec.shutdown,
            backoff: spec.backoff,
            intensity: spec.intensity,
            placement: spec.placement,
            recipe,
        };
        (spec, reference)
    }
}

/// What a supervisor keeps of a child: everything it needs to make it again.
pub struct ChildSpec {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Arc<str>,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Duration,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) intensity: Intensity,
    pub(crate) placement: Placement,
    pub(crate) recipe: Arc<dyn Recipe>,
}

/// On which arbiter (thread) a child runs.
#[derive(Clone)]
pub struct Placement(pub(crate) Place);

#[derive(Clone)]
pub(crate) enum Place {
    Inherit,
    Pin(usize),
    Beside(Arc<Stats>),
    Dedicated,
}

impl Placement {
    /// On the arbiter of its parent. The default.
    pub fn inherit() -> Self {
        Placement(Place::Inherit)
    }

    /// On the node's arbiter `number`, counted from 0.
    pub fn pin(number: usize) -> Self {
        Placement(Place::Pin(number))
    }

    /// On the arbiter on which the actor behind `reference` runs when the child is spawned.
    pub fn beside<A: Actor<Context = Context<A>>>(reference: &Ref<A>) -> Self {
        Placement(Place::Beside(reference.stats().clone()))
    }

    /// On a thread of its own, which ends with it.
    pub fn dedicated() -> Self {
        Placement(Place::Dedicated)
    }
}

/// A child with its type erased.
pub(crate) trait Recipe: Send + Sync {
    /// Makes a generation, on the arbiter thread that calls it.
    fn start(&self, home: Home);

    /// The next generation is to run on `arbiter` and obeys orders for `life`.
    fn prepare(&self, life: u64, arbiter: usize);

    fn signal(&self, life: u64, signal: Signal);

    /// No generation follows.
    fn close(&self, exit: &Exit);

    fn stats(&self) -> &Arc<Stats>;

    fn mailbox_capacity(&self) -> usize;
}

struct ActorRecipe<A: Actor<Context = Context<A>>> {
    slot: Arc<Slot<A>>,
    factory: Arc<Mutex<Factory<A>>>,
}

impl<A: Actor<Context = Context<A>>> Recipe for ActorRecipe<A> {
    fn start(&self, home: Home) {
        self.slot.enter_node(home.node.clock());
        let Some(receiver) = self.slot.take_receiver() else {
            return home.exited(Exit::Failed(Failure::new(
                "its mailbox is held by a generation that did not end",
            )));
        };
        let mut context = Context::new(self.slot.clone(), home.clone());
        let made = catch(|| (self.factory.lock())(&mut context));
        let exit = match made {
            Ok(Ok(actor)) => {
                let life = Life::new(self.slot.clone(), home, actor, context, receiver);
                actix_rt::spawn(life);
                return;
            }
            Ok(Err(failure)) => Exit::Failed(failure),
            Err(panic) => Exit::Panicked(panic),
        };
        self.slot.record_exit(home.life, &exit);
        self.slot.return_receiver(receiver);
        self.slot.orders.end(home.life);
        home.exited(exit);
    }

    fn prepare(&self, life: u64, arbiter: usize) {
        self.slot
            .stats
            .arbiter
            .store(arbiter, std::sync::atomic::Ordering::Relaxed);
        self.slot.orders.begin(life);
    }

    fn signal(&self, life: u64, signal: Signal) {
        self.slot.orders.give(life, signal);
        self.slot.waker.wake();
    }

    fn close(&self, exit: &Exit) {
        self.slot.close(exit);
    }

    fn stats(&self) -> &Arc<Stats> {
        &self.slot.stats
    }

    fn mailbox_capacity(&self) -> usize {
        self.slot.queue.capacity()
    }
}
