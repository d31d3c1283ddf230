use std::sync::Arc;

use super::{Anchor, Body, ChildSpec, IntoSpec, Listed, Placement, Settings};
use crate::exit::Exit;
use crate::node::{Node, NodeError, Parent, SpawnError, Spawning};
use crate::observe::ChildSnapshot;
use crate::restart::{AutoShutdown, Backoff, Intensity, Restart, Strategy};

/// A child that is nothing but its children: started in order, each ready before
/// the next, stopped in reverse, restarted by a [`Strategy`].
///
/// The children that it lists are part of it: they start again whenever it does,
/// and their `Ref`s, with what waits in their mailboxes, outlive its restarts, too.
/// Others may be added while it runs ([`SupervisorRef::spawn`]); those start after
/// the listed ones, stop before them, all together, and do not outlive it.
///
/// If one of the listed children does not start, what was started is stopped again
/// in reverse, and the start of the supervisor fails with the path and the exit of
/// that child.
///
/// Defaults: [`Strategy::OneForOne`], 3 restarts in 5 s, [`Restart::Permanent`].
/// It has no deadline to stop of its own: it waits for its children, who have.
pub struct Supervisor {
    name: Arc<str>,
    settings: Settings,
    children: Vec<ChildSpec>,
    anchor: Arc<Anchor>,
}

impl Supervisor {
    /// A supervisor named `name`, without children so far.
    pub fn new(name: impl Into<String>) -> Self {
        Supervisor {
            name: name.into().into(),
            settings: Settings::new("supervisor"),
            children: Vec::new(),
            anchor: Arc::default(),
        }
    }

    /// Adds a child to its list: an actor, a socket, another supervisor. How to
    /// reach the child is asked of its spec before (`Child::reference`, …); whatever has
    /// no such method gives its handle with [`into_spec`](IntoSpec::into_spec).
    /// A tree has 500 levels at most; what is to reach deeper is not spawned.
    pub fn child(mut self, child: impl IntoSpec) -> Self {
        self.children.push(child.into_spec().0);
        self
    }

    /// Who is restarted when one child failed. Default: that child alone.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.settings.rules.strategy = strategy;
        self
    }

    /// How many restarts of its children it bears before it fails itself, with the
    /// reason of the last one. Default 3 in 5 s.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.settings.rules.intensity = intensity;
        self
    }

    /// Whether it ends with its [significant](crate::Child::significant) children.
    /// It then exits with [`Exit::Shutdown`]. Default: it does not.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.settings.rules.auto_shutdown = auto_shutdown;
        self
    }

    /// When it is made again itself. Default: always.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.settings.restart = restart;
        self
    }

    /// Waits between its own restarts; they then do not count as intensity. The
    /// back-off starts anew once it ran for as long as the ceiling.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = Some(Box::new(backoff));
        self
    }

    /// Where its children run, unless they say otherwise. Default: where its parent does.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.settings.placement = placement;
        self
    }

    /// Its end, when it ends by itself and is not restarted, matters to its own
    /// supervisor; see [`AutoShutdown`]. It must not be permanent.
    pub fn significant(mut self) -> Self {
        self.settings.significant = true;
        self
    }

    /// How to reach the supervisor, good before it is spawned.
    pub fn reference(&self) -> SupervisorRef {
        SupervisorRef(self.anchor.clone())
    }
}

impl IntoSpec for Supervisor {
    type Handle = SupervisorRef;

    fn into_spec(self) -> (ChildSpec, SupervisorRef) {
        let reference = self.reference();
        let spec = ChildSpec {
            name: self.name,
            settings: self.settings,
            body: Body::Supervisor(Box::new(Listed {
                children: self.children,
                anchor: self.anchor,
            })),
        };
        (spec, reference)
    }
}

/// How to reach a supervisor; good over its restarts, and before it is spawned: what
/// is asked for once its spawn began is done when it is in the tree. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct SupervisorRef(Arc<Anchor>);

impl SupervisorRef {
    /// Adds a child and waits until it is ready. While the supervisor restarts
    /// others as a group, the child waits for its turn.
    ///
    /// # Errors
    /// [`SpawnError`]; [`SpawnError::ParentEnded`] unless the supervisor runs.
    pub async fn spawn<S: IntoSpec>(&self, spec: S) -> Result<S::Handle, SpawnError> {
        let node = self.0.node().ok_or(SpawnError::ParentEnded)?;
        node.spawn_below(self.as_parent(), spec).await
    }

    /// Adds a child without waiting.
    ///
    /// # Errors
    /// [`SpawnError::ParentEnded`] if the supervisor was not spawned yet.
    pub fn spawn_child<S: IntoSpec>(&self, spec: S) -> Result<Spawning<S::Handle>, SpawnError> {
        let node = self.0.node().ok_or(SpawnError::ParentEnded)?;
        Ok(node.begin_spawn(self.as_parent(), spec))
    }

    /// Stops the child `name` and waits for its end, with its last exit. One that
    /// was added leaves the tree; a listed one rests until
    /// [`start_child`](Self::start_child), or until the supervisor starts anew.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::NoSuchSupervisor`], [`NodeError::Ended`].
    pub async fn stop_child(&self, name: &str) -> Result<Exit, NodeError> {
        self.node()?.stop_below(self.0.clone(), name).await
    }

    /// Starts the listed child `name` that rests. Does nothing if it runs.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::NoSuchSupervisor`], [`NodeError::Ended`].
    pub async fn start_child(&self, name: &str) -> Result<(), NodeError> {
        self.node()?.start_below(self.0.clone(), name).await
    }

    /// Stops the child `name` in order and starts it again; nothing is counted.
    ///
    /// # Errors
    /// [`NodeError::NoSuchChild`], [`NodeError::NoSuchSupervisor`], [`NodeError::Ended`].
    pub async fn restart_child(&self, name: &str) -> Result<(), NodeError> {
        self.node()?.renew_below(self.0.clone(), name).await
    }

    /// Its children in the order of their start, with what they supervise.
    ///
    /// # Errors
    /// [`NodeError::NoSuchSupervisor`], [`NodeError::Ended`].
    pub async fn children(&self) -> Result<Vec<ChildSnapshot>, NodeError> {
        self.node()?.children_of(self.0.clone()).await
    }

    /// Stops the supervisor for good, its children first. One that was not spawned yet
    /// is stopped as soon as it is, and its spawn fails with [`Exit::Shutdown`].
    pub fn stop(&self) {
        self.0.stop();
    }

    fn node(&self) -> Result<Node, NodeError> {
        self.0.node().ok_or(NodeError::NoSuchSupervisor)
    }

    fn as_parent(&self) -> Parent {
        Parent::Supervisor(self.0.clone())
    }
}
