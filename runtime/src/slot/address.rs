//! actix's own channel, which serves raw `Addr`s and `Recipient`s: a door like a
//! port's, made when somebody asks for an address.

use std::iter;
use std::pin::Pin;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context as Task, Poll, Wake, Waker};

use actix::dev::EnvelopeProxy;
use actix::dev::channel::{AddressReceiver, channel};
use actix::{Actor, Addr, AsyncContext};
use futures_util::Stream;

use super::closing::{Closing, drop_each, nothing};
use super::door::Door;
use super::outcome::{Loss, Origin};
use super::outstanding::Handling;
use super::slice::Slice;
use super::task_waker::TaskWaker;
use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::exit::Exit;
use crate::panics::survive;
use crate::sync::{Arc, AtomicBool, Mutex};

/// How many may wait before `Addr::try_send` refuses; actix keeps it loosely.
const CAPACITY: usize = 16;

/// How many are taken out of a closed door one by one; nobody may keep it open.
const FLOOD: usize = 1 << 16;

pub(super) struct AddressDoor<A: Actor> {
    receiver: Arc<Receiver<A>>,
    arrival: Arc<Arrival>,
    waker: Waker,
}

struct Receiver<A: Actor> {
    /// Locked to take a message, never while one is handled; that wakes whoever waits
    /// for room, so the control thread must not wait for it. `None` once closed.
    channel: Mutex<Option<AddressReceiver<A>>>,
    /// Nothing is handled any more.
    closed: AtomicBool,
}

/// Says that there is something to take, so that a poll need not look.
struct Arrival {
    any: AtomicBool,
    consumer: Arc<TaskWaker>,
}

impl<A: Actor<Context: Execution<A>>> AddressDoor<A> {
    pub(super) fn open(consumer: Arc<TaskWaker>) -> (Addr<A>, Self) {
        let (sender, receiver) = channel(CAPACITY);
        let arrival = Arc::new(Arrival {
            any: AtomicBool::new(true),
            consumer,
        });
        let door = AddressDoor {
            receiver: Arc::new(Receiver {
                channel: Mutex::new(Some(receiver)),
                closed: AtomicBool::new(false),
            }),
            waker: arrival.clone().into(),
            arrival,
        };
        (Addr::new(sender), door)
    }

    /// Pending if something may be left.
    fn handle_all(
        &self,
        slice: &mut Slice<'_>,
        actor: &mut A,
        context: &mut A::Context,
    ) -> Poll<()> {
        while !context.waiting() && !slice.is_spent() {
            let Some(mut envelope) = self.take() else {
                return Poll::Ready(());
            };
            slice.count();
            envelope.handle(actor, context);
            if context.passed_over() {
                slice.pass_over();
            }
        }
        Poll::Pending
    }

    fn take(&self) -> Option<impl EnvelopeProxy<A> + use<A>> {
        let mut channel = self.receiver.channel.lock();
        match self.receiver.closed.load(SeqCst) {
            false => next(channel.as_mut()?, &self.waker),
            true => None,
        }
    }
}

fn next<A: Actor>(
    channel: &mut AddressReceiver<A>,
    waker: &Waker,
) -> Option<impl EnvelopeProxy<A> + use<A>> {
    match Pin::new(channel).poll_next(&mut Task::from_waker(waker)) {
        Poll::Ready(envelope) => envelope,
        Poll::Pending => None,
    }
}

impl<A: Actor<Context: Execution<A>>> Door<A> for AddressDoor<A> {
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut A::Context) {
        if !self.arrival.any.swap(false, SeqCst) {
            return;
        }
        if self.handle_all(slice, actor, context).is_pending() {
            self.arrival.any.store(true, SeqCst);
        }
        // Its successor may have come by while this one had the flag.
        if !slice.is_in_charge() {
            self.arrival.wake_by_ref();
        }
    }

    fn origin(&self, _: Handling) -> Option<Arc<dyn Origin>> {
        None
    }

    fn lose(&self, _: Handling, _: Loss) {}

    fn crashed(&self, _: u64, _: &Exit) -> Closing {
        // The next generation looks at once at what waits.
        self.arrival.any.store(true, SeqCst);
        nothing()
    }

    fn discard(&self) -> u64 {
        let mut discarded = 0;
        while let Some(envelope) = self.take() {
            discarded += 1;
            survive("the drop of a message", || drop(envelope));
        }
        discarded
    }

    fn close(&self, _: &Exit) -> Closing {
        self.receiver.closed.store(true, SeqCst);
        let receiver = self.receiver.clone();
        Box::new(move || {
            let Some(mut channel) = receiver.channel.lock().take() else {
                return Box::new(|| {});
            };
            let mut left = Vec::new();
            survive("the waker of a sender", || {
                let waiting = iter::from_fn(|| next(&mut channel, Waker::noop()));
                left.extend(waiting.take(FLOOD));
                // Every address sees it closed then.
                drop(channel);
            });
            // Whoever asked is told by the drop of the message.
            Box::new(move || drop_each(left))
        })
    }

    fn reopen(&self) {}

    fn is_abandoned(&self) -> bool {
        self.receiver.closed.load(SeqCst)
    }
}

impl Wake for Arrival {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.any.store(true, SeqCst);
        self.consumer.wake();
    }
}
