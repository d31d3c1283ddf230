use std::cell::Cell;
use std::ops::Deref;

use treewire_transports::Content;

use super::{SendError, SocketHandle};
use crate::core::{Blocked, PipeId};
use crate::typed::Codec;

/// The handle of a [`Push`](crate::Push) socket.
#[derive(Clone, Debug)]
pub struct PushSocket {
    pub(crate) socket: SocketHandle,
    /// Of typed messages.
    pub(crate) codec: Codec,
}

impl Deref for PushSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.socket
    }
}

impl PushSocket {
    /// Sends to one peer, chosen by [`Balance`](crate::Balance). Resolves when the message is
    /// accepted into a queue; waits for room, for a peer when none is being dialed,
    /// and while the socket restarts (unless the overflow policy says otherwise).
    ///
    /// # Errors
    /// The message comes back in [`SendError`].
    ///
    /// # Cancel safety
    /// A dropped call has not sent the message, which is dropped with it.
    pub async fn send(&self, content: impl Into<Content>) -> Result<(), SendError> {
        // What is usual needs no future within this one, nor a move of the message into it.
        if is_flooding() {
            return self.socket.send_in_turn(content.into(), None).await;
        }
        match self.socket.try_send(content.into(), None) {
            Ok(()) => Ok(()),
            Err(blocked) => self.socket.send_blocked(blocked, None).await,
        }
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// The message comes back in [`SendError`].
    pub fn try_send(&self, content: impl Into<Content>) -> Result<(), SendError> {
        self.socket
            .try_send(content.into(), None)
            .map_err(SendError::new)
    }
}

impl SocketHandle {
    pub(super) async fn send_when_room(
        &self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<(), SendError> {
        if is_flooding() {
            return self.send_in_turn(content, destination).await;
        }
        match self.try_send(content, destination) {
            Ok(()) => Ok(()),
            Err(blocked) => self.send_blocked(blocked, destination).await,
        }
    }

    /// Lets the thread's other tasks on first.
    async fn send_in_turn(
        &self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<(), SendError> {
        tokio::task::yield_now().await;
        match self.try_send(content, destination) {
            Ok(()) => Ok(()),
            Err(blocked) => self.send_blocked(blocked, destination).await,
        }
    }

    /// Sends what could not be sent at once.
    async fn send_blocked(
        &self,
        blocked: Blocked,
        destination: Option<PipeId>,
    ) -> Result<(), SendError> {
        let attempt = |content| self.try_send(content, destination);
        self.sent_when_room(blocked.content, attempt).await
    }

    /// Tries `attempt` until there is room.
    pub(super) async fn sent_when_room<T>(
        &self,
        content: Content,
        mut attempt: impl FnMut(Content) -> Result<T, Blocked>,
    ) -> Result<T, SendError> {
        let attempt =
            |content| attempt(content).map_err(|blocked| (blocked.reason, blocked.content));
        let sent = self.when_room(content, attempt).await;
        sent.map_err(|(reason, content)| SendError::new(Blocked { content, reason }))
    }
}

/// How many sends a thread does before it lets its neighbours on, the connections
/// among them: a loop of sends would fill the queue first and then drain it, which
/// is unfair and, once the queue outgrows the caches, slow.
const SENDS_IN_A_ROW: u32 = 1_024;

thread_local! {
    static SENDS: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn is_flooding() -> bool {
    SENDS.set((SENDS.get() + 1) % SENDS_IN_A_ROW);
    SENDS.get() == 0
}
