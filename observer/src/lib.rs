//! The tree shown to people and programs over HTTP.
//!
//! One route for now: `GET /api/tree` gives the [`NodeSnapshot`] as JSON. It is
//! served on a thread of its own from data that the control thread keeps, so it
//! answers while every arbiter is blocked.

mod address;

use std::net::SocketAddr;

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, ActorContext, AsyncContext};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use treewire_runtime::{
    Backoff, Child, ChildSpec, Context, Failure, IntoSpec, Node, NodeBuilder, NodeSnapshot,
    Placement, Ref,
};

pub use address::{Address, AddressError};

/// Adds an observer to a node: in the prelude.
pub trait Observe {
    /// Shows the node's tree at `address`: `127.0.0.1:7070`, or as a URL,
    /// `http://127.0.0.1:7070`. Port 0 takes a free one; the tree says which.
    ///
    /// The node's start fails when the address cannot be bound.
    #[must_use]
    fn observe(self, address: &str) -> Self;
}

impl Observe for NodeBuilder {
    fn observe(self, address: &str) -> Self {
        self.child(Observer::new(address))
    }
}

/// The observer as a child of its own, for nodes that run already.
#[must_use = "an observer shows nothing before it is spawned"]
pub struct Observer {
    address: String,
}

impl Observer {
    /// An observer at `address`; see [`Observe::observe`].
    pub fn new(address: impl Into<String>) -> Self {
        Observer {
            address: address.into(),
        }
    }
}

impl IntoSpec for Observer {
    type Handle = Ref<Server>;

    fn into_spec(self) -> (ChildSpec, Ref<Server>) {
        let address = self.address;
        Child::try_new("observer", move || {
            Ok::<_, Failure>(Server {
                address: address.parse::<Address>()?.socket(),
            })
        })
        .kind("observer")
        .backoff(Backoff::default())
        .placement(Placement::dedicated())
        .into_spec()
    }
}

/// The actor that serves HTTP.
pub struct Server {
    address: SocketAddr,
}

impl Actor for Server {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let bind = TcpListener::bind(self.address).into_actor(self);
        // Ready means bound.
        context.wait(bind.map(|listener, server, context| match listener {
            Ok(listener) => server.serve(listener, context),
            Err(error) => {
                context.fail(Failure::new(format!(
                    "cannot listen at {}: {error}",
                    server.address
                )));
            }
        }));
    }
}

impl Server {
    fn serve(&mut self, listener: TcpListener, context: &mut Context<Self>) {
        if let Ok(address) = listener.local_addr() {
            // Over its restarts it keeps the port it got.
            self.address = address;
            context
                .stats()
                .describe("endpoint", format!("http://{address}"));
        }
        let routes = Router::new()
            .route("/api/tree", get(tree))
            .with_state(context.node().clone());
        let serve = async move { axum::serve(listener, routes).await };
        context.spawn(
            serve
                .into_actor(self)
                .map(|result, _, context| match result {
                    Ok(()) => context.stop(),
                    Err(error) => context.fail(error),
                }),
        );
    }
}

async fn tree(State(node): State<Node>) -> Result<Json<NodeSnapshot>, (StatusCode, String)> {
    let snapshot = node.snapshot().await;
    snapshot
        .map(Json)
        .map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
}
