use std::sync::Arc;

use treewire_transports::Content;

use super::sending::is_flooding;
use super::{ComposedSocket, Fate, PushSocket, SendError, SocketHandle};
use crate::core::{Blocked, FateCell, PipeId};
use crate::message::Source;

/// Tells what becomes of one message; see [`send_tracked`](PushSocket::send_tracked).
///
/// Its clones tell of the same message. That nobody asks any more changes nothing for it.
#[derive(Clone, Debug)]
pub struct Tracked {
    cell: Arc<FateCell>,
    /// What [`changed`](Self::changed) said last.
    told: Fate,
}

impl Tracked {
    fn new(cell: Arc<FateCell>) -> Self {
        let told = Fate::Queued;
        Tracked { cell, told }
    }

    /// Where the message is now, or what became of it.
    pub fn fate(&self) -> Fate {
        self.cell.fate()
    }

    /// Waits for another stage than the last one it told, at first than
    /// [`Queued`](Fate::Queued); `None` once it has told the final one. A stage that is over
    /// when it looks is left out.
    ///
    /// Cancel-safe.
    pub async fn changed(&mut self) -> Option<Fate> {
        if self.told.is_final() {
            return None;
        }
        self.told = self.cell.other_than(self.told).await;
        Some(self.told)
    }

    /// Waits for what becomes of the message in the end: at the latest when the socket is gone
    /// for good, with its node for instance.
    ///
    /// Cancel-safe.
    pub async fn final_fate(&self) -> Fate {
        let mut fate = self.fate();
        while !fate.is_final() {
            fate = self.cell.other_than(fate).await;
        }
        fate
    }
}

impl PushSocket {
    /// [`send`](Self::send), and tells what becomes of the message.
    ///
    /// # Errors
    /// The message comes back in [`SendError`].
    ///
    /// # Cancel safety
    /// A dropped call has not sent the message, which is dropped with it.
    pub async fn send_tracked(&self, content: impl Into<Content>) -> Result<Tracked, SendError> {
        self.socket
            .send_tracked_when_room(content.into(), None)
            .await
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// The message comes back in [`SendError`].
    pub fn try_send_tracked(&self, content: impl Into<Content>) -> Result<Tracked, SendError> {
        let sent = self.socket.try_send_tracked(content.into(), None);
        sent.map_err(SendError::new)
    }
}

impl ComposedSocket {
    /// [`send`](Self::send), and tells what becomes of the message.
    ///
    /// # Errors
    /// The message comes back. What a socket sends to all its peers has a fate with each of
    /// them, and is not tracked.
    pub async fn send_tracked(&self, content: impl Into<Content>) -> Result<Tracked, SendError> {
        self.0.send_tracked_when_room(content.into(), None).await
    }

    /// [`send_to`](Self::send_to), and tells what becomes of the message.
    ///
    /// # Errors
    /// The message comes back, also when that peer is gone.
    pub async fn send_tracked_to(
        &self,
        destination: Source,
        content: impl Into<Content>,
    ) -> Result<Tracked, SendError> {
        let destination = Some(destination.0);
        self.0
            .send_tracked_when_room(content.into(), destination)
            .await
    }

    /// [`send_tracked`](Self::send_tracked) without waiting.
    ///
    /// # Errors
    /// The message comes back.
    pub fn try_send_tracked(&self, content: impl Into<Content>) -> Result<Tracked, SendError> {
        let sent = self.0.try_send_tracked(content.into(), None);
        sent.map_err(SendError::new)
    }
}

impl SocketHandle {
    fn try_send_tracked(
        &self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<Tracked, Blocked> {
        let sent = self
            .shared
            .core(|core| core.send_tracked(content, destination));
        sent.map(Tracked::new)
            .map_err(|blocked| self.blocked_now(blocked))
    }

    async fn send_tracked_when_room(
        &self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<Tracked, SendError> {
        if is_flooding() {
            tokio::task::yield_now().await;
        }
        let attempt = |content| self.try_send_tracked(content, destination);
        self.sent_when_room(content, attempt).await
    }
}
