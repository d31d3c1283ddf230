//! Ports: bounded batch queues from sockets into actors.
//!
//! A port lies in the actor's slot beside the mailbox and is polled by the
//! actor's context, which calls the ordinary `Handler<M>`: no envelope per
//! message, and no orphan-rule trouble, since the type is erased where the port
//! is made.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context as Task, Poll, Waker, ready};

use actix::{Actor, Handler, Message};
use tokio::sync::oneshot::Receiver;

use super::Slot;
use super::door::PortDoor;
use super::late::Unsettled;
use super::outstanding::{Handling, Outstanding};
use super::task_waker::TaskWaker;
use crate::execution::Execution;
use crate::exit::Exit;
use crate::panics::{Panic, survive};
use crate::sync::{Arc, AtomicBool, AtomicWaker, Mutex};

/// Who is told what became of a message that went through a port.
///
/// Exactly one of [`handled`](Outcome::handled) and [`lost`](Outcome::lost) is
/// called, once. They run outside every lock, on the actor's thread, or on one of
/// the node's own when the actor's is blocked. A panic in them is the actor's, but
/// for what is [`Unwanted`](Loss::Unwanted): that panic ends nobody and is logged.
pub trait Outcome<M: Message>: Send + 'static {
    /// The handler's result: on return for a plain one, when it resolves for a future.
    fn handled(self, result: M::Result);

    /// There is no result, and why.
    fn lost(self, loss: Loss);

    /// Whether the message is to be handled at all when its turn comes.
    /// Default: yes, and so if it panics.
    fn wanted(&self) -> bool {
        true
    }

    /// Who answers for a panic that the message causes, if not the actor. Asked
    /// only when its handler panicked or spawns a future. Default: the actor.
    fn origin(&self) -> Option<Arc<dyn Origin>> {
        None
    }
}

/// Who sent a message from outside the node, and answers for what it does to
/// its handler: the panic does not count as intensity then.
pub trait Origin: Send + Sync {
    /// Handling its message panicked; called before the message's outcome is told.
    fn charge(&self, panic: &Panic);
}

/// Why a message that went through a port has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Its own handler panicked, or a future that the handler spawned.
    Panicked(Panic),
    /// The generation that was handling it ended for another reason.
    Crashed(Exit),
    /// The actor stopped for good before it was handled.
    Stopped(Exit),
    /// The handler let go of it without an answer.
    Unanswered,
    /// It was not [`wanted`](Outcome::wanted) any more when its turn came.
    Unwanted,
}

/// A message that a port did not take.
#[derive(Debug)]
pub enum PortRefusal<M, O> {
    /// The queue is at its bound.
    Full(M, O),
    /// The actor has stopped for good.
    Stopped(M, O, Exit),
}

/// The sending side of a port.
pub struct Port<M: Message, O> {
    shared: Arc<Shared<M, O>>,
}

impl<M: Message, O> Clone for Port<M, O> {
    fn clone(&self) -> Self {
        Port {
            shared: self.shared.clone(),
        }
    }
}

impl<M, O> Port<M, O>
where
    M: Message + Send + 'static,
    M::Result: Send,
    O: Outcome<M>,
{
    pub(crate) fn open<A>(slot: &Slot<A>, capacity: usize) -> Self
    where
        A: Actor<Context: Execution<A>> + Handler<M>,
    {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                outstanding: Outstanding::default(),
                was_full: false,
                closed: None,
            }),
            capacity,
            ready: AtomicBool::new(false),
            consumer: slot.waker.clone(),
            producer: AtomicWaker::new(),
        });
        slot.add_door(Arc::new(PortDoor::new(shared.clone())));
        Port { shared }
    }

    /// How many messages the port takes now. When it is none, the waker given to
    /// [`on_room`](Self::on_room) is woken once there is room.
    pub fn room(&self) -> usize {
        let mut state = self.shared.state.lock();
        let room = self.shared.capacity.saturating_sub(state.queue.len());
        state.was_full |= room == 0;
        room
    }

    /// Appends one message.
    ///
    /// # Errors
    /// [`PortRefusal`]: what was not taken comes back. After `Full` the waker
    /// given to [`on_room`](Self::on_room) is woken once there is room.
    pub fn push(&self, message: M, outcome: O) -> Result<(), PortRefusal<M, O>> {
        let mut state = self.shared.state.lock();
        if let Some(exit) = state.closed.clone() {
            return Err(PortRefusal::Stopped(message, outcome, exit));
        }
        if state.queue.len() >= self.shared.capacity {
            state.was_full = true;
            return Err(PortRefusal::Full(message, outcome));
        }
        state.queue.push_back((message, outcome));
        let first = state.queue.len() == 1;
        drop(state);
        if first {
            self.shared.call();
        }
        Ok(())
    }

    /// Who is woken when a port that refused a message has room again. There is
    /// one such place; a later call replaces the earlier.
    pub fn on_room(&self, waker: &Waker) {
        self.shared.producer.register(waker);
    }
}

/// What both sides of a port share, over all generations.
pub(super) struct Shared<M: Message, O> {
    state: Mutex<State<M, O>>,
    capacity: usize,
    /// Set when the queue became non-empty, so that a poll need not lock an idle port.
    pub(super) ready: AtomicBool,
    consumer: Arc<TaskWaker>,
    /// Woken when a queue that was full has room again, or is closed.
    pub(super) producer: AtomicWaker,
}

/// What a closed port has left: what was in hand, and what waited.
type Left<M, O> = (Vec<Unsettled<M, O>>, VecDeque<(M, O)>);

struct State<M: Message, O> {
    queue: VecDeque<(M, O)>,
    /// The outcomes of what was handed to a handler.
    outstanding: Outstanding<Unsettled<M, O>>,
    was_full: bool,
    closed: Option<Exit>,
}

impl<M: Message, O> Shared<M, O> {
    /// Has the generation in charge look.
    pub(super) fn call(&self) {
        self.ready.store(true, SeqCst);
        self.consumer.wake();
    }
}

impl<M: Message, O: Outcome<M>> Shared<M, O> {
    /// The next wanted message, from now on in the hands of `life`; `None` if nothing
    /// waits for it.
    pub(super) fn take(&self, life: u64, is_in_charge: impl Fn() -> bool) -> Option<(M, Handling)> {
        loop {
            let mut state = self.state.lock();
            // Whoever gives the life up looks here after it ended its charge.
            if !is_in_charge() {
                return None;
            }
            let (message, outcome) = state.queue.pop_front()?;
            let handling = state.outstanding.enter(life);
            let has_room = state.was_full && state.queue.len() <= self.capacity / 2;
            if has_room {
                state.was_full = false;
            }
            drop(state);
            if has_room {
                self.producer.wake();
            }
            // No handler saw the message: a panic here must not be the actor's.
            let is_wanted = survive("an outcome", || outcome.wanted()).unwrap_or(true);
            let answer = None;
            let unsettled = Unsettled { outcome, answer };
            let mut state = self.state.lock();
            let (unsettled, loss) = if is_wanted {
                match state.outstanding.take_back(handling, unsettled) {
                    None => return Some((message, handling)),
                    Some((orphan, exit)) => (orphan, Loss::Crashed(exit)),
                }
            } else {
                state.outstanding.forget(handling);
                (unsettled, Loss::Unwanted)
            };
            drop(state);
            survive("the drop of a message", || drop(message));
            survive("an outcome", || unsettled.lose(loss));
        }
    }

    /// Takes the outcome of a message to tell it; `None` if that was done.
    pub(super) fn settle(&self, handling: Handling) -> Option<Unsettled<M, O>> {
        self.state.lock().outstanding.remove(handling)
    }

    /// The handler returned without a result, which is to come this way. `false` if
    /// its outcome was told already.
    pub(super) fn defer(&self, handling: Handling, answer: Receiver<M::Result>) -> bool {
        let mut state = self.state.lock();
        if let Some(unsettled) = state.outstanding.here(handling) {
            unsettled.answer = Some(answer);
            return true;
        }
        drop(state);
        drop(answer);
        false
    }

    /// The outcome with the answer that was deferred, `None` if there is none; nothing
    /// if it was told already.
    pub(super) fn poll_answer(
        &self,
        handling: Handling,
        task: &mut Task<'_>,
    ) -> Poll<Option<(O, Option<M::Result>)>> {
        let mut state = self.state.lock();
        let Some(unsettled) = state.outstanding.here(handling) else {
            return Poll::Ready(None);
        };
        let answer = ready!(unsettled.poll_answer(task));
        let unsettled = state.outstanding.remove(handling);
        Poll::Ready(unsettled.map(|unsettled| (unsettled.outcome, answer)))
    }

    /// Asks an outcome something, outside the lock. `None` if it was told already.
    pub(super) fn ask<T>(&self, handling: Handling, question: impl FnOnce(&O) -> T) -> Option<T> {
        let unsettled = self.state.lock().outstanding.lend(handling)?;
        let answer = question(&unsettled.outcome);
        let orphan = self.state.lock().outstanding.take_back(handling, unsettled);
        if let Some((unsettled, exit)) = orphan {
            unsettled.lose(Loss::Crashed(exit));
        }
        Some(answer)
    }

    /// The outcomes that ended with the generation `life`, in the order in which
    /// their messages were taken.
    pub(super) fn end(&self, life: u64, exit: &Exit) -> Vec<Unsettled<M, O>> {
        let outstanding = &mut self.state.lock().outstanding;
        outstanding.end(exit, |of| of == life)
    }

    /// Takes nothing any more.
    pub(super) fn close(&self, exit: &Exit) -> Left<M, O> {
        let mut state = self.state.lock();
        state.closed.get_or_insert_with(|| exit.clone());
        let in_hand = state.outstanding.end(exit, |_| true);
        let waiting = std::mem::take(&mut state.queue);
        (in_hand, waiting)
    }

    /// Takes messages again.
    pub(super) fn reopen(&self) {
        self.state.lock().closed = None;
    }

    /// Nothing is in it.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.queue.is_empty() && state.outstanding.is_empty()
    }
}
