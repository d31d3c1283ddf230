use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::{ChildHandle, Node, SpawnError};
use crate::child::Anchor;
use crate::exit::Exit;
use crate::tree::ChildId;

/// Below whom a child is to be spawned.
pub(crate) enum Parent {
    Root,
    Child(ChildId),
    Supervisor(Arc<Anchor>),
}

impl Parent {
    /// For the control thread; `None` is the root.
    pub(super) fn id(&self) -> Option<ChildId> {
        match self {
            Parent::Root => None,
            Parent::Child(id) => Some(*id),
            Parent::Supervisor(anchor) => Some(anchor.id()),
        }
    }
}

/// A child that was asked for.
#[derive(Debug)]
#[must_use = "a first start that fails is reported here alone"]
pub struct Spawning<H> {
    node: Node,
    handle: H,
    ready: oneshot::Receiver<Result<ChildId, SpawnError>>,
    /// What that said.
    answer: Option<Result<ChildId, SpawnError>>,
    gone: oneshot::Receiver<Exit>,
}

impl<H> Spawning<H> {
    pub(super) fn new(
        node: Node,
        handle: H,
        ready: oneshot::Receiver<Result<ChildId, SpawnError>>,
        gone: oneshot::Receiver<Exit>,
    ) -> Self {
        Spawning {
            node,
            handle,
            ready,
            answer: None,
            gone,
        }
    }

    /// How to reach the child; good at once.
    pub fn handle(&self) -> &H {
        &self.handle
    }

    /// The same, alone.
    pub fn into_handle(self) -> H {
        self.handle
    }

    /// Waits until the first generation is ready. Called again it says the same.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    ///
    /// # Errors
    /// [`SpawnError`], with the exit of a first generation that failed.
    pub async fn ready(&mut self) -> Result<ChildHandle, SpawnError> {
        let answer = match self.answer.take() {
            Some(answer) => answer,
            None => (&mut self.ready)
                .await
                .unwrap_or(Err(SpawnError::NodeEnded)),
        };
        let id = self.answer.insert(answer).clone()?;
        Ok(ChildHandle::new(self.node.clone(), id))
    }

    /// Waits until the child has left the tree for good, with its last exit.
    pub fn gone(self) -> impl Future<Output = Exit> + Send + use<H> {
        // The rest is dropped now, and not when the child has gone.
        let Spawning { gone, .. } = self;
        async move { gone.await.unwrap_or(Exit::Shutdown) }
    }
}
