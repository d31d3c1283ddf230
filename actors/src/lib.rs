//! Sockets as supervised actors: where the tree of `treewire-runtime` meets the
//! wires of `treewire-transports`.
//!
//! A socket is an actor that supervises its endpoints; a listener supervises its
//! connections, a dialer lives as long as its one. What the messages need, the
//! queues and the turns, lies in the socket's core beside its mailbox, so that a
//! message passes through no actor but the connection and the one that handles it.

mod bound;
mod connection;
mod core;
mod handle;
mod message;
pub mod options;
mod pattern;
mod position;
mod session;
mod socket;
mod sync;
mod typed;

pub use bound::{Bound, Overflow};
pub use core::{Judge, ReconnectStop, Stickiness};
pub use handle::{
    Asking, Closed, ComposedSocket, EndpointChangeError, Fate, Incoming, OfflineReason,
    PeerReplaced, PipeState, PipeStatus, PubSocket, PullSocket, PushSocket, RecvError, RepSocket,
    Replacement, ReqSocket, Request, RequestError, SendError, SessionEnd, SocketDeadLetter,
    SocketDeadLetters, SocketEvent, SocketEvents, SocketHandle, SubSocket, SubscribeError,
    TellError, Tracked,
};
pub use message::{Message, Source};
pub use options::OptionError;
pub use pattern::{
    Balance, Connector, LockStep, PATTERN_BYTES_MAX, Pattern, PatternError, Receiver, Sender,
    SocketType,
};
pub use position::{ParsePositionError, StreamId, StreamPosition};
pub use socket::{Pub, Pull, Push, Rep, Req, Serves, ServesPositions, Socket, Sub};
pub use typed::{
    AskingTyped, Codec, Delivered, Remote, RemoteError, WireMessage, WireType, schema_of,
};

#[doc(hidden)]
pub use postcard_schema;
