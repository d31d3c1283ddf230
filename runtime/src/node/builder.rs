use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::arbiters::Arbiters;
use super::control::{self, Control};
use super::{Identity, Inner, Node, NodeError, SpawnError};
use crate::child::IntoSpec;
use crate::clock::Clock;
use crate::observe::EventSender;
use crate::restart::Intensity;
use crate::tree::{Tree, TreeConfig};

/// How a node is to be; see [`Node::builder`].
pub struct NodeBuilder {
    name: String,
    arbiters: usize,
    intensity: Intensity,
    stop_budget: Duration,
    seed: Option<u64>,
    provided: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    children: Vec<SpawnChild>,
}

type SpawnChild =
    Box<dyn FnOnce(Node) -> Pin<Box<dyn Future<Output = Result<(), SpawnError>> + Send>> + Send>;

impl NodeBuilder {
    pub(super) fn new(name: String) -> Self {
        NodeBuilder {
            name,
            arbiters: 1,
            intensity: Intensity::default(),
            stop_budget: Duration::from_secs(30),
            seed: None,
            provided: HashMap::new(),
            children: Vec::new(),
        }
    }

    /// How many arbiters (threads for actors) it has. Default 1, at least 1.
    pub fn arbiters(mut self, count: usize) -> Self {
        self.arbiters = count.max(1);
        self
    }

    /// How many restarts of the root's children it bears. Default 3 in 5 s.
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.intensity = intensity;
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
        let no_randomness = |error: getrandom::Error| NodeError::Thread {
            name: "control".into(),
            reason: format!("no randomness: {error}"),
        };
        let identity = Identity::new(self.name).map_err(no_randomness)?;
        let seed = match self.seed {
            Some(seed) => seed,
            None => getrandom::u64().map_err(no_randomness)?,
        };
        let runtime = control::runtime()?;
        let clock = Clock::with_timers(runtime.handle().clone());
        let tree = Tree::new(
            TreeConfig {
                arbiters: self.arbiters,
                intensity: self.intensity,
                stop_budget: self.stop_budget,
                seed,
            },
            clock.now(),
        );
        let arbiters = Arbiters::start(self.arbiters)?;
        let (ended, ending) = watch::channel(None);
        let (control, inputs) = Control::new();
        let node = Node(Arc::new(Inner {
            identity,
            started_at: clock.now(),
            clock,
            control,
            events: EventSender::new(),
            ending,
            provided: Mutex::new(self.provided),
        }));
        Control::run(node.clone(), tree, arbiters, inputs, runtime, ended)?;
        for spawn in self.children {
            if let Err(error) = spawn(node.clone()).await {
                // The start error is the news; the stop of what had started is not.
                let _ = node.stop().await;
                return Err(error.into());
            }
        }
        Ok(node)
    }
}
