use std::future::poll_fn;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::task::{Poll, Wake, Waker};

use super::super::TaskWaker;
use crate::model::{block_on, check, thread};
use crate::sync::{Arc, AtomicBool, AtomicUsize};

#[test]
fn what_was_there_before_the_wake_up_is_seen() {
    check(|| {
        let task = Arc::new(TaskWaker::default());
        let there = Arc::new(AtomicUsize::new(0));
        let sender = {
            let (task, there) = (task.clone(), there.clone());
            thread::spawn(move || {
                there.store(1, Release);
                task.wake();
            })
        };
        block_on(poll_fn(|polled| {
            task.register(1, polled.waker());
            match there.load(Acquire) {
                0 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        }));
        sender.join().unwrap();
    });
}

/// Remembers that it was called.
#[derive(Default)]
struct Called(AtomicBool);

impl Wake for Called {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Release);
    }
}

#[test]
fn a_life_that_was_given_up_does_not_catch_its_successors_wake_ups() {
    check(|| {
        let task = Arc::new(TaskWaker::default());
        let old: Arc<Called> = Arc::default();
        let released = {
            let (task, old) = (task.clone(), Waker::from(old));
            thread::spawn(move || task.register(1, &old))
        };
        let sender = {
            let task = task.clone();
            thread::spawn(move || task.wake())
        };
        let new: Arc<Called> = Arc::default();
        task.register(2, &Waker::from(new.clone()));
        sender.join().unwrap();
        released.join().unwrap();
        task.wake();
        assert!(new.0.load(Acquire));
    });
}

#[test]
fn who_is_polled_though_nobody_woke_it_misses_nothing() {
    check(|| {
        let task = Arc::new(TaskWaker::default());
        let there = Arc::new(AtomicUsize::new(0));
        let sender = {
            let (task, there) = (task.clone(), there.clone());
            thread::spawn(move || {
                there.store(1, Release);
                task.wake();
            })
        };
        let called: Arc<Called> = Arc::default();
        let waker = Waker::from(called.clone());
        task.register(1, &waker);
        let mut is_seen = there.load(Acquire) == 1;
        // A life that stays awake looks only if somebody woke it.
        called.0.store(false, Release);
        if task.register(1, &waker) {
            is_seen |= there.load(Acquire) == 1;
        }
        sender.join().unwrap();
        assert!(is_seen || called.0.load(Acquire));
    });
}
