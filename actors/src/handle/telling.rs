use super::{PushSocket, SendError};
use crate::typed::{Codec, WireMessage, told};

impl PushSocket {
    /// Sends a typed message to one peer, as [`send`](Self::send) does: to the actor to which that
    /// [delivers](crate::Pull::deliver) it. There is no answer; that it was handled is confirmed as of
    /// any message.
    ///
    /// # Errors
    /// [`TellError`].
    ///
    /// # Cancel safety
    /// A dropped call has not sent the message.
    pub async fn tell<M: WireMessage>(&self, message: &M) -> Result<(), TellError> {
        let content = told(message, self.codec).map_err(TellError::Encode)?;
        self.send(content).await.map_err(TellError::NotTaken)
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// [`TellError`].
    pub fn try_tell<M: WireMessage>(&self, message: &M) -> Result<(), TellError> {
        let content = told(message, self.codec).map_err(TellError::Encode)?;
        self.try_send(content).map_err(TellError::NotTaken)
    }

    /// The same socket with another codec for typed messages.
    pub fn with_codec(&self, codec: Codec) -> PushSocket {
        let mut socket = self.clone();
        socket.codec = codec;
        socket
    }
}

/// Why a typed message that is not answered was not sent.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// It cannot be encoded.
    #[error("{0}")]
    Encode(String),
    /// The socket did not take it; what was encoded comes back.
    #[error(transparent)]
    NotTaken(SendError),
}
