use std::collections::HashSet;
use std::future::poll_fn;
use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext};
use treewire_runtime::{Backoff, Child, Context};
use treewire_transports::{Link, Registry, TransportError};

use super::bound::Bound;
use super::endpoint_parts::{EndpointParts, Side};
use crate::core::{EndpointId, Hold};
use crate::handle::SocketEvent;

/// The longest wait between two attempts to bind again.
const CEILING: Duration = Duration::from_secs(1);

/// How long accepting rests when the machine is out of descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Bound to an address; every accepted link becomes a child of its own, which
/// shakes hands off the accept path. It survives its connections. When it is to listen no more
/// it lets go of its address at once, and goes itself with its last connection.
pub(crate) struct Listener {
    id: EndpointId,
    parts: EndpointParts,
    names: HashSet<String>,
    exhausted: bool,
    turned_away: bool,
    /// It is to listen no more.
    leaves: bool,
}

impl Listener {
    pub(super) fn child(name: String, id: EndpointId, parts: EndpointParts) -> Child<Listener> {
        let made_from = parts.clone();
        let child = Child::new(name, move || {
            let mut parts = made_from.clone();
            // A restarted listener binds the port it had.
            if let Some(bound) = parts.shared.endpoints.bound(id) {
                parts.shown = bound.to_string().into();
                parts.endpoint = bound.into();
            }
            Listener {
                id,
                parts,
                names: HashSet::new(),
                exhausted: false,
                turned_away: false,
                leaves: false,
            }
        });
        let backoff = Backoff::default().ceiling(CEILING);
        let child = parts.describe(child.backoff(backoff), "listener");
        child.on_restarting(move |after| {
            if !after.is_zero() {
                let bound = parts.shared.endpoints.bound(id);
                parts.shared.tell(|| SocketEvent::Retrying {
                    endpoint: bound.map_or(parts.shown.clone(), |at| at.to_string().into()),
                    after,
                });
            }
        })
    }

    fn bound(&mut self, bound: Bound, context: &mut Context<Self>) {
        let local = bound.acceptor.local().clone();
        context
            .stats()
            .describe("endpoint", bound.shown().to_string());
        context.on_abandoned(bound.release());
        self.parts.shown = bound.shown().clone();
        self.parts.shared.endpoints.is_bound(self.id, local);
        self.accept_next(bound, context);
    }

    fn accepted(
        &mut self,
        bound: Bound,
        next: Result<Link, TransportError>,
        context: &mut Context<Self>,
    ) {
        match next {
            Ok(link) => {
                self.exhausted = false;
                self.parts.shared.tell(|| SocketEvent::Accepted {
                    endpoint: self.parts.shown.clone(),
                    peer: link.peer.as_str().into(),
                });
                self.connect(link, context);
                self.accept_next(bound, context);
            }
            Err(error @ TransportError::Exhausted { .. }) => {
                if !std::mem::replace(&mut self.exhausted, true) {
                    tracing::warn!("accepting pauses: {error}");
                    self.tell_not_accepted(&error);
                }
                let pause = tokio::time::sleep(EXHAUSTED_PAUSE).into_actor(self);
                context.spawn(pause.map(|(), listener, context| {
                    listener.accept_next(bound, context);
                }));
            }
            Err(error @ TransportError::BadPeer { .. }) => {
                // Who comes again and again is not to fill the log.
                if std::mem::replace(&mut self.turned_away, true) {
                    tracing::debug!("{error}");
                } else {
                    tracing::warn!("{error}; more are counted");
                }
                self.tell_not_accepted(&error);
                self.parts.shared.bad_peers.add_shared(1);
                self.describe_bad_peers(context);
                self.accept_next(bound, context);
            }
            Err(error) if error.is_transient() => {
                tracing::debug!("a peer was not accepted: {error}");
                self.tell_not_accepted(&error);
                self.accept_next(bound, context);
            }
            Err(error) => {
                self.tell_not_accepted(&error);
                context.fail(error);
            }
        }
    }

    fn not_bound(&self, error: TransportError, context: &mut Context<Self>) {
        self.parts.shared.tell(|| SocketEvent::BindFailed {
            endpoint: self.parts.shown.clone(),
            reason: error.to_string().into(),
        });
        context.fail(error);
    }

    fn tell_not_accepted(&self, error: &TransportError) {
        self.parts.shared.tell(|| SocketEvent::AcceptFailed {
            endpoint: self.parts.shown.clone(),
            reason: error.to_string().into(),
        });
    }

    fn accept_next(&mut self, mut bound: Bound, context: &mut Context<Self>) {
        let (shared, id) = (self.parts.shared.clone(), self.id);
        let accept = async move {
            tokio::select! {
                biased;
                () = shared.endpoints.leaves(id) => None,
                next = poll_fn(|task| bound.acceptor.poll_accept(task)) => Some((bound, next)),
            }
        };
        let accept = accept.into_actor(self);
        context.spawn(accept.map(|accepted, listener, context| match accepted {
            Some((bound, next)) => listener.accepted(bound, next, context),
            None => listener.leave(context),
        }));
    }

    /// It is to listen no more, and has let go of its address.
    fn leave(&mut self, context: &mut Context<Self>) {
        self.leaves = true;
        context.stats().describe("accepts", "no more");
        self.leave_if_alone(context);
    }

    fn leave_if_alone(&self, context: &Context<Self>) {
        if self.leaves && self.names.is_empty() {
            context.child().stop();
        }
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
                    listener.leave_if_alone(context);
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
        let (shared, id) = (self.parts.shared.clone(), self.id);
        let Some(hold) = Hold::take(&shared, id) else {
            return self.leave(context);
        };
        let is_again = shared.endpoints.bound(id).is_some();
        let registry = context.node().provided(Registry::standard);
        let endpoint = self.parts.endpoint.clone();
        let listen = async move {
            tokio::select! {
                biased;
                () = shared.endpoints.leaves(id) => None,
                acceptor = registry.listen(&endpoint) => {
                    Some(acceptor.map(|acceptor| Bound::new(acceptor, shared.clone(), hold)))
                }
            }
        };
        let listen = listen.into_actor(self);
        let bound = listen.map(
            |bound, listener: &mut Self, context: &mut Context<Self>| match bound {
                Some(Ok(bound)) => listener.bound(bound, context),
                Some(Err(error)) => listener.not_bound(error, context),
                None => listener.leave(context),
            },
        );
        if is_again {
            // What was bound once is bound again, however long that takes: the former life's
            // descriptor may be captive on a blocked thread.
            context.spawn(bound);
        } else {
            // Ready means bound.
            context.wait(bound);
        }
    }
}
