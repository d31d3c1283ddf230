use std::marker::PhantomData;
use std::sync::atomic::Ordering::SeqCst;
use std::task::Poll;

use actix::dev::MessageResponse;
use actix::{Actor, AsyncContext, Handler, Message};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::Slice;
use super::closing::{Closing, drop_each, nothing};
use super::late::Late;
use super::outcome::{Loss, Origin, Outcome};
use super::outstanding::Handling;
use super::port::{Lost, Shared};
use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::exit::Exit;
use crate::panics::survive;
use crate::sync::Arc;

/// A port as the context of its actor sees it.
pub(crate) trait Door<A: Actor<Context: Execution<A>>>: Send + Sync {
    /// Handles what waits, until it is empty or the slice is spent.
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut A::Context);

    /// Who answers for a message whose outcome was not told yet.
    fn origin(&self, handling: Handling) -> Option<Arc<dyn Origin>>;

    /// Tells the outcome of a message, unless that was done.
    fn lose(&self, handling: Handling, loss: Loss);

    /// The generation `life` ended, or was given up; what it had in hand, and what
    /// it was to answer later, is lost with it. Tells nobody yet: what is returned does.
    fn crashed(&self, life: u64, exit: &Exit) -> Closing;

    /// Drops what waits, if it waits in the mailbox; says how much.
    fn discard(&self) -> u64 {
        0
    }

    /// No generation follows, until it is reopened. Tells nobody yet: what is
    /// returned does.
    fn close(&self, exit: &Exit) -> Closing;

    /// A generation follows after all.
    fn reopen(&self);

    /// Nothing waits, and nobody can send any more.
    fn is_abandoned(&self) -> bool;
}

pub(super) struct PortDoor<A, M: Message, O> {
    shared: Arc<Shared<M, O>>,
    actor: PhantomData<fn(A)>,
}

impl<A, M: Message, O> PortDoor<A, M, O> {
    pub(super) fn new(shared: Arc<Shared<M, O>>) -> Self {
        PortDoor {
            shared,
            actor: PhantomData,
        }
    }
}

impl<A, M, O> PortDoor<A, M, O>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
    O: Outcome<M>,
{
    /// Pending if something may be left.
    fn handle_all(
        &self,
        slice: &mut Slice<'_>,
        actor: &mut A,
        context: &mut A::Context,
    ) -> Poll<()> {
        while !context.waiting() && !slice.is_spent() {
            let is_in_charge = || slice.is_in_charge();
            let Some((message, handling)) = self.shared.take(context.life(), is_in_charge) else {
                return Poll::Ready(());
            };
            slice.count();
            let (sender, mut receiver) = oneshot::channel();
            context.begin_handling(handling);
            actor.handle(message, context).handle(context, Some(sender));
            context.end_handling();
            match receiver.try_recv() {
                Ok(result) => {
                    if let Some(unsettled) = self.shared.settle(handling) {
                        unsettled.outcome.handled(result);
                    }
                }
                Err(TryRecvError::Closed) => {
                    if let Some(unsettled) = self.shared.settle(handling) {
                        unsettled.outcome.lost(Loss::Unanswered);
                    }
                }
                Err(TryRecvError::Empty) => {
                    if self.shared.defer(handling, receiver) {
                        context.spawn(Late::new(self.shared.clone(), handling));
                    }
                }
            }
        }
        Poll::Pending
    }
}

impl<A, M, O> Door<A> for PortDoor<A, M, O>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
    O: Outcome<M>,
{
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut A::Context) {
        if !self.shared.ready.swap(false, SeqCst) {
            return;
        }
        if self.handle_all(slice, actor, context).is_pending() {
            self.shared.ready.store(true, SeqCst);
        }
        // Its successor may have come by while this one had the flag.
        if !slice.is_in_charge() {
            self.shared.call();
        }
    }

    fn origin(&self, handling: Handling) -> Option<Arc<dyn Origin>> {
        let ask = |outcome: &O| survive("the origin of a message", || outcome.origin());
        self.shared.ask(handling, ask).flatten().flatten()
    }

    fn lose(&self, handling: Handling, loss: Loss) {
        if let Some((lost, hold)) = self.shared.give_up(handling) {
            drop_each(hold.lose(lost, &loss));
        }
    }

    fn crashed(&self, life: u64, exit: &Exit) -> Closing {
        let lost = self.shared.end(life, exit);
        // The next generation looks at once at what waits.
        self.shared.ready.store(true, SeqCst);
        let Some((in_hand, hold)) = lost else {
            return nothing();
        };
        let (shared, loss) = (self.shared.clone(), Loss::Crashed(exit.clone()));
        Box::new(move || {
            let messages = hold.lose(in_hand, &loss);
            Box::new(move || {
                drop_each(messages);
                drop(shared);
            })
        })
    }

    fn close(&self, exit: &Exit) -> Closing {
        let (lost, waiting) = self.shared.close(exit);
        let (shared, exit) = (self.shared.clone(), exit.clone());
        Box::new(move || {
            survive("the waker of a port", || shared.producer.wake());
            let loss = Loss::Crashed(exit.clone());
            let lose = |(in_hand, hold): Lost<M, O>| hold.lose(in_hand, &loss);
            let mut messages = lost.map(lose).unwrap_or_default();
            let tell = |(message, outcome): (M, O)| {
                survive("an outcome", || outcome.lost(Loss::Stopped(exit.clone())));
                message
            };
            messages.extend(waiting.into_iter().map(tell));
            Box::new(move || {
                drop_each(messages);
                drop(shared);
            })
        })
    }

    fn reopen(&self) {
        self.shared.reopen();
    }

    fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.shared) == 1 && self.shared.is_idle()
    }
}
