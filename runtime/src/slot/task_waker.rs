use std::task::Waker;

use crate::sync::Mutex;

/// Wakes the task of the generation in charge.
///
/// One that was given up with its thread may still be polled when that is let go
/// of; it must not catch the wake-ups of its successor.
#[derive(Debug, Default)]
pub(crate) struct TaskWaker(Mutex<Registered>);

#[derive(Debug, Default)]
struct Registered {
    life: u64,
    waker: Option<Waker>,
}

impl TaskWaker {
    /// The next [`wake`](Self::wake) wakes the task of `life`, unless a later
    /// life has registered.
    ///
    /// `false` if that was so before: nothing woke it meanwhile.
    pub(crate) fn register(&self, life: u64, waker: &Waker) -> bool {
        let mut registered = self.0.lock();
        if life < registered.life {
            return true;
        }
        registered.life = life;
        match &mut registered.waker {
            Some(known) if known.will_wake(waker) => false,
            known => {
                let known = known.replace(waker.clone());
                drop(registered);
                // A task may end with its last waker.
                drop(known);
                true
            }
        }
    }

    pub(crate) fn wake(&self) {
        let waker = self.0.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;
    use crate::sync::Arc;

    struct Count(Mutex<u32>);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            *self.0.lock() += 1;
        }
    }

    #[test]
    fn a_life_that_was_given_up_does_not_catch_the_wake_ups_of_its_successor() {
        let [old, new] = [(); 2].map(|()| Arc::new(Count(Mutex::new(0))));
        let task = TaskWaker::default();
        task.register(1, &old.clone().into());
        task.wake();
        task.register(1, &old.clone().into());
        task.register(2, &new.clone().into());
        task.register(1, &old.clone().into());
        task.wake();
        task.wake();
        assert_eq!((*old.0.lock(), *new.0.lock()), (1, 1));
    }
}
