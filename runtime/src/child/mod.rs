//! From what a child is made: specs, and the recipe inside them.

mod anchor;
mod mailbox;
mod patience;
mod placement;
mod recipe;
mod spec;
mod supervisor;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor;

use crate::context::Context;
use crate::execution::Execution;
use crate::exit::Failure;
use crate::observe::Stats;
use crate::reference::Ref;
use crate::restart::{Backoff, Intensity, Restart, Strategy};
use crate::slot::Slot;

pub(crate) use anchor::Anchor;
pub use mailbox::Mailbox;
pub use patience::Patience;
pub(crate) use placement::Place;
pub use placement::Placement;
pub(crate) use recipe::Recipe;
use recipe::{ActorRecipe, Factory};
pub(crate) use spec::{Body, Listed, OnRestarting, Settings};
pub use spec::{ChildSpec, IntoSpec};
pub use supervisor::{Supervisor, SupervisorRef};

/// The recipe from which an actor is made, again and again.
///
/// Defaults: [`Restart::Permanent`], 5 s to stop, on its parent's arbiter, a
/// mailbox of 1,024 messages, restarted at once.
pub struct Child<A: Actor<Context: Execution<A>>> {
    name: Arc<str>,
    settings: Settings,
    factory: Factory<A>,
    slot: Arc<Slot<A>>,
}

impl<A: Actor<Context: Execution<A>>> Child<A> {
    /// A child named `name`, made by `factory` at each start.
    pub fn new(name: impl Into<String>, mut factory: impl FnMut() -> A + Send + 'static) -> Self {
        Child::boxed(name, Box::new(move |_| Ok(factory())))
    }

    /// The same with a factory that may fail; a failure is an exit like any other.
    pub fn try_new<E: Into<Failure>>(
        name: impl Into<String>,
        mut factory: impl FnMut() -> Result<A, E> + Send + 'static,
    ) -> Self {
        Child::boxed(name, Box::new(move |_| factory().map_err(Into::into)))
    }

    fn boxed(name: impl Into<String>, factory: Factory<A>) -> Self {
        Child {
            name: name.into().into(),
            settings: Settings::new("actor"),
            factory,
            slot: Slot::new(Mailbox::default()),
        }
    }

    /// When it is made again. Default: always.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.settings.restart = restart;
        self
    }

    /// How long it has to stop before it is killed. Default 5 s.
    pub fn shutdown(mut self, deadline: Duration) -> Self {
        self.settings.shutdown = deadline;
        self
    }

    /// Waits between restarts, for a child that depends on the world. Its
    /// failures then do not count as intensity; its panics still do.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = Some(Box::new(backoff));
        self
    }

    /// What says how long it has to stop and waits between restarts, and may be changed while
    /// it runs. It takes the place of [`shutdown`](Self::shutdown) and
    /// [`backoff`](Self::backoff).
    pub fn patience(mut self, patience: &Patience) -> Self {
        self.settings.patience = Some(patience.clone());
        self
    }

    /// What is told each time when a restart was decided, with the time until it comes: zero
    /// if that is at once, and then the next generation may have begun before. It runs on a
    /// thread that tells of the ends of all children, so it must not block.
    pub fn on_restarting(mut self, told: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.settings.on_restarting = Some(Arc::new(told));
        self
    }

    /// How many restarts of its own children it bears. Default 3 in 5 s.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.settings.rules.intensity = intensity;
        self
    }

    /// Which of its own children are restarted when one of them failed. Default:
    /// that one alone.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.settings.rules.strategy = strategy;
        self
    }

    /// Its end, when it ends by itself and is not restarted, matters to its
    /// supervisor; see [`AutoShutdown`](crate::AutoShutdown). It must not be permanent.
    pub fn significant(mut self) -> Self {
        self.settings.significant = true;
        self
    }

    /// Where it runs. Default: on its parent's arbiter.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.settings.placement = placement;
        self
    }

    /// What the tree calls it. Default `actor`.
    pub fn kind(mut self, kind: impl Into<Cow<'static, str>>) -> Self {
        self.settings.kind = kind.into();
        self
    }

    /// How messages wait for it: a [`Mailbox`], or how many at most. Default
    /// 1,024, kept over restarts.
    pub fn mailbox(self, mailbox: impl Into<Mailbox>) -> Self {
        self.slot.set_mailbox(mailbox.into());
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

/// For actors in our own context.
impl<A: Actor<Context = Context<A>>> Child<A> {
    /// [`new`](Self::new) with a factory that sees the context, before `started`.
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
}

impl<A: Actor<Context: Execution<A>>> IntoSpec for Child<A> {
    type Handle = Ref<A>;

    fn into_spec(self) -> (ChildSpec, Ref<A>) {
        let reference = self.reference();
        let recipe = ActorRecipe::new(self.name.clone(), self.slot, self.factory);
        let spec = ChildSpec {
            name: self.name,
            settings: self.settings,
            body: Body::Actor(Arc::new(recipe)),
        };
        (spec, reference)
    }
}
