//! Ports: bounded batch queues from sockets into actors.
//!
//! A port lies in the actor's slot beside the mailbox and is polled by the
//! actor's context, which calls the ordinary `Handler<M>`: no envelope per
//! message, and no orphan-rule trouble, since the type is erased where the port
//! is made.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context as Task, Poll, Waker, ready};

use actix::{Actor, Handler, Message};
use tokio::sync::oneshot::Receiver;

use super::Slot;
use super::again::Hold;
use super::closing::drop_each;
use super::door::PortDoor;
use super::late::Unsettled;
use super::outcome::{Loss, Outcome};
use super::outstanding::{Handling, Outstanding};
use super::task_waker::TaskWaker;
use crate::execution::Execution;
use crate::exit::Exit;
use crate::panics::survive;
use crate::sync::{Arc, AtomicBool, AtomicWaker, Mutex};

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
                again: BTreeMap::new(),
                taken: 0,
                holds: 0,
                outstanding: Outstanding::default(),
                was_full: false,
                closed: None,
            }),
            capacity,
            ready: AtomicBool::new(false),
            consumer: slot.waker().clone(),
            producer: AtomicWaker::new(),
        });
        slot.add_door(Arc::new(PortDoor::new(shared.clone())));
        Port { shared }
    }

    /// How many messages the port takes now. When it is none, the waker given to
    /// [`on_room`](Self::on_room) is woken once there is room.
    pub fn room(&self) -> usize {
        let mut state = self.shared.state.lock();
        let room = self.shared.capacity.saturating_sub(state.waiting());
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
        if state.waiting() >= self.shared.capacity {
            state.was_full = true;
            return Err(PortRefusal::Full(message, outcome));
        }
        state.queue.push_back((message, outcome));
        let first = state.waiting() == 1;
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

/// What was in hand, in the order in which it was taken, if there was any.
pub(super) type Lost<M, O> = (Vec<Unsettled<M, O>>, Hold<M, O>);

/// What a closed port has left: what was in hand, and what waited.
type Left<M, O> = (Option<Lost<M, O>>, Vec<(M, O)>);

struct State<M: Message, O> {
    queue: VecDeque<(M, O)>,
    /// What is to be handled again, before the queue, each in its place.
    again: BTreeMap<u64, (M, O)>,
    /// How many came out of the queue: the place of the last of them.
    taken: u64,
    /// How many [`Hold`]s there are.
    holds: usize,
    /// The outcomes of what was handed to a handler.
    outstanding: Outstanding<Unsettled<M, O>>,
    was_full: bool,
    closed: Option<Exit>,
}

impl<M: Message, O> State<M, O> {
    fn waiting(&self) -> usize {
        self.again.len() + self.queue.len()
    }

    /// Somebody asks what is to be handled again, or is to be asked.
    fn is_held(&self) -> bool {
        self.holds > 0 || self.outstanding.has_orphans()
    }

    /// What is to be handled next, and its place.
    fn pop(&mut self) -> Option<(u64, (M, O))> {
        if let Some(again) = self.again.pop_first() {
            return Some(again);
        }
        let next = self.queue.pop_front()?;
        self.taken += 1;
        Some((self.taken, next))
    }

    fn hold(&mut self, shared: &Arc<Shared<M, O>>) -> Hold<M, O> {
        self.holds += 1;
        Hold::new(shared.clone())
    }

    /// The outcomes of the lives that ended with `exit`.
    fn end(
        &mut self,
        shared: &Arc<Shared<M, O>>,
        exit: &Exit,
        has_ended: impl Fn(u64) -> bool,
    ) -> Option<Lost<M, O>> {
        let in_hand = self.outstanding.end(exit, has_ended);
        (!in_hand.is_empty()).then(|| (in_hand, self.hold(shared)))
    }
}

impl<M: Message, O> Shared<M, O> {
    /// Has the generation in charge look.
    pub(super) fn call(&self) {
        self.ready.store(true, SeqCst);
        self.consumer.wake();
    }

    /// Puts a message back in its place; one that a closed port does not take comes
    /// back, with the exit. The port is held meanwhile.
    pub(super) fn put_back(&self, place: u64, message: M, outcome: O) -> Option<(M, O, Exit)> {
        let mut state = self.state.lock();
        if let Some(exit) = state.closed.clone() {
            return Some((message, outcome, exit));
        }
        state.again.insert(place, (message, outcome));
        None
    }

    /// A [`Hold`] is dropped.
    pub(super) fn release(&self) {
        self.state.lock().holds -= 1;
        self.call();
    }
}

impl<M: Message, O: Outcome<M>> Shared<M, O> {
    /// The next wanted message, from now on in the hands of `life`; `None` if nothing
    /// waits for it.
    pub(super) fn take(
        self: &Arc<Self>,
        life: u64,
        is_in_charge: impl Fn() -> bool,
    ) -> Option<(M, Handling)> {
        loop {
            let mut state = self.state.lock();
            // Whoever gives the life up looks here after it ended its charge.
            if !is_in_charge() || state.is_held() {
                return None;
            }
            let (place, (message, outcome)) = state.pop()?;
            let handling = state.outstanding.enter(life);
            let has_room = state.was_full && state.waiting() <= self.capacity / 2;
            if has_room {
                state.was_full = false;
            }
            drop(state);
            if has_room {
                self.producer.wake();
            }
            // No handler saw the message: a panic here must not be the actor's.
            let is_wanted = survive("an outcome", || outcome.wanted()).unwrap_or(true);
            if is_wanted {
                let unsettled = Unsettled {
                    outcome,
                    answer: None,
                    place,
                };
                let Some((loss, (orphan, hold))) = self.take_back(handling, unsettled) else {
                    return Some((message, handling));
                };
                drop_each(hold.lose(orphan, &loss).into_iter().chain([message]));
                continue;
            }
            self.state.lock().outstanding.forget(handling);
            // The successor of a life that was given up had to wait for this.
            if !is_in_charge() {
                self.call();
            }
            survive("the drop of a message", || drop(message));
            survive("an outcome", || outcome.lost(Loss::Unwanted));
        }
    }

    /// Puts a lent outcome back, or hands it over to be lost: its life ended meanwhile.
    fn take_back(
        self: &Arc<Self>,
        handling: Handling,
        unsettled: Unsettled<M, O>,
    ) -> Option<(Loss, Lost<M, O>)> {
        let mut state = self.state.lock();
        let (orphan, exit) = state.outstanding.take_back(handling, unsettled)?;
        Some((Loss::Crashed(exit), (vec![orphan], state.hold(self))))
    }

    /// Takes the outcome of a message to tell it; `None` if that was done.
    pub(super) fn settle(&self, handling: Handling) -> Option<Unsettled<M, O>> {
        self.state.lock().outstanding.remove(handling)
    }

    /// Takes the outcome of a message that may be handled again; `None` if it was told.
    pub(super) fn give_up(self: &Arc<Self>, handling: Handling) -> Option<Lost<M, O>> {
        let mut state = self.state.lock();
        let unsettled = state.outstanding.remove(handling)?;
        Some((vec![unsettled], state.hold(self)))
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
    pub(super) fn ask<T>(
        self: &Arc<Self>,
        handling: Handling,
        question: impl FnOnce(&O) -> T,
    ) -> Option<T> {
        let unsettled = self.state.lock().outstanding.lend(handling)?;
        let answer = question(&unsettled.outcome);
        if let Some((loss, (orphan, hold))) = self.take_back(handling, unsettled) {
            drop_each(hold.lose(orphan, &loss));
        }
        Some(answer)
    }

    /// The outcomes that ended with the generation `life`, in the order in which
    /// their messages were taken.
    pub(super) fn end(self: &Arc<Self>, life: u64, exit: &Exit) -> Option<Lost<M, O>> {
        self.state.lock().end(self, exit, |of| of == life)
    }

    /// Takes nothing any more.
    pub(super) fn close(self: &Arc<Self>, exit: &Exit) -> Left<M, O> {
        let mut state = self.state.lock();
        state.closed.get_or_insert_with(|| exit.clone());
        let lost = state.end(self, exit, |_| true);
        let again = std::mem::take(&mut state.again).into_values();
        let waiting = again.chain(std::mem::take(&mut state.queue)).collect();
        (lost, waiting)
    }

    /// Takes messages again.
    pub(super) fn reopen(&self) {
        self.state.lock().closed = None;
    }

    /// Nothing is in it.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.waiting() == 0 && state.outstanding.is_empty()
    }
}
