//! How a world notices that nothing in it can run.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use super::standstill::Standstill;

/// How long a test may wait in its own time without being woken.
pub(super) const PATIENCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often the runtime is let run before the world counts as calm: tasks that
/// were spawned on it, not in the world, are not seen otherwise.
const ROUNDS: u32 = 8;

/// The waker of everything in a world.
#[derive(Default)]
pub(super) struct Calm {
    /// Something became runnable since the last look.
    woken: AtomicBool,
    runtime: AtomicWaker,
    waiting: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Wake for Calm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, SeqCst);
        self.runtime.wake();
    }
}

impl Calm {
    /// Completes when nothing in the world can run without time passing.
    pub(super) fn comes(&self) -> impl Future<Output = ()> + use<> {
        let (calm, is_calm) = oneshot::channel();
        self.waiting.lock().push(calm);
        async {
            // It is told, or the world ends.
            let _ = is_calm.await;
        }
    }

    fn is_awaited(&self) -> bool {
        !self.waiting.lock().is_empty()
    }

    fn tell(&self) {
        for waiting in std::mem::take(&mut *self.waiting.lock()) {
            // Whoever waited may have gone.
            let _ = waiting.send(());
        }
    }

    /// Runs a test and all that it spawns. Whenever none of it can run, the paused
    /// clock of the runtime goes on to the next timer.
    pub(super) async fn run<T>(self: &Arc<Self>, test: impl Future<Output = T>) -> T {
        let tasks = LocalSet::new();
        let test_woken = AtomicBool::new(true);
        let mut test = pin!(test);
        let watched = poll_fn(|task| {
            test_woken.store(true, SeqCst);
            test.as_mut().poll(task)
        });
        let mut running = pin!(tasks.run_until(watched));
        let mut patience = pin!(sleep(PATIENCE));
        let waker = Waker::from(self.clone());
        let mut calm_rounds = 0;
        let world_now = || Instant::now().into_std();
        let mut standstill = Standstill::new(world_now(), std::time::Instant::now());
        self.woken.store(true, SeqCst);
        poll_fn(|runtime| {
            self.runtime.register(runtime.waker());
            if self.woken.swap(false, SeqCst) {
                calm_rounds = 0;
                // A watchdog: only here the machine's time counts.
                if standstill.is_endless(world_now(), std::time::Instant::now()) {
                    panic!("something in the world keeps waking itself, so that no time passes");
                }
                let result = running.as_mut().poll(&mut Context::from_waker(&waker));
                if result.is_ready() {
                    return result;
                }
            }
            if test_woken.swap(false, SeqCst) {
                patience.as_mut().reset(Instant::now() + PATIENCE);
            }
            if patience.as_mut().poll(runtime).is_ready() {
                panic!("the test waits for something that never comes");
            }
            if self.is_awaited() && !self.woken.load(SeqCst) {
                calm_rounds += 1;
                if calm_rounds < ROUNDS {
                    runtime.waker().wake_by_ref();
                } else {
                    self.tell();
                }
            }
            Poll::Pending
        })
        .await
    }
}
