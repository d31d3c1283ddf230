//! actix's own channel, which serves raw `Addr`s and `Recipient`s: a door like a
//! port's, made when somebody asks for an address.

use std::pin::Pin;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context as Task, Poll, Wake, Waker};

use actix::dev::EnvelopeProxy;
use actix::dev::channel::{AddressReceiver, channel};
use actix::{Actor, Addr, AsyncContext};
use futures_util::Stream;

use super::door::{Closing, Door};
use super::outstanding::Handling;
use super::port::{Loss, Origin};
use super::slice::Slice;
use super::task_waker::TaskWaker;
use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::exit::Exit;
use crate::panics::survive;
use crate::sync::{Arc, AtomicBool, Mutex};

/// How many may wait before `Addr::try_send` refuses; actix keeps it loosely.
const CAPACITY: usize = 16;

pub(super) struct AddressDoor<A: Actor> {
    /// Locked to take a message, never while one is handled. `None` once closed.
    receiver: Mutex<Option<AddressReceiver<A>>>,
    arrival: Arc<Arrival>,
    waker: Waker,
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
            receiver: Mutex::new(Some(receiver)),
            waker: arrival.clone().into(),
            arrival,
        };
        (Addr::new(sender), door)
    }

    fn take(&self) -> Option<impl EnvelopeProxy<A> + use<A>> {
        let mut receiver = self.receiver.lock();
        let mut task = Task::from_waker(&self.waker);
        match Pin::new(receiver.as_mut()?).poll_next(&mut task) {
            Poll::Ready(envelope) => envelope,
            Poll::Pending => None,
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Door<A> for AddressDoor<A> {
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut A::Context) {
        if !self.arrival.any.swap(false, SeqCst) {
            return;
        }
        while !context.waiting() && !slice.is_spent() {
            let Some(mut envelope) = self.take() else {
                return;
            };
            slice.count();
            envelope.handle(actor, context);
            if context.passed_over() {
                slice.pass_over();
            }
        }
        self.arrival.any.store(true, SeqCst);
    }

    fn origin(&self, _: Handling) -> Option<Arc<dyn Origin>> {
        None
    }

    fn lose(&self, _: Handling, _: Loss) {}

    fn crashed(&self, _: u64, _: &Exit) {
        // The next generation looks at once at what waits.
        self.arrival.any.store(true, SeqCst);
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
        let receiver = self.receiver.lock().take();
        // Whoever asked sees it closed then, and so does every address.
        Box::new(|| {
            survive("the drop of a message", || drop(receiver));
        })
    }

    fn reopen(&self) {}

    fn is_abandoned(&self) -> bool {
        self.receiver.lock().is_none()
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
