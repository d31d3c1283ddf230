//! Ports: bounded batch queues from sockets into actors.
//!
//! A port lies in the actor's slot beside the mailbox and is polled by the
//! actor's context, which calls the ordinary `Handler<M>`: no envelope per
//! message, and no orphan-rule trouble, since the type is erased where the port
//! is made.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::Waker;

use actix::dev::MessageResponse;
use actix::{Actor, AsyncContext, Handler, Message};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::late::Late;
use super::{Slice, Slot};
use crate::context::Context;
use crate::exit::Exit;

/// Who is told what became of a message that went through a port.
///
/// Exactly one of the methods is called, once, unless the message was skipped
/// because it was no longer [`wanted`](Outcome::wanted); then it is dropped.
pub trait Outcome<M: Message>: Send + 'static {
    /// The handler's result: on return for a plain one, when it resolves for a future.
    fn handled(self, result: M::Result);

    /// There is no result, and why.
    fn lost(self, loss: Loss);

    /// Whether the message is to be handled at all when its turn comes.
    fn wanted(&self) -> bool {
        true
    }
}

/// Why a message that went through a port has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The generation that was handling it ended.
    Crashed(Exit),
    /// The actor stopped for good before it was handled.
    Stopped(Exit),
    /// The handler let go of it without an answer.
    Unanswered,
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

struct Shared<M, O> {
    state: Mutex<State<M, O>>,
    capacity: usize,
    /// Set when the queue became non-empty, so that a poll need not lock an idle port.
    ready: AtomicBool,
    consumer: Arc<AtomicWaker>,
    /// Woken when a queue that was full has room again.
    producer: AtomicWaker,
}

struct State<M, O> {
    queue: VecDeque<(M, O)>,
    in_hand: Option<O>,
    was_full: bool,
    closed: Option<Exit>,
}

impl<M, O> Port<M, O>
where
    M: Message + Send + 'static,
    M::Result: Send,
    O: Outcome<M>,
{
    pub(crate) fn open<A>(slot: &Slot<A>, capacity: usize) -> Self
    where
        A: Actor<Context = Context<A>> + Handler<M>,
    {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                in_hand: None,
                was_full: false,
                closed: slot.closed(),
            }),
            capacity,
            ready: AtomicBool::new(false),
            consumer: slot.waker.clone(),
            producer: AtomicWaker::new(),
        });
        slot.add_door(Arc::new(PortDoor {
            shared: shared.clone(),
            actor: PhantomData,
        }));
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
            self.shared.ready.store(true, SeqCst);
            self.shared.consumer.wake();
        }
        Ok(())
    }

    /// Who is woken when a port that refused a message has room again. There is
    /// one such place; a later call replaces the earlier.
    pub fn on_room(&self, waker: &Waker) {
        self.shared.producer.register(waker);
    }
}

/// A port as the context of its actor sees it.
pub(crate) trait Door<A: Actor<Context = Context<A>>>: Send + Sync {
    /// Handles what waits, until it is empty or the slice is spent.
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut Context<A>);

    /// The generation ended; a message that was in hand is lost with it.
    fn crashed(&self, exit: &Exit);

    /// No generation follows.
    fn close(&self, exit: &Exit);

    /// Nothing waits, and nobody can send any more.
    fn is_abandoned(&self) -> bool;
}

pub(crate) struct PortDoor<A, M, O> {
    shared: Arc<Shared<M, O>>,
    actor: PhantomData<fn(A)>,
}

impl<A, M, O> Door<A> for PortDoor<A, M, O>
where
    A: Actor<Context = Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
    O: Outcome<M>,
{
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut Context<A>) {
        if !self.shared.ready.swap(false, SeqCst) {
            return;
        }
        while !context.waiting() {
            if slice.is_spent() {
                self.shared.ready.store(true, SeqCst);
                return;
            }
            let Some(message) = self.take() else { return };
            slice.count();
            let (sender, mut receiver) = oneshot::channel();
            actor.handle(message, context).handle(context, Some(sender));
            let Some(outcome) = self.shared.state.lock().in_hand.take() else {
                continue;
            };
            match receiver.try_recv() {
                Ok(result) => outcome.handled(result),
                Err(TryRecvError::Closed) => outcome.lost(Loss::Unanswered),
                Err(TryRecvError::Empty) => {
                    context.spawn(Late {
                        receiver,
                        outcome: Some(outcome),
                        last_exit: context.slot().last_exit(),
                        life: context.life(),
                        message: PhantomData,
                    });
                }
            }
        }
        self.shared.ready.store(true, SeqCst);
    }

    fn crashed(&self, exit: &Exit) {
        let in_hand = self.shared.state.lock().in_hand.take();
        if let Some(outcome) = in_hand {
            outcome.lost(Loss::Crashed(exit.clone()));
        }
        // The next generation looks at once at what waits.
        self.shared.ready.store(true, SeqCst);
    }

    fn close(&self, exit: &Exit) {
        let queue = {
            let mut state = self.shared.state.lock();
            state.closed.get_or_insert_with(|| exit.clone());
            std::mem::take(&mut state.queue)
        };
        for (_, outcome) in queue {
            outcome.lost(Loss::Stopped(exit.clone()));
        }
        self.shared.producer.wake();
    }

    fn is_abandoned(&self) -> bool {
        let state = self.shared.state.lock();
        Arc::strong_count(&self.shared) == 1 && state.queue.is_empty() && state.in_hand.is_none()
    }
}

impl<A, M, O> PortDoor<A, M, O>
where
    M: Message,
    O: Outcome<M>,
{
    /// The next wanted message; its outcome is in hand until it is handled.
    fn take(&self) -> Option<M> {
        loop {
            let mut state = self.shared.state.lock();
            let (message, outcome) = state.queue.pop_front()?;
            let has_room = state.was_full && state.queue.len() <= self.shared.capacity / 2;
            if has_room {
                state.was_full = false;
            }
            let wanted = outcome.wanted();
            if wanted {
                state.in_hand = Some(outcome);
            }
            drop(state);
            if has_room {
                self.shared.producer.wake();
            }
            if wanted {
                return Some(message);
            }
        }
    }
}
