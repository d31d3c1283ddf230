//! Actors that are told what happens to a socket.

use std::sync::Arc;

use actix::fut::WrapFuture;
use actix::{Actor, AsyncContext, Handler};
use futures_util::future::BoxFuture;
use treewire_runtime::{Context, Execution, Ref};

use super::SocketActor;
use crate::core::{Core, Fetched, Inbox, Shared};
use crate::handle::SocketEvent;

/// Tells an actor of an event, and waits until it has handled that.
type Tell = dyn Fn(SocketEvent) -> BoxFuture<'static, ()> + Send + Sync;

/// An actor that a socket is described with.
pub(super) struct Listener(Arc<Tell>);

type Informed = (Arc<Inbox<SocketEvent>>, Arc<Tell>);

/// The same, and what it is to be told: over all lives of the socket's actor.
#[derive(Clone)]
pub(super) struct Audience(Arc<[Informed]>);

impl Listener {
    pub(super) fn new<A>(actor: &Ref<A>) -> Self
    where
        A: Actor<Context: Execution<A>> + Handler<SocketEvent>,
    {
        let actor = actor.clone();
        Listener(Arc::new(move |event| {
            let actor = actor.clone();
            // One that is gone is told nothing; what it does not hear is lost to it alone.
            Box::pin(async move { drop(actor.send(event).await) })
        }))
    }
}

impl Audience {
    pub(super) fn of(listeners: Vec<Listener>, shared: &Shared) -> Self {
        let listen = |Listener(tell)| (shared.core(Core::listen), tell);
        Audience(listeners.into_iter().map(listen).collect())
    }

    /// Each at its own pace.
    pub(super) fn tell(&self, context: &mut Context<SocketActor>, socket: &SocketActor) {
        for (inbox, tell) in self.0.iter().cloned() {
            let telling = async move {
                loop {
                    match inbox.next() {
                        Fetched::Item(event) => tell(event).await,
                        Fetched::Missed(count) => tell(SocketEvent::Lagged { count }).await,
                        Fetched::Nothing => inbox.arrived.notified().await,
                        Fetched::End => return,
                    }
                }
            };
            context.spawn(telling.into_actor(socket));
        }
    }
}
