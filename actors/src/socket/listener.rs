use std::collections::HashSet;
use std::future::poll_fn;
use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext};
use treewire_runtime::{Backoff, Child, Context};
use treewire_transports::{Acceptor, Link, Registry, TransportError};

use super::endpoint_parts::{EndpointParts, Side};

/// The longest wait between two attempts to bind again.
const CEILING: Duration = Duration::from_secs(1);

/// How long accepting rests when the machine is out of descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Bound to an address; every accepted link becomes a child of its own, which
/// shakes hands off the accept path. It survives its connections.
pub(crate) struct Listener {
    index: usize,
    parts: EndpointParts,
    names: HashSet<String>,
    exhausted: bool,
    turned_away: bool,
}

impl Listener {
    pub(super) fn child(index: usize, parts: EndpointParts) -> Child<Listener> {
        let made_from = parts.clone();
        let child = Child::new(parts.name("listener"), move || {
            let mut parts = made_from.clone();
            // A restarted listener binds the port it had.
            if let Some(bound) = parts.shared.bound(index) {
                parts.endpoint = bound;
            }
            Listener {
                index,
                parts,
                names: HashSet::new(),
                exhausted: false,
                turned_away: false,
            }
        });
        let backoff = Backoff::default().ceiling(CEILING);
        parts.describe(child.backoff(backoff), "listener")
    }

    fn bound(&mut self, acceptor: Box<dyn Acceptor>, context: &mut Context<Self>) {
        let local = acceptor.local().clone();
        context.stats().describe("endpoint", local.to_string());
        self.parts.shared.set_bound(self.index, local);
        let cutter = acceptor.cutter();
        context.on_abandoned(move || cutter.cut());
        self.accept_next(acceptor, context);
    }

    fn accepted(
        &mut self,
        acceptor: Box<dyn Acceptor>,
        next: Result<Link, TransportError>,
        context: &mut Context<Self>,
    ) {
        match next {
            Ok(link) => {
                self.exhausted = false;
                self.connect(link, context);
                self.accept_next(acceptor, context);
            }
            Err(error @ TransportError::Exhausted { .. }) => {
                if !std::mem::replace(&mut self.exhausted, true) {
                    tracing::warn!("accepting pauses: {error}");
                }
                let pause = tokio::time::sleep(EXHAUSTED_PAUSE).into_actor(self);
                context.spawn(pause.map(|(), listener, context| {
                    listener.accept_next(acceptor, context);
                }));
            }
            Err(error @ TransportError::BadPeer { .. }) => {
                // Who comes again and again is not to fill the log.
                if std::mem::replace(&mut self.turned_away, true) {
                    tracing::debug!("{error}");
                } else {
                    tracing::warn!("{error}; more are counted");
                }
                self.parts.shared.bad_peers.add_shared(1);
                self.describe_bad_peers(context);
                self.accept_next(acceptor, context);
            }
            Err(error) if error.is_transient() => {
                tracing::debug!("a peer was not accepted: {error}");
                self.accept_next(acceptor, context);
            }
            Err(error) => context.fail(error),
        }
    }

    fn accept_next(&mut self, mut acceptor: Box<dyn Acceptor>, context: &mut Context<Self>) {
        let accept = async move {
            let next = poll_fn(|task| acceptor.poll_accept(task)).await;
            (acceptor, next)
        };
        context.spawn(
            accept
                .into_actor(self)
                .map(|(acceptor, next), listener, context| {
                    listener.accepted(acceptor, next, context);
                }),
        );
    }

    fn connect(&mut self, link: Link, context: &mut Context<Self>) {
        let name = self.unique_name(&link.peer);
        let connection = match self.parts.connection(&name, link, Side::Listener, context) {
            Ok(connection) => context.spawn_child(connection),
            Err(failure) => return context.fail(failure),
        };
        context.spawn(
            connection
                .gone()
                .into_actor(self)
                .map(move |_, listener, context| {
                    listener.names.remove(&name);
                    listener.describe_bad_peers(context);
                }),
        );
    }

    fn describe_bad_peers(&self, context: &Context<Self>) {
        let bad_peers = self.parts.shared.bad_peers.get();
        if bad_peers > 0 {
            context.stats().describe("bad peers", bad_peers.to_string());
        }
    }

    /// The peer's name, numbered if another connection has it already.
    fn unique_name(&mut self, peer: &str) -> String {
        let numbered = (2..).map(|number| format!("{peer}#{number}"));
        let mut names = std::iter::once(peer.to_owned()).chain(numbered);
        let name = names
            .find(|name| !self.names.contains(name))
            .unwrap_or_default();
        self.names.insert(name.clone());
        name
    }
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let registry = context.node().provided(Registry::standard);
        let endpoint = self.parts.endpoint.clone();
        let listen = async move { registry.listen(&endpoint).await };
        let bound = listen.into_actor(self).map(
            |acceptor, listener: &mut Self, context: &mut Context<Self>| match acceptor {
                Ok(acceptor) => listener.bound(acceptor, context),
                Err(error) => context.fail(error),
            },
        );
        match self.parts.shared.bound(self.index) {
            // Ready means bound.
            None => context.wait(bound),
            // What was bound once is bound again, however long that takes: the
            // former life's descriptor may be captive on a blocked thread.
            Some(_) => _ = context.spawn(bound),
        }
    }
}
