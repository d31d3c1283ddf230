use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use actix::Recipient;
use treewire_transports::{Content, Failure, Payload};

use super::descriptor::descriptor;
use super::{RemoteError, WireMessage};
use crate::handle::ReqSocket;

/// The mailbox of an actor behind a wire. Cheap to clone.
pub struct Remote<M: WireMessage> {
    socket: ReqSocket,
    descriptor: Payload,
    message: PhantomData<fn(M)>,
}

impl<M: WireMessage> Clone for Remote<M> {
    fn clone(&self) -> Self {
        Remote {
            socket: self.socket.clone(),
            descriptor: self.descriptor.clone(),
            message: PhantomData,
        }
    }
}

impl<M: WireMessage> Remote<M> {
    pub(crate) fn new(socket: ReqSocket) -> Self {
        Remote {
            descriptor: descriptor::<M>(socket.defaults.codec),
            socket,
            message: PhantomData,
        }
    }

    /// Asks the actor: awaiting it gives the handler's answer.
    ///
    /// # Errors
    /// [`RemoteError`]; a message that was never sent comes back.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the request: a handler that has not begun
    /// will not.
    pub fn send(&self, message: M) -> AskingTyped<M> {
        AskingTyped {
            remote: self.clone(),
            message,
            deadline: None,
            idempotent: false,
        }
    }

    /// The mailbox as an actix recipient, where code expects one. Every failure
    /// collapses to actix's `MailboxError::Closed`; the reason is logged. It waits
    /// as long as the socket's own default deadline says, and sends in its own codec;
    /// an asker that gives up cancels its request.
    pub fn recipient(&self) -> Recipient<M> {
        self.socket.actor.recipient()
    }
}

/// A typed request that is not sent before it is awaited.
#[must_use = "a request is not sent unless it is awaited"]
pub struct AskingTyped<M: WireMessage> {
    remote: Remote<M>,
    message: M,
    deadline: Option<Duration>,
    idempotent: bool,
}

impl<M: WireMessage> AskingTyped<M> {
    pub(crate) fn new(socket: ReqSocket, message: M) -> Self {
        Remote::new(socket).send(message)
    }

    /// Gives up after this long; instead of the socket's default.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// It may be handled twice: if its peer goes, it is sent again, there or
    /// elsewhere, instead of failing.
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    async fn ask(self) -> Result<M::Result, RemoteError<M>> {
        let AskingTyped {
            remote,
            message,
            deadline,
            idempotent,
        } = self;
        let codec = remote.socket.defaults.codec;
        let content = match codec.encode(&message) {
            Ok(payload) => Content::new(remote.descriptor.clone()).with_part(payload),
            Err(Failure { text: reason, .. }) => {
                return Err(RemoteError::NotSent { message, reason });
            }
        };
        let mut asking = remote.socket.request(content);
        if let Some(deadline) = deadline {
            asking = asking.deadline(deadline);
        }
        if idempotent {
            asking = asking.idempotent();
        }
        match asking.await {
            Ok(reply) => codec
                .decode(reply.first())
                .map_err(RemoteError::from_failure),
            Err(error) => Err(RemoteError::from_request(error, message)),
        }
    }
}

impl<M: WireMessage> IntoFuture for AskingTyped<M>
where
    M::Result: Send,
{
    type Output = Result<M::Result, RemoteError<M>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask())
    }
}
