use std::future::{Future, IntoFuture};
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::oneshot;
use treewire_transports::Content;

use super::{RequestError, SendError, SocketHandle};
use crate::core::Blocked;
use crate::pattern::Answer;
use crate::typed::{AskingTyped, Codec, Remote, WireMessage};

/// The handle of a [`Req`](crate::Req) socket. Any number of requests may be
/// under way at once.
#[derive(Clone, Debug)]
pub struct ReqSocket {
    pub(crate) socket: SocketHandle,
    pub(crate) defaults: RequestDefaults,
}

/// What holds for requests that say nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestDefaults {
    /// The handle's own, instead of the socket's.
    pub(crate) deadline: Option<Option<Duration>>,
    /// Of typed ones.
    pub(crate) codec: Codec,
}

impl RequestDefaults {
    pub(crate) fn new(codec: Codec) -> Self {
        RequestDefaults {
            deadline: None,
            codec,
        }
    }
}

impl Deref for ReqSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.socket
    }
}

impl ReqSocket {
    /// Asks: awaiting it gives the answer's content.
    ///
    /// # Errors
    /// [`RequestError`]; a request that was never sent comes back.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the request: it is not sent any more, or its
    /// peer is told.
    pub fn request(&self, content: impl Into<Content>) -> Asking {
        Asking {
            socket: self.socket.clone(),
            content: content.into(),
            deadline: self.deadline(),
            idempotent: false,
        }
    }

    /// Asks an actor behind the wire: awaiting it gives the typed answer.
    ///
    /// # Errors
    /// [`RemoteError`](crate::RemoteError).
    pub fn send<M: WireMessage>(&self, message: M) -> AskingTyped<M> {
        AskingTyped::new(self.clone(), message)
    }

    /// The mailbox of whoever serves `M` behind the wire.
    pub fn remote<M: WireMessage>(&self) -> Remote<M> {
        Remote::new(self.clone())
    }

    fn deadline(&self) -> Option<Duration> {
        let own = self.defaults.deadline;
        own.unwrap_or_else(|| self.shared.core(|core| core.config().deadline))
    }

    /// The same socket with another default deadline; `None` waits for ever.
    pub fn with_deadline(&self, deadline: impl Into<Option<Duration>>) -> ReqSocket {
        let mut socket = self.clone();
        socket.defaults.deadline = Some(deadline.into());
        socket
    }

    /// The same socket with another codec for typed messages. Those who serve answer in
    /// it.
    pub fn with_codec(&self, codec: Codec) -> ReqSocket {
        let mut socket = self.clone();
        socket.defaults.codec = codec;
        socket
    }
}

/// A request that is not sent before it is awaited.
#[must_use = "a request is not sent unless it is awaited"]
#[derive(Debug)]
pub struct Asking {
    socket: SocketHandle,
    content: Content,
    deadline: Option<Duration>,
    idempotent: bool,
}

impl Asking {
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

    async fn ask(self) -> Result<Content, RequestError> {
        let Some(deadline) = self.deadline else {
            return self.ask_patiently().await;
        };
        // The node's clock, so that a task needs no timers of its own.
        let late = self.socket.actor.clock().sleep(deadline);
        tokio::select! {
            biased;
            answer = self.ask_patiently() => answer,
            () = late => Err(RequestError::TimedOut),
        }
    }

    async fn ask_patiently(self) -> Result<Content, RequestError> {
        let Asking {
            socket,
            content,
            idempotent,
            ..
        } = self;
        let (sender, answer) = oneshot::channel();
        let attempt = |(content, sender)| {
            let opened = socket
                .shared
                .core(|core| core.request(content, idempotent, sender));
            opened.map_err(|(blocked, sender)| (blocked.reason, (blocked.content, sender)))
        };
        let opened = socket.when_room((content, sender), attempt).await;
        let correlation = opened.map_err(|(reason, (content, _))| {
            RequestError::NotTaken(SendError::new(Blocked { content, reason }))
        })?;
        let open = Open {
            socket: &socket,
            correlation,
            answered: false,
        };
        open.answer(answer).await
    }
}

impl IntoFuture for Asking {
    type Output = Result<Content, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask())
    }
}

/// A request under way; dropped before its answer came, it is cancelled.
struct Open<'a> {
    socket: &'a SocketHandle,
    correlation: u64,
    answered: bool,
}

impl Open<'_> {
    async fn answer(mut self, answer: oneshot::Receiver<Answer>) -> Result<Content, RequestError> {
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            _ = self.socket.actor.gone() => return Err(self.take_back()),
        };
        self.answered = true;
        match answer {
            Ok(Answer::Reply(content)) => Ok(content),
            Ok(Answer::Failed(failure)) => Err(RequestError::Failed(failure)),
            Ok(Answer::PeerGone) => Err(RequestError::PeerGone),
            Ok(Answer::Superseded) => Err(RequestError::Superseded),
            Ok(Answer::NotSent(content)) => Err(RequestError::NotSent(content)),
            Ok(Answer::Unsendable(content, reason)) => {
                Err(RequestError::Unsendable(content, reason))
            }
            Err(_) => Err(RequestError::Closed),
        }
    }
}

impl Open<'_> {
    fn take_back(&mut self) -> RequestError {
        let shared = &self.socket.shared;
        match shared.core(|core| core.take_back(self.correlation)) {
            Some(content) => {
                self.answered = true;
                RequestError::NotSent(content)
            }
            None => RequestError::Closed,
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let shared = &self.socket.shared;
            shared.core(|core| core.cancel_request(self.correlation));
            // It may have made room, and may have been the last to be flushed.
            shared.room.notify_waiters();
            shared.changed.notify_waiters();
        }
    }
}
