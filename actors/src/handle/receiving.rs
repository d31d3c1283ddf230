use std::cell::Cell;
use std::ops::Deref;

use super::socket::as_it_is;
use super::{Incoming, RecvError, SocketHandle, SubSocket};
use crate::message::Message;

/// The handle of a [`Pull`](crate::Pull) socket.
#[derive(Clone, Debug)]
pub struct PullSocket(pub(crate) SocketHandle);

impl Deref for PullSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.0
    }
}

/// What handles have whose sockets receive from all peers.
macro_rules! receives {
    ($handle:ident) => {
        impl $handle {
            /// The next message of all peers, fairly; `None` once the socket has closed.
            /// Several tasks may receive at once. The message counts as handled, and its
            /// sender learns so, when it is dropped. Now and then it lets the other tasks of its
            /// thread on first, though a message is there.
            ///
            /// # Errors
            /// [`RecvError::Delivering`] for a socket that delivers to an actor, [`RecvError::TimedOut`] after
            /// its [`receive_timeout`](crate::Pull::receive_timeout).
            ///
            /// # Cancel safety
            /// A dropped call has not taken a message.
            pub async fn recv(&self) -> Result<Option<Message>, RecvError> {
                // What is usual needs no future within this one.
                if is_flooded() {
                    tokio::task::yield_now().await;
                }
                match self.0.shared.receive() {
                    Ok(None) => self.0.receive(as_it_is).await,
                    received => received,
                }
            }

            /// A message that is there already.
            ///
            /// # Errors
            /// As [`recv`](Self::recv), which alone waits.
            pub fn try_recv(&self) -> Result<Option<Message>, RecvError> {
                self.0.try_receive(as_it_is)
            }

            /// What is received, as a stream that ends when the socket has closed.
            pub fn stream(&self) -> Incoming<Message> {
                Incoming::new(self.0.clone(), as_it_is)
            }
        }
    };
}

receives!(PullSocket);
receives!(SubSocket);

/// How many messages a thread receives in a row before it lets its neighbours on: a loop
/// would empty the queue first, however long it is.
const RECEIPTS_IN_A_ROW: u32 = 4_096;

thread_local! {
    static RECEIPTS: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn is_flooded() -> bool {
    RECEIPTS.set((RECEIPTS.get() + 1) % RECEIPTS_IN_A_ROW);
    RECEIPTS.get() == 0
}
