use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use treewire_transports::{Content, Failure};

use super::{Incoming, RecvError, SocketHandle};
use crate::core::Shared;
use crate::message::{Message, Receipt};
use crate::typed::{HANDLER_FAILED, LOST_IN_CRASH};

/// The handle of a [`Rep`](crate::Rep) socket.
#[derive(Clone, Debug)]
pub struct RepSocket(pub(crate) SocketHandle);

impl Deref for RepSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.0
    }
}

impl RepSocket {
    /// The next request of all peers, fairly; `None` once the socket has closed.
    /// Several tasks may receive at once. Requests whose asker gave up are skipped.
    ///
    /// # Errors
    /// [`RecvError::Delivering`] for a socket that serves an actor, [`RecvError::TimedOut`] after
    /// its [`receive_timeout`](crate::Rep::receive_timeout).
    ///
    /// # Cancel safety
    /// A dropped call has not taken a request.
    pub async fn recv(&self) -> Result<Option<Request>, RecvError> {
        self.0.receive(Request::new).await
    }

    /// A request that is there already.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<Option<Request>, RecvError> {
        self.0.try_receive(Request::new)
    }

    /// The requests, as a stream that ends when the socket has closed.
    pub fn stream(&self) -> Incoming<Request> {
        Incoming::new(self.0.clone(), Request::new)
    }
}

/// A request that waits for its reply. Dropped without one, its asker is told so.
pub struct Request {
    content: Content,
    reply: ReplyPath,
}

impl Request {
    fn new(message: Message, shared: &Arc<Shared>) -> Self {
        let correlation = message.correlation();
        let (content, receipt) = message.into_split();
        Request {
            content,
            reply: ReplyPath::new(shared.clone(), correlation, receipt),
        }
    }

    /// Headers and parts.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether anybody still waits for the reply.
    pub fn is_wanted(&self) -> bool {
        self.reply.is_wanted()
    }

    /// Answers it.
    pub fn reply(self, content: impl Into<Content>) {
        self.reply.answer(Ok(content.into()));
    }

    /// Answers that it could not be handled; the asker gets `text`.
    pub fn fail(self, text: impl Into<String>) {
        self.reply.answer(Err(Failure::new(HANDLER_FAILED, text)));
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("content", &self.content)
            .finish()
    }
}

/// The way back to an asker, to be used once.
pub(crate) struct ReplyPath {
    shared: Arc<Shared>,
    correlation: u64,
    receipt: Option<Receipt>,
}

impl ReplyPath {
    pub(crate) fn new(shared: Arc<Shared>, correlation: u64, receipt: Receipt) -> Self {
        shared.request_handed_out();
        ReplyPath {
            shared,
            correlation,
            receipt: Some(receipt),
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        let receipt = self.receipt.as_ref();
        receipt.is_some_and(|receipt| !receipt.inlet().is_cancelled(self.correlation))
    }

    /// Handling the request panicked; `false` if that was once too often, or it does not
    /// come again.
    pub(crate) fn panicked(&mut self) -> bool {
        self.receipt.as_mut().is_some_and(Receipt::panicked)
    }

    pub(crate) fn receipt(&self) -> Option<&Receipt> {
        self.receipt.as_ref()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn answer(mut self, answer: Result<Content, Failure>) {
        self.send(answer);
    }

    /// The receipt alone; no answer will be sent.
    pub(crate) fn into_receipt(mut self) -> Option<Receipt> {
        self.receipt.take()
    }

    fn send(&mut self, answer: Result<Content, Failure>) {
        if let Some(receipt) = self.receipt.take() {
            self.shared
                .core(|core| core.reply(answer, self.correlation, receipt));
        }
    }
}

impl Drop for ReplyPath {
    fn drop(&mut self) {
        // Nobody waits for a cancelled request; every other asker is to learn of it.
        if self.is_wanted() {
            let (code, text) = if std::thread::panicking() {
                (
                    LOST_IN_CRASH,
                    "the program panicked while it was handling the request",
                )
            } else {
                (HANDLER_FAILED, "the request was dropped without a reply")
            };
            self.send(Err(Failure::new(code, text)));
        } else if let Some(receipt) = self.receipt.take() {
            receipt.inlet().forget(self.correlation);
        }
        self.shared.request_done();
    }
}
