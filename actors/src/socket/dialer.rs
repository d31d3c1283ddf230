use std::sync::Arc;
use std::time::Duration;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext};
use treewire_runtime::{Backoff, Child, Context, Exit, Failure, Restart};
use treewire_transports::{Endpoint, Link, Registry, Role, TransportError};

use super::{SocketOptions, endpoint_child};
use crate::connection::{Connection, ConnectionConfig, FAREWELL};
use crate::core::{PipeId, Shared};

/// The longest wait between two attempts to reach a peer on this machine.
const LOCAL_CEILING: Duration = Duration::from_secs(1);

/// Lives exactly as long as its connection: it resolves and connects when it
/// starts, and ends with the reason of its connection, so that its restart is
/// the reconnection.
pub(crate) struct Dialer {
    endpoint: Endpoint,
    shared: Arc<Shared>,
    options: SocketOptions,
    pipe: PipeId,
}

impl Dialer {
    pub(super) fn child(
        endpoint: Endpoint,
        registry: &Registry,
        shared: &Arc<Shared>,
        options: &SocketOptions,
    ) -> Child<Dialer> {
        let name = endpoint.to_string();
        let pipe = shared.core(|core| core.dialed(&name));
        let mut backoff = Backoff::default();
        if registry.is_local(&endpoint) {
            backoff = backoff.with_ceiling(LOCAL_CEILING);
        }
        let (shared, options) = (shared.clone(), options.clone());
        let dialed = endpoint.clone();
        let child = Child::new(format!("dialer {name}"), move || Dialer {
            endpoint: dialed.clone(),
            shared: shared.clone(),
            options: options.clone(),
            pipe,
        });
        endpoint_child(child.backoff(backoff), "dialer", &endpoint)
    }

    fn connected(&mut self, link: Link, context: &mut Context<Self>) {
        let node = context.node();
        let registry = node.provided(Registry::standard);
        let settings = self.options.settings(node.identity(), Role::Dialer);
        let dialect = match registry.speak(&self.endpoint, settings.clone()) {
            Ok(dialect) => dialect,
            Err(error) => return context.fail(error),
        };
        let config = ConnectionConfig {
            shared: self.shared.clone(),
            settings,
            pipe: Some(self.pipe),
            service: self.endpoint.service().unwrap_or_default().to_owned(),
            handshake_deadline: self.options.handshake_deadline,
            progress: Some(context.progress()),
        };
        let connection = connection_child(link.peer.clone(), config, link, dialect);
        let connection = context.spawn_child(connection);
        context.spawn(connection.gone().into_actor(self).map(|exit, _, context| {
            context.end(match exit {
                // It ended in order, which is news for a dialer all the same.
                Exit::Normal | Exit::Shutdown => {
                    Exit::Failed(Failure::new("the peer ended the connection"))
                }
                other => other,
            });
        }));
    }
}

impl Actor for Dialer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let registry = context.node().provided(Registry::standard);
        let deadline = self.options.handshake_deadline;
        let endpoint = self.endpoint.clone();
        let dial = async move {
            let dialed = tokio::time::timeout(deadline, registry.dial(&endpoint)).await;
            dialed.unwrap_or_else(|_| {
                let timed_out = std::io::ErrorKind::TimedOut.into();
                Err(TransportError::from_io(&endpoint, timed_out))
            })
        };
        context.spawn(
            dial.into_actor(self)
                .map(|link, dialer, context| match link {
                    Ok(link) => dialer.connected(link, context),
                    Err(error) => context.fail(error),
                }),
        );
    }
}

/// The child that speaks over a link. It is temporary: its dialer, or its
/// peer's, makes another.
pub(super) fn connection_child(
    name: String,
    config: ConnectionConfig,
    link: Link,
    dialect: Box<dyn treewire_transports::Dialect>,
) -> Child<Connection> {
    let (peer, local) = (link.peer.clone(), link.local.clone());
    let mut parts = Some((config, link, dialect));
    let child = Child::try_with(format!("connection {name}"), move |context| {
        let (config, link, dialect) = parts
            .take()
            .ok_or_else(|| Failure::new("a connection has one life"))?;
        Ok(Connection::new(
            config,
            link,
            dialect,
            context.clock().clone(),
        ))
    });
    let stats = child.stats();
    stats.describe("peer", peer);
    stats.describe("local", local);
    child
        .kind("connection")
        .restart(Restart::Temporary)
        .shutdown(FAREWELL)
}
