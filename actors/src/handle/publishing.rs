use std::ops::Deref;
use std::pin::pin;

use treewire_transports::{Content, Payload};

use super::{SendError, SocketHandle, TellError};
use crate::typed::{Codec, WireMessage, published};

/// The handle of a [`Pub`](crate::Pub) socket.
#[derive(Clone, Debug)]
pub struct PubSocket {
    pub(crate) socket: SocketHandle,
    /// Of typed messages.
    pub(crate) codec: Codec,
}

impl Deref for PubSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.socket
    }
}

impl PubSocket {
    /// Sends a message to all who subscribed to its topic, which is its first part. Nobody may
    /// have, and a subscriber whose queue is at its bound holds up nobody, unless the overflow
    /// policy says that this waits: it is told what it missed.
    ///
    /// # Errors
    /// The message comes back in [`SendError`].
    ///
    /// # Cancel safety
    /// A dropped call has not sent the message, which is dropped with it.
    pub async fn send(&self, content: impl Into<Content>) -> Result<(), SendError> {
        self.socket.send_when_room(content.into(), None).await
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

    /// Sends a typed message to all who subscribed to `topic`: three parts, the topic, what is
    /// said of the message, and the encoded message.
    ///
    /// # Errors
    /// [`TellError`].
    pub async fn publish<M: WireMessage>(
        &self,
        topic: impl Into<Payload>,
        message: &M,
    ) -> Result<(), TellError> {
        let content = published(topic.into(), message, self.codec).map_err(TellError::Encode)?;
        self.send(content).await.map_err(TellError::NotTaken)
    }

    /// How many peers said what they want, and get it.
    pub fn subscribers(&self) -> usize {
        self.shared.core(|core| core.subscribers())
    }

    /// How many subscriptions they have, in all.
    pub fn subscription_count(&self) -> usize {
        self.shared.core(|core| core.subscription_count())
    }

    /// Waits until so many peers said what they want: what is sent from then on comes to all
    /// of them. `false` if the socket has closed.
    ///
    /// Cancel-safe.
    pub async fn ready(&self, subscribers: usize) -> bool {
        self.socket
            .until(|core| core.subscribers() >= subscribers)
            .await
    }
}

impl SocketHandle {
    /// Waits until something holds of the core; `false` if the socket has closed before.
    pub(super) async fn until(&self, holds: impl Fn(&crate::core::Core) -> bool) -> bool {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            if self.shared.core(|core| holds(core)) {
                return true;
            }
            tokio::select! {
                biased;
                () = changed => {}
                _ = self.actor.gone() => return false,
            }
        }
    }
}
