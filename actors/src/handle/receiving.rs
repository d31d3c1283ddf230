use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use futures_util::Stream;
use futures_util::future::BoxFuture;

use super::{RecvError, SocketHandle};
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

impl PullSocket {
    /// The next message of all peers, fairly; `None` once the socket has closed.
    /// Several tasks may receive at once. The message counts as handled, and its
    /// sender learns so, when it is dropped.
    ///
    /// # Errors
    /// [`RecvError::Delivering`] for a socket that delivers to an actor.
    ///
    /// # Cancel safety
    /// A dropped call has not taken a message.
    pub async fn recv(&self) -> Result<Option<Message>, RecvError> {
        self.0.receive().await
    }

    /// A message that is there already.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<Option<Message>, RecvError> {
        self.0.try_receive()
    }

    /// What is received, as a stream that ends when the socket has closed.
    pub fn stream(&self) -> Incoming {
        Incoming {
            socket: self.clone(),
            next: None,
        }
    }
}

/// The messages of a socket as a [`Stream`].
///
/// Dropping it may lose nothing: a message that was not yielded stays in the socket.
pub struct Incoming {
    socket: PullSocket,
    next: Option<BoxFuture<'static, Option<Message>>>,
}

impl Stream for Incoming {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Message>> {
        if let Ok(Some(message)) = self.socket.try_recv() {
            self.next = None;
            return Poll::Ready(Some(message));
        }
        let socket = self.socket.clone();
        let next = self.next.get_or_insert_with(|| {
            // A socket that delivers has nothing to stream.
            Box::pin(async move { socket.recv().await.unwrap_or_default() })
        });
        let item = std::task::ready!(next.as_mut().poll(task));
        self.next = None;
        Poll::Ready(item)
    }
}
