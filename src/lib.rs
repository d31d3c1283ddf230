//! Treewire is a messaging runtime on actix: every socket, connection and
//! protocol endpoint is an actor supervised in one tree, and restart on failure
//! *is* reconnection.
//!
//! You build a service as an actor system, spawn sockets as supervised children
//! of it, and observe the tree.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use treewire::prelude::*;
//!
//! #[derive(Serialize, Deserialize, WireMessage)]
//! #[wire(name = "market.GetQuote", reply = Quote)]
//! struct GetQuote {
//!     symbol: String,
//! }
//!
//! #[derive(Serialize, Deserialize, WireType)]
//! struct Quote {
//!     price: u64,
//! }
//!
//! struct Quotes;
//!
//! impl Actor for Quotes {
//!     type Context = Context<Self>;
//! }
//!
//! impl Handler<GetQuote> for Quotes {
//!     type Result = Quote;
//!     fn handle(&mut self, ask: GetQuote, _: &mut Context<Self>) -> Quote {
//!         Quote { price: ask.symbol.len() as u64 }
//!     }
//! }
//!
//! #[treewire::main]
//! async fn main() -> treewire::Result<()> {
//!     let node = Node::builder("market").start().await?;
//!     let quotes = node.spawn(Child::new("quotes", || Quotes)).await?;
//!     let served = Rep::new("quotes-in").listen("tcp://127.0.0.1:0").serve::<GetQuote>(&quotes);
//!     let served = node.spawn(served).await?;
//!
//!     let endpoint = served.endpoints()[0].to_string();
//!     let market = node.spawn(Req::new("market").dial(endpoint)).await?;
//!     let quote = market.send(GetQuote { symbol: "ACME".into() }).await?;
//!     assert_eq!(quote.price, 4);
//!     node.stop().await?;
//!     Ok(())
//! }
//! ```

pub use actix;
pub use treewire_actors::postcard_schema as schema;
pub use treewire_actors::{
    Asking, AskingTyped, Balance, Bound, Closed, Codec, ComposedSocket, Connector, Delivered,
    EndpointChangeError, Fate, Incoming, Judge, LockStep, Message, OfflineReason, OptionError,
    Overflow, PATTERN_BYTES_MAX, ParsePositionError, Pattern, PatternError, PeerReplaced,
    PipeState, PipeStatus, Pub, PubSocket, Pull, PullSocket, Push, PushSocket, Receiver,
    ReconnectStop, RecvError, Remote, RemoteError, Rep, RepSocket, Replacement, Req, ReqSocket,
    Request, RequestError, SendError, Sender, Serves, ServesPositions, SessionEnd, Socket,
    SocketDeadLetter, SocketDeadLetters, SocketEvent, SocketEvents, SocketHandle, SocketType,
    Source, Stickiness, StreamId, StreamPosition, Sub, SubSocket, SubscribeError, TellError,
    Tracked, WireMessage, WireType, options, schema_of,
};
pub use treewire_macros::{WireMessage, WireType, main};
pub use treewire_observer::{Observe, Observer};
pub use treewire_runtime as runtime;
pub use treewire_runtime::{
    Answer, AutoShutdown, Backoff, Child, ChildSpec, Context, Down, Error, Execution, Exit,
    Failure, Intensity, IntoSpec, LookupError, Mailbox, Monitor, Node, NodeBuilder, NodeError,
    NodeSnapshot, Placement, Ref, RegisterError, Reply, Restart, Result, Retry, RetryError,
    Scheduled, SpawnError, Strategy, Supervisor, SupervisorRef, Verdict, print_error, run,
};
#[cfg(feature = "driven")]
pub use treewire_runtime::{Chance, World, driven, seeds};
pub use treewire_transports as transports;
#[cfg(feature = "driven")]
pub use treewire_transports::{Conditions, SimNetwork};
pub use treewire_transports::{Content, Delivery, Endpoint, Headers, Payload};

/// What most programs need, actix's traits included: `use treewire::prelude::*;`.
pub mod prelude {
    pub use crate::Delivery::{BestEffort, Reliable};
    pub use crate::Restart::{Permanent, Temporary, Transient};
    pub use crate::Strategy::{OneForAll, OneForOne, RestForOne};
    pub use crate::{
        Bound, Child, Closed, Codec, Content, Context, Delivery, Exit, IntoSpec, Node, Observe,
        Overflow, Pattern, Payload, Placement, Pub, Pull, Push, Ref, Remote, RemoteError, Rep,
        Reply, Req, Restart, Strategy, Sub, Supervisor, SupervisorRef, WireMessage, WireType,
    };
    pub use actix::fut::{ActorFutureExt, ActorStreamExt, WrapFuture, WrapStream};
    pub use actix::{
        Actor, ActorContext, AsyncContext, Handler, Message, MessageResult, Recipient,
        ResponseActFuture, Running, StreamHandler,
    };
}

/// The programs in the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
mod guide;
