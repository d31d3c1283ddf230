use std::sync::Arc;

use actix::Actor;
use treewire_runtime::{Child, Context, Failure, Progress, Restart};
use treewire_transports::{Endpoint, Link, Registry, Role};

use super::plan::settings;
use crate::connection::{Connection, ConnectionConfig, Dialed, FAREWELL};
use crate::core::{PipeId, Shared};
use crate::options::SocketOptions;

/// What dialers and listeners are both made from.
#[derive(Clone)]
pub(super) struct EndpointParts {
    pub(super) endpoint: Arc<Endpoint>,
    /// The same, for people.
    pub(super) shown: Arc<str>,
    pub(super) shared: Arc<Shared>,
}

/// Which of the two a connection belongs to.
pub(super) enum Side {
    Dialer {
        pipe: PipeId,
        attempt: u64,
        progress: Progress,
    },
    Listener,
}

impl EndpointParts {
    /// The socket's options as they are now, and what the URL says instead.
    pub(super) fn options(&self) -> SocketOptions {
        self.shared.options().at(&self.endpoint)
    }

    /// The child that speaks over a link. It is temporary: its dialer, or its
    /// peer's, makes another.
    pub(super) fn connection<A: Actor<Context = Context<A>>>(
        &self,
        name: &str,
        link: Link,
        side: Side,
        context: &Context<A>,
    ) -> Result<Child<Connection>, Failure> {
        let node = context.node();
        let registry = node.provided(Registry::standard);
        let (role, dialed, progress) = match side {
            Side::Dialer {
                pipe,
                attempt,
                progress,
            } => {
                let url = self.endpoint.clone();
                let dialed = Dialed { pipe, attempt, url };
                (Role::Dialer, Some(dialed), Some(progress))
            }
            Side::Listener => (Role::Listener, None, None),
        };
        let options = self.options();
        let settings = settings(&options, node.identity(), role);
        let dead_after = settings.dead_after;
        let dialect = registry.speak(&self.endpoint, settings)?;
        let config = ConnectionConfig {
            shared: self.shared.clone(),
            dead_after,
            dialed,
            endpoint: self.shown.clone(),
            service: options.service,
            handshake_deadline: options.handshake_deadline,
            progress,
        };
        let (peer, local) = (link.peer.clone(), link.local.clone());
        // A box, since the spec is kept as long as the connection, and they are not.
        let mut parts = Some(Box::new((config, link, dialect)));
        let child = Child::try_with(format!("connection {name}"), move |context| {
            let (config, link, dialect) = *parts
                .take()
                .ok_or_else(|| Failure::new("a connection has one life"))?;
            let clock = context.clock().clone();
            let stats = context.stats();
            Connection::new(config, link, dialect, clock, stats)
        });
        let stats = child.stats();
        stats.describe("peer", peer);
        stats.describe("local", local);
        Ok(child
            .kind("connection")
            .restart(Restart::Temporary)
            .shutdown(FAREWELL))
    }

    /// Says in the tree what a dialer or listener is.
    pub(super) fn describe<A>(&self, child: Child<A>, kind: &'static str) -> Child<A>
    where
        A: Actor<Context = Context<A>>,
    {
        let child = child.kind(kind);
        let endpoint = self.endpoint.to_string();
        child.stats().describe("endpoint", endpoint);
        child
    }
}
