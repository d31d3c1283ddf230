use std::fmt;
use std::sync::Arc;

use actix::{Actor, Handler};
use futures_util::future::BoxFuture;
use treewire_runtime::{Execution, Ref};

use crate::handle::{PeerReplaced, Replacement};

/// What a reliable socket does when another node answers where the one was that its
/// session is with.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Stickiness {
    /// It stays away from it: the session ends with
    /// [`SessionEnd::PeerReplaced`](crate::SessionEnd::PeerReplaced), and what was not
    /// acknowledged comes back.
    #[default]
    Stick,
    /// It begins a session with it and sends everything again that was not acknowledged:
    /// what the first node handled and did not say so is handled twice.
    Failover,
    /// An actor decides; see [`Stickiness::ask`].
    Ask(Judge),
}

impl Stickiness {
    /// Asks `actor`, whose `Handler<PeerReplaced>` gives a [`Replacement`]. Until it has
    /// decided, and for as long as it does not answer or is gone, the socket stays away
    /// from the other node, keeps what it has within its bounds and its lease, and tries
    /// again. What is decided holds for the next attempt that meets the same node.
    pub fn ask<A>(actor: &Ref<A>) -> Self
    where
        A: Actor<Context: Execution<A>> + Handler<PeerReplaced>,
    {
        let actor = actor.clone();
        Stickiness::Ask(Judge::of(move |replaced| {
            let answer = actor.send(replaced);
            Box::pin(async move { answer.await.unwrap_or(Replacement::TryLater) })
        }))
    }
}

/// The actor that [`Stickiness::ask`] names.
#[derive(Clone)]
pub struct Judge(Arc<dyn Fn(PeerReplaced) -> BoxFuture<'static, Replacement> + Send + Sync>);

impl Judge {
    pub(super) fn of(
        ask: impl Fn(PeerReplaced) -> BoxFuture<'static, Replacement> + Send + Sync + 'static,
    ) -> Self {
        Judge(Arc::new(ask))
    }

    /// Its decision, [`Replacement::TryLater`] if it is gone.
    pub(crate) fn ask(&self, replaced: PeerReplaced) -> BoxFuture<'static, Replacement> {
        (self.0)(replaced)
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judge")
    }
}
