//! Handles: how programs use a socket, from any task of any runtime.

mod dead_letter;
mod endpoints;
mod error;
mod event;
mod fate;
mod incoming;
mod options;
mod patience;
mod pipes;
mod publishing;
mod receiving;
mod replaced;
mod replying;
mod requesting;
mod sending;
mod socket;
mod subscribing;
mod tracking;

pub use dead_letter::{SocketDeadLetter, SocketDeadLetters};
pub use endpoints::EndpointChangeError;
pub use error::{Closed, RecvError, RequestError, SendError};
pub use event::{SessionEnd, SocketEvent, SocketEvents};
pub use fate::Fate;
pub use incoming::Incoming;
pub use pipes::{OfflineReason, PipeState, PipeStatus};
pub use publishing::{PubSocket, PublishError};
pub use receiving::PullSocket;
pub use replaced::{PeerReplaced, Replacement};
pub(crate) use replying::ReplyPath;
pub use replying::{RepSocket, Request};
pub(crate) use requesting::RequestDefaults;
pub use requesting::{Asking, ReqSocket};
pub use sending::PushSocket;
pub use socket::{ComposedSocket, SocketHandle};
pub use subscribing::{SubSocket, SubscribeError};
pub use tracking::Tracked;
