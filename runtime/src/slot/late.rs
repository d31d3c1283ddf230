use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use actix::fut::ActorFuture;
use actix::{Actor, Message};
use tokio::sync::{oneshot, watch};

use super::{Loss, Outcome};
use crate::exit::Exit;

/// An answer that comes after the handler returned. It lives and dies with the
/// actor's generation.
pub(super) struct Late<M: Message, O: Outcome<M>> {
    pub(super) receiver: oneshot::Receiver<M::Result>,
    pub(super) outcome: Option<O>,
    pub(super) last_exit: watch::Receiver<(u64, Exit)>,
    pub(super) life: u64,
    pub(super) message: PhantomData<fn(M)>,
}

impl<M: Message, O: Outcome<M>> Unpin for Late<M, O> {}

impl<A, M, O> ActorFuture<A> for Late<M, O>
where
    A: Actor,
    M: Message,
    O: Outcome<M>,
{
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        _: &mut A,
        _: &mut A::Context,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        let answer = ready!(Pin::new(&mut self.receiver).poll(task));
        if let Some(outcome) = self.outcome.take() {
            match answer {
                Ok(result) => outcome.handled(result),
                Err(_) => outcome.lost(Loss::Unanswered),
            }
        }
        Poll::Ready(())
    }
}

impl<M: Message, O: Outcome<M>> Drop for Late<M, O> {
    fn drop(&mut self) {
        let Some(outcome) = self.outcome.take() else {
            return;
        };
        let (life, exit) = self.last_exit.borrow().clone();
        outcome.lost(if life >= self.life {
            Loss::Crashed(exit)
        } else {
            Loss::Unanswered
        });
    }
}
