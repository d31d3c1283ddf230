use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context as Task;
use std::time::Instant;

use actix::{Actor, AsyncContext};

use super::Execution;
use super::sealed::Generation;
use crate::node::Home;
use crate::observe::DropCause;
use crate::slot::{Door, Pace, Sampling, Slice, Slot};

/// From where the messages of a generation come: the queue behind its `Ref`, and
/// its doors. They take turns.
pub(crate) struct Sources<A: Actor<Context: Execution<A>>> {
    doors: Vec<Arc<dyn Door<A>>>,
    door_version: usize,
    pace: Pace,
    sampling: Sampling,
    /// Whose turn it is: the queue, then the doors.
    next: usize,
    /// When the slice under way began, if it is timed.
    began: Option<Instant>,
}

impl<A: Actor<Context: Execution<A>>> Sources<A> {
    pub(crate) fn new(slot: &Slot<A>) -> Self {
        let (doors, door_version) = slot.doors_and_version();
        Sources {
            doors,
            door_version,
            pace: Pace::default(),
            sampling: Sampling::default(),
            next: 0,
            began: None,
        }
    }

    /// What one poll may spend.
    pub(crate) fn slice<'a>(&mut self, slot: &'a Slot<A>, home: &'a Home) -> Slice<'a> {
        let (clock, limit) = (home.node.clock(), home.node.messages_a_slice());
        self.began = self.sampling.is_due().then(|| clock.now());
        Slice::new(&slot.orders, home.life, clock, self.pace, limit, self.began)
    }

    /// Counts what a poll did.
    pub(crate) fn account(&mut self, slot: &Slot<A>, home: &Home, slice: &Slice<'_>) {
        slot.stats.polls.add(1);
        slot.stats.handled.add(slice.handled());
        let Some(began) = self.began.take() else {
            return;
        };
        let busy = home.node.clock().now() - began;
        self.pace = self.pace.after(busy, slice.messages());
        let polls = self.sampling.timed(busy);
        let busy = busy.as_nanos() as u64;
        slot.stats.busy_nanos.add(busy * u64::from(polls));
        slot.stats.longest_poll_nanos.raise(busy);
    }

    /// One slice's worth of messages. The sources take turns: one that always has
    /// more does not keep the others out.
    pub(crate) fn handle(
        &mut self,
        slot: &Slot<A>,
        home: &Home,
        slice: &mut Slice<'_>,
        actor: &mut A,
        context: &mut A::Context,
    ) {
        if self.door_version != slot.door_version() {
            (self.doors, self.door_version) = slot.doors_and_version();
        }
        let sources = 1 + self.doors.len();
        for _ in 0..sources {
            let source = self.next % sources;
            match source {
                0 => drain_queue(slot, home, slice, actor, context),
                door => {
                    let door = self.doors[door - 1].clone();
                    context.drain(door, slice, actor);
                }
            }
            self.next = (source + 1) % sources;
            if slice.is_spent() {
                break;
            }
        }
    }
}

fn drain_queue<A: Actor<Context: Execution<A>>>(
    slot: &Slot<A>,
    home: &Home,
    slice: &mut Slice<'_>,
    actor: &mut A,
    context: &mut A::Context,
) {
    while !context.waiting() && !slice.is_spent() {
        let Some(parcel) = slot.queue.pop(home.life) else {
            break;
        };
        if parcel.is_from_before(home.life) {
            slot.lose(parcel, DropCause::OwnEarlierGeneration);
            continue;
        }
        slice.count();
        parcel.deliver(home.life, actor, context);
    }
}

/// Has the task polled again. The runtime looks at timers and sockets once in 61
/// polls of whoever wakes itself, which is too long if each takes all its time: such
/// a task comes back after them.
pub(crate) fn come_back(slice: &Slice<'_>, task: &mut Task<'_>) {
    if slice.is_late() {
        // Its first poll is always pending and sees to the second.
        let _ = pin!(tokio::task::yield_now()).poll(task);
    } else {
        task.waker().wake_by_ref();
    }
}
