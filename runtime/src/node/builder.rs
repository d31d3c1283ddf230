use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::arbiters::Arbiters;
use super::control::{Control, Input, Parts};
#[cfg(feature = "driven")]
use super::driven::World;
use super::ground::Foundation;
use super::reaper::Reaper;
use super::seat::Reach;
use super::{Inner, Node, NodeError, SpawnError, threads};
use crate::child::IntoSpec;
use crate::observe::EventSender;
use crate::restart::{AutoShutdown, Intensity, Strategy};
use crate::tree::{Rules, Tree, TreeConfig};

/// How a node is to be; see [`Node::builder`].
pub struct NodeBuilder {
    name: String,
    arbiters: usize,
    pin_to_cores: bool,
    rules: Rules,
    stop_budget: Duration,
    seed: Option<u64>,
    provided: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    children: Vec<SpawnChild>,
    #[cfg(feature = "driven")]
    world: Option<World>,
}

type SpawnChild =
    Box<dyn FnOnce(Node) -> Pin<Box<dyn Future<Output = Result<(), SpawnError>> + Send>> + Send>;

impl NodeBuilder {
    pub(super) fn new(name: String) -> Self {
        NodeBuilder {
            name,
            arbiters: 1,
            pin_to_cores: false,
            rules: Rules::default(),
            stop_budget: Duration::from_secs(30),
            seed: None,
            provided: HashMap::new(),
            children: Vec::new(),
            #[cfg(feature = "driven")]
            world: None,
        }
    }

    /// How many arbiters (threads for actors) it has. Default 1, at least 1.
    pub fn arbiters(mut self, count: usize) -> Self {
        self.arbiters = count.max(1);
        self
    }

    /// Whether each arbiter thread that the node starts keeps to one core, by
    /// turns over those this process may use. Default no. A thread of the caller
    /// is left alone; a machine that refuses is a warning in the log. Threads that
    /// an actor starts itself inherit its core, as the operating system has it.
    pub fn pin_to_cores(mut self, pin: bool) -> Self {
        self.pin_to_cores = pin;
        self
    }

    /// How many restarts of the root's children it bears. Default 3 in 5 s.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.rules.intensity = intensity;
        self
    }

    /// Which of the root's children are restarted when one of them failed. Default:
    /// that one alone.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.rules.strategy = strategy;
        self
    }

    /// Whether the node stops with its [significant](crate::Child::significant)
    /// children. Default: it does not.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.rules.auto_shutdown = auto_shutdown;
        self
    }

    /// How long all children together have to stop. Default 30 s.
    pub fn stop_budget(mut self, budget: Duration) -> Self {
        self.stop_budget = budget;
        self
    }

    /// The seed of the node's chance (jitter). Default: from the operating system.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Has the node live in a driven world: as tasks of the world's one thread,
    /// under its clock and its schedule, with chance and identity that follow from
    /// the world's seed and the node's name.
    #[cfg(feature = "driven")]
    pub fn driven(mut self, world: &World) -> Self {
        self.world = Some(world.clone());
        self
    }

    /// Something the whole node shares, kept by its type; see [`Node::provided`].
    pub fn provide<T: Any + Send + Sync>(mut self, value: T) -> Self {
        self.provided.insert(TypeId::of::<T>(), Arc::new(value));
        self
    }

    /// A child of the root that starts with the node, before any other.
    pub fn child<S>(mut self, spec: S) -> Self
    where
        S: IntoSpec + Send + 'static,
        S::Handle: Send,
    {
        self.children.push(Box::new(|node| {
            Box::pin(async move { node.spawn(spec).await.map(drop) })
        }));
        self
    }

    /// Starts the node: its threads, then the children it was configured with.
    ///
    /// # Errors
    /// [`NodeError::Thread`], [`NodeError::PanicsAbort`], or the
    /// [`SpawnError`] of a configured child; what had started is stopped again.
    pub async fn start(self) -> Result<Node, NodeError> {
        if cfg!(panic = "abort") {
            return Err(NodeError::PanicsAbort);
        }
        let Foundation {
            identity,
            seed,
            clock,
            ground,
            control: run_control,
        } = self.foundation()?;
        let tree = Tree::new(
            TreeConfig {
                arbiters: self.arbiters,
                rules: self.rules,
                stop_budget: self.stop_budget,
                seed,
            },
            clock.now(),
        );
        let (ended, ending) = watch::channel(None);
        let (control, inputs) = Control::new();
        let reaper = Reaper::start(&*ground)?;
        let arbiters = Arbiters::start(self.arbiters, ground, control.clone())?;
        let reach = Reach::new(&clock, &control);
        let node = Node(Arc::new(Inner {
            identity,
            started_at: clock.now(),
            arbiters: self.arbiters,
            clock,
            control,
            events: EventSender::new(),
            reach,
            ending,
            runs: watch::channel(0).0,
            is_stopping: AtomicBool::new(false),
            provided: Mutex::new(self.provided),
            names: Arc::default(),
            #[cfg(feature = "driven")]
            schedule: self.world.as_ref().map(World::schedule),
        }));
        let parts = Parts {
            node: node.clone(),
            tree,
            arbiters,
            reaper,
        };
        Control::run(parts, inputs, ended, run_control)?;
        let unfinished = Unfinished(Some(node.clone()));
        for spawn in self.children {
            if let Err(error) = spawn(node.clone()).await {
                // The start error is the news; the stop of what had started is not.
                let _ = node.stop().await;
                return Err(error.into());
            }
        }
        unfinished.done();
        Ok(node)
    }

    fn foundation(&self) -> Result<Foundation, NodeError> {
        let name = self.name.clone();
        #[cfg(feature = "driven")]
        if let Some(world) = &self.world {
            return Ok(world.foundation(name, self.seed));
        }
        threads::foundation(name, self.seed, self.pin_to_cores)
    }
}

/// Ends a node whose start was given up: nobody else could.
struct Unfinished(Option<Node>);

impl Unfinished {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(node) = self.0.take() {
            node.0.control.send(Input::End);
        }
    }
}
