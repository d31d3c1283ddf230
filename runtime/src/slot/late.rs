use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use actix::fut::ActorFuture;
use actix::{Actor, Message};
use tokio::sync::oneshot;

use super::outcome::{Loss, Outcome};
use super::outstanding::Handling;
use super::port::Shared;
use crate::sync::Arc;

/// The outcome of a message that a handler was given, and where its answer is to
/// come from once the handler has returned without one.
pub(super) struct Unsettled<M: Message, O> {
    pub(super) outcome: O,
    pub(super) answer: Option<oneshot::Receiver<M::Result>>,
    /// Where its message goes if it is to be handled again.
    pub(super) place: u64,
}

impl<M: Message, O> Unsettled<M, O> {
    pub(super) fn poll_answer(&mut self, task: &mut Task<'_>) -> Poll<Option<M::Result>> {
        match &mut self.answer {
            Some(answer) => Pin::new(answer).poll(task).map(Result::ok),
            None => Poll::Pending,
        }
    }
}

/// Tells an answer that comes after the handler returned. It lives and dies with the
/// actor's generation; what it waits for lies in the port, where the outcome can be
/// told of the end of a generation whose thread is blocked.
pub(super) struct Late<M: Message, O> {
    shared: Arc<Shared<M, O>>,
    handling: Handling,
}

impl<M: Message, O> Late<M, O> {
    pub(super) fn new(shared: Arc<Shared<M, O>>, handling: Handling) -> Self {
        Late { shared, handling }
    }
}

impl<M: Message, O> Unpin for Late<M, O> {}

impl<A, M, O> ActorFuture<A> for Late<M, O>
where
    A: Actor,
    M: Message,
    O: Outcome<M>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut A, _: &mut A::Context, task: &mut Task<'_>) -> Poll<()> {
        if let Some((outcome, answer)) = ready!(self.shared.poll_answer(self.handling, task)) {
            match answer {
                Some(result) => outcome.handled(result),
                None => outcome.lost(Loss::Unanswered),
            }
        }
        Poll::Ready(())
    }
}
