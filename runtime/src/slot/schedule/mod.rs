//! Messages that are to come at a time. They lie in the slot, so they outlive
//! restarts as what is queued does; the generation in charge keeps one timer.

mod timetable;

use std::any::type_name;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Weak;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use actix::dev::MessageResponse;
use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, AsyncContext, Handler, Message, SpawnHandle};

use super::closing::{Closing, drop_each, nothing};
use super::door::Door;
use super::outcome::{Loss, Origin};
use super::outstanding::Handling;
use super::{Author, Slice, Slot};
use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::exit::Exit;
use crate::observe::DropCause;
use crate::panics::survive;
use crate::sync::{Arc, AtomicBool, AtomicU64, Mutex};
use timetable::{Due, Timetable};

/// The scheduled messages of one actor, as a door to it.
pub(super) struct Schedule<A: Actor<Context: Execution<A>>> {
    state: Mutex<State<A>>,
    /// Something lies in it, so that a poll need not lock an empty one.
    any: AtomicBool,
    /// The life whose alarm is set for what is due next, which then need not look
    /// at each poll; zero if somebody has to look.
    armed: Arc<AtomicU64>,
    /// Where what is dropped is counted. The slot has the schedule, so it is there
    /// whenever it has this done.
    slot: Weak<Slot<A>>,
}

struct State<A: Actor<Context: Execution<A>>> {
    table: Timetable<Planned<A>>,
    alarm: Option<Alarm>,
    closed: bool,
}

/// The timer of a generation: a future in its context.
#[derive(Clone, Copy)]
struct Alarm {
    life: u64,
    future: SpawnHandle,
}

/// Hands a message to its handler.
type Deliver<A> = Box<dyn FnOnce(&mut A, &mut <A as Actor>::Context) + Send>;

struct Planned<A: Actor<Context: Execution<A>>> {
    work: Work<A>,
    /// The life that planned it for itself, with which it ends; zero if somebody
    /// else did.
    author: u64,
}

enum Work<A: Actor<Context: Execution<A>>> {
    /// With the name of the message's type.
    Once(Deliver<A>, &'static str),
    Every(Box<dyn FnMut() -> Deliver<A> + Send>),
}

fn deliver<A, M>(message: M) -> Deliver<A>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
{
    Box::new(move |actor, context| actor.handle(message, context).handle(context, None))
}

/// What a [`Scheduled`](crate::Scheduled) needs of a slot.
pub(crate) trait Cancel: Send + Sync {
    /// `false` if it came already, or never will.
    fn cancel(&self, serial: u64) -> bool;
}

impl<A: Actor<Context: Execution<A>>> Slot<A> {
    /// Has one message come after `delay`; its number, for [`Cancel`].
    pub(crate) fn schedule_once<M>(self: &Arc<Self>, delay: Duration, message: M) -> u64
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        let work = Work::Once(deliver(message), type_name::<M>());
        self.schedule(delay, None, work)
    }

    /// Has a message made and come every `period`.
    pub(crate) fn schedule_every<M>(
        self: &Arc<Self>,
        period: Duration,
        mut make: impl FnMut() -> M + Send + 'static,
    ) -> u64
    where
        A: Handler<M>,
        M: Message + Send + 'static,
    {
        let work = Work::Every(Box::new(move || deliver(make())));
        self.schedule(period, Some(period), work)
    }

    fn schedule(self: &Arc<Self>, delay: Duration, period: Option<Duration>, work: Work<A>) -> u64 {
        let schedule = self.schedule.get_or_init(|| {
            let schedule = Schedule::new(self.closed().is_some(), Arc::downgrade(self));
            let schedule = Arc::new(schedule);
            self.add_door(schedule.clone());
            schedule
        });
        let now = self.seat.get().map(|seat| seat.clock().now());
        let author = Author::own_life(&**self);
        let planned = Planned { work, author };
        let mut state = schedule.state.lock();
        if state.closed {
            drop(state);
            self.drop_planned(planned, DropCause::Stopped);
            return 0;
        }
        let before = state.table.first();
        let serial = state.table.enter(now, delay, period, planned);
        let is_first = now.is_none() || state.table.first() != before;
        schedule.any.store(true, Relaxed);
        if is_first {
            schedule.armed.store(0, Relaxed);
        }
        drop(state);
        if is_first {
            self.waker().wake();
        }
        serial
    }

    /// A message that was to come once is lost; one that comes again and again has
    /// not been made yet.
    fn drop_planned(&self, planned: Planned<A>, cause: DropCause) {
        self.count_planned(&planned, cause);
        survive("the drop of a message", || drop(planned));
    }

    fn count_planned(&self, planned: &Planned<A>, cause: DropCause) {
        if let Work::Once(_, message) = planned.work {
            self.count_drop(cause, message);
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Cancel for Slot<A> {
    fn cancel(&self, serial: u64) -> bool {
        let schedule = self.schedule.get();
        let work = schedule.and_then(|schedule| schedule.state.lock().table.cancel(serial));
        // What was cancelled is dropped here, outside the lock.
        work.is_some()
    }
}

impl<A: Actor<Context: Execution<A>>> Schedule<A> {
    fn new(closed: bool, slot: Weak<Slot<A>>) -> Self {
        let state = State {
            table: Timetable::default(),
            alarm: None,
            closed,
        };
        Schedule {
            state: Mutex::new(state),
            any: AtomicBool::new(false),
            armed: Arc::default(),
            slot,
        }
    }

    /// The next message whose time has come.
    fn next(&self, now: Instant, context: &A::Context) -> Option<Deliver<A>> {
        loop {
            let Due {
                work: planned,
                again,
            } = self.state.lock().table.take_due(now)?;
            if planned.author != 0 && planned.author != context.life() {
                if let Some(again) = again {
                    self.state.lock().table.forget(again);
                }
                let cause = DropCause::OwnEarlierGeneration;
                context.slot().drop_planned(planned, cause);
                continue;
            }
            let Planned { work, author } = planned;
            let mut make = match work {
                Work::Once(deliver, _) => return Some(deliver),
                Work::Every(make) => make,
            };
            let message = match catch_unwind(AssertUnwindSafe(&mut make)) {
                Ok(message) => message,
                Err(panic) => {
                    // It is dropped with what it panicked in, and does not come again.
                    if let Some(again) = again {
                        self.state.lock().table.forget(again);
                    }
                    resume_unwind(panic);
                }
            };
            if let Some(again) = again {
                let work = Work::Every(make);
                let planned = Planned { work, author };
                let mut state = self.state.lock();
                let back = state.table.put_back(again, planned);
                // The successor of a life that was given up may have found it empty.
                self.any.store(true, Relaxed);
                drop(state);
                if back.is_err() {
                    continue;
                }
            }
            // The one that is in charge now does not know of what was put back.
            if !context.is_in_charge() {
                self.armed.store(0, Relaxed);
                context.slot().waker().wake();
                return None;
            }
            return Some(message);
        }
    }

    pub(super) fn is_to_be_looked_at(&self, life: u64) -> bool {
        self.any.load(Relaxed) && self.armed.load(Relaxed) != life
    }

    /// Has the generation woken when the next message is due.
    fn set_alarm(&self, context: &mut A::Context) {
        if !context.is_in_charge() {
            return;
        }
        let state = self.state.lock();
        let (first, life) = (state.table.first(), context.life());
        self.any.store(!state.table.is_empty(), Relaxed);
        let own = state.alarm.filter(|alarm| alarm.life == life);
        drop(state);
        if let Some(alarm) = own {
            context.cancel_future(alarm.future);
        }
        let alarm = first.map(|at| {
            let armed = self.armed.clone();
            let sleep = wrap_future(context.clock().sleep_until(at));
            let future = context.spawn(sleep.map(move |(), _, context: &mut A::Context| {
                armed.store(0, Relaxed);
                context.slot().waker().wake();
            }));
            Alarm { life, future }
        });
        let mut state = self.state.lock();
        state.alarm = alarm;
        // Something earlier may have been entered meanwhile; then it woke the actor.
        if first.is_some() && state.table.first() == first {
            self.armed.store(life, Relaxed);
        }
    }
}

impl<A: Actor<Context: Execution<A>>> Door<A> for Schedule<A> {
    fn drain(&self, slice: &mut Slice<'_>, actor: &mut A, context: &mut A::Context) {
        let life = context.life();
        while self.is_to_be_looked_at(life) && !context.waiting() && !slice.is_spent() {
            let now = context.clock().now();
            match self.next(now, context) {
                Some(deliver) => {
                    slice.count();
                    deliver(actor, context);
                }
                None => return self.set_alarm(context),
            }
        }
    }

    fn origin(&self, _: Handling) -> Option<Arc<dyn Origin>> {
        None
    }

    fn lose(&self, _: Handling, _: Loss) {}

    fn crashed(&self, _: u64, _: &Exit) -> Closing {
        nothing()
    }

    fn close(&self, _: &Exit) -> Closing {
        let mut state = self.state.lock();
        state.closed = true;
        self.any.store(false, Relaxed);
        let rows = state.table.clear();
        drop(state);
        let slot = self.slot.upgrade();
        Box::new(move || {
            if let Some(slot) = &slot {
                for planned in &rows {
                    slot.count_planned(planned, DropCause::Stopped);
                }
            }
            Box::new(move || {
                drop_each(rows);
                drop(slot);
            })
        })
    }

    fn reopen(&self) {
        self.state.lock().closed = false;
    }

    fn is_abandoned(&self) -> bool {
        false
    }
}
