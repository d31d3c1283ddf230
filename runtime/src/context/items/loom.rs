//! Models of the wakers of an actor's futures, run by `check` with `--cfg treewire_loom`.

use std::future::poll_fn;
use std::task::Poll;

use super::*;
use crate::model::{block_on, check, thread};

struct Nobody;

impl Actor for Nobody {
    type Context = Context<Nobody>;
}

/// One future, which was polled once and is pending, with its waker.
fn one_pending(task: &Arc<TaskWaker>) -> (Items<Nobody>, Waker) {
    let mut items = Items::new(task.clone());
    let handle = SpawnHandle::default().next();
    items.insert(handle, Box::pin(actix::fut::ready(())), None);
    let (key, future, waker, _) = items.take_ready().unwrap();
    items.put_back(key, Some(future));
    (items, waker)
}

#[test]
fn a_wake_up_in_the_middle_of_a_poll_leads_to_another() {
    check(|| {
        let task = Arc::new(TaskWaker::default());
        let (mut items, waker) = one_pending(&task);
        let done = Arc::new(AtomicBool::new(false));
        let other = {
            let done = done.clone();
            thread::spawn(move || {
                // What was done before the wake-up is seen by the poll after it,
                // by virtue of the wake-up alone.
                done.store(true, std::sync::atomic::Ordering::Relaxed);
                waker.wake();
            })
        };
        block_on(poll_fn(|polled| {
            task.register(1, polled.waker());
            for _ in 0..items.ready_count() {
                let Some((key, future, ..)) = items.take_ready() else {
                    break;
                };
                if done.load(std::sync::atomic::Ordering::Relaxed) {
                    return Poll::Ready(());
                }
                items.put_back(key, Some(future));
            }
            Poll::Pending
        }));
        other.join().unwrap();
    });
}

#[test]
fn a_future_that_is_woken_twice_is_queued_once() {
    check(|| {
        let task = Arc::new(TaskWaker::default());
        let (mut items, waker) = one_pending(&task);
        let others = [waker.clone(), waker].map(|waker| thread::spawn(move || waker.wake()));
        assert!(items.ready_count() <= 1);
        if let Some((key, future, ..)) = items.take_ready() {
            items.put_back(key, Some(future));
        }
        for other in others {
            other.join().unwrap();
        }
        assert!(items.ready_count() <= 1);
    });
}
