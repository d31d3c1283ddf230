//! Retries: users' own, and those of supervised children that give up.

use std::cell::Cell;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use actix::prelude::*;
use tokio::time::Instant;
use treewire_runtime::*;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("refused by {0}")]
struct Refused(&'static str);

fn limits() -> Backoff {
    Backoff::default()
        .first(Duration::from_millis(100))
        .ceiling(Duration::from_secs(5))
}

fn retry() -> Retry {
    Retry::new(limits()).seed(11)
}

/// Says that it was dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn distributed_06_the_first_retry_comes_at_once_then_waits_grow_with_jitter_to_the_ceiling() {
    let mut reached = false;
    for seed in 0..100 {
        let mut retry = Retry::new(limits()).seed(seed);
        assert_eq!(retry.next_wait(), Some(Duration::ZERO));
        let mut previous = Duration::ZERO;
        for _ in 0..20 {
            let wait = retry.next_wait().unwrap();
            assert!(wait >= limits().first, "seed {seed}: {wait:?}");
            let most = (previous.max(limits().first) * 3).min(limits().ceiling);
            assert!(wait <= most, "seed {seed}: {wait:?}");
            reached |= wait == limits().ceiling;
            previous = wait;
        }
    }
    assert!(reached);
}

#[test]
fn distributed_06_the_same_seed_gives_the_same_waits() {
    let waits = |seed| {
        let mut retry = Retry::new(limits()).seed(seed);
        (0..10).map(|_| retry.next_wait()).collect::<Vec<_>>()
    };
    assert_eq!(waits(3), waits(3));
    assert_ne!(waits(3), waits(4));
}

#[tokio::test(start_paused = true)]
async fn distributed_06_an_operation_is_tried_until_it_succeeds() {
    let begun = Instant::now();
    let mut tries = Vec::new();
    let operation = || {
        tries.push(begun.elapsed());
        let outcome = match tries.len() {
            1..=4 => Err(Refused("the peer")),
            number => Ok(number),
        };
        async move { outcome }
    };
    assert_eq!(retry().run(operation).await, Ok(5));
    assert_eq!(tries[..2], [Duration::ZERO; 2], "the first retry at once");
    for pair in tries[1..].windows(2) {
        assert!(pair[1] - pair[0] >= limits().first, "{tries:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn distributed_06_a_row_has_its_attempts_and_ends_with_the_last_error() {
    for attempts in [0, 1, 3] {
        let tries = Cell::new(0);
        let retry = Retry::new(limits().attempts(attempts));
        let operation = async || {
            tries.set(tries.get() + 1);
            Err::<(), _>(format!("error {}", tries.get()))
        };
        let last = format!("error {}", attempts + 1);
        let given_up = retry.run(operation).await;
        assert_eq!(given_up, Err(RetryError::Exhausted { attempts, last }));
        assert_eq!(tries.get(), attempts + 1, "the first try is no retry");
    }
}

#[tokio::test(start_paused = true)]
async fn distributed_06_a_fatal_error_stops_at_once_and_a_refusal_waits_for_the_ceiling() {
    let begun = Instant::now();
    let mut errors = VecDeque::from([
        Failure::refused("wrong password"),
        Failure::fatal("no such thing"),
    ]);
    let operation = || {
        let error = errors.pop_front().expect("no try follows a fatal error");
        async move { Err::<(), _>(error) }
    };
    let ended = retry().run_if(operation, Failure::verdict).await;
    assert_eq!(
        ended,
        Err(RetryError::Fatal(Failure::fatal("no such thing")))
    );
    let ceiling = limits().ceiling;
    assert!(begun.elapsed() >= ceiling.mul_f64(0.9));
    assert!(begun.elapsed() <= ceiling + Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn distributed_06_health_or_a_hand_begins_a_new_row() {
    let mut retry = Retry::new(limits().attempts(2));
    retry.wait().await.unwrap();
    retry.wait().await.unwrap();
    let exhausted = GivenUp::Exhausted { attempts: 2 };
    assert_eq!(retry.wait().await, Err(exhausted));
    retry.reset();
    assert_eq!(retry.next_wait(), Some(Duration::ZERO));
    assert!(retry.next_wait().is_some());
    assert_eq!(retry.next_wait(), None);
    retry.handle().reset();
    assert_eq!(retry.next_wait(), Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn distributed_06_a_reset_by_hand_ends_the_wait_under_way() {
    let day = Duration::from_secs(86_400);
    let mut retry = Retry::new(Backoff::default().first(day).ceiling(day).attempts(2));
    retry.wait().await.unwrap();
    let handle = retry.handle();
    let begun = Instant::now();
    let (waited, ()) = tokio::join!(retry.wait(), async {
        tokio::task::yield_now().await;
        handle.reset();
    });
    waited.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(
        retry.next_wait(),
        Some(day),
        "the retry it led to was the first of the new row"
    );
    assert_eq!(retry.next_wait(), None);
}

#[tokio::test(start_paused = true)]
async fn distributed_06_cancel_stops_the_wait_and_its_timer() {
    let day = Duration::from_secs(86_400);
    let retry = Retry::new(Backoff::default().first(day).ceiling(day));
    let handle = retry.handle();
    let begun = Instant::now();
    let tries = Cell::new(0);
    let operation = || {
        tries.set(tries.get() + 1);
        async { Err::<(), _>(()) }
    };
    let (ended, ()) = tokio::join!(retry.run(operation), async {
        while tries.get() < 2 {
            tokio::task::yield_now().await;
        }
        handle.cancel();
    });
    assert_eq!(ended, Err(RetryError::Cancelled));
    assert_eq!((tries.get(), begun.elapsed()), (2, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn distributed_06_a_late_success_after_cancelling_is_ignored() {
    let retry = retry();
    let handle = retry.handle();
    let is_dropped = Arc::new(AtomicBool::new(false));
    let (succeed, success) = tokio::sync::oneshot::channel();
    let mut parts = Some((success, Dropped(is_dropped.clone())));
    let operation = || {
        let (success, dropped) = parts.take().expect("it is tried once");
        async move {
            let _dropped = dropped;
            success.await.map_err(|_| ())
        }
    };
    let (ended, ()) = tokio::join!(retry.run(operation), async {
        tokio::task::yield_now().await;
        handle.cancel();
        succeed.send("too late").expect("it was still tried");
    });
    assert_eq!(ended, Err(RetryError::Cancelled));
    assert!(is_dropped.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn distributed_06_what_was_cancelled_before_is_not_tried_at_all() {
    let mut cancelled = retry();
    cancelled.handle().cancel();
    assert_eq!(cancelled.next_wait(), None);
    assert_eq!(cancelled.wait().await, Err(GivenUp::Cancelled));
    let operation = || -> std::future::Ready<Result<(), ()>> { panic!("it was tried") };
    assert_eq!(cancelled.run(operation).await, Err(RetryError::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn retries_move_between_threads() {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let running = tokio::spawn(retry().run(move || {
        let number = counted.fetch_add(1, SeqCst);
        async move { if number < 3 { Err(number) } else { Ok(number) } }
    }));
    assert_eq!(running.await.unwrap(), Ok(3));
}

#[test]
fn errors_say_how_it_ended_and_their_source_why() {
    let exhausted = RetryError::Exhausted {
        attempts: 3,
        last: Refused("the peer"),
    };
    let fatal = RetryError::Fatal(Refused("the door"));
    for (error, text, source) in [
        (
            exhausted,
            "gave up after 3 retries in a row",
            Some("refused by the peer"),
        ),
        (fatal, "no retry would help", Some("refused by the door")),
        (RetryError::Cancelled, "the retries were cancelled", None),
    ] {
        assert_eq!(error.to_string(), text);
        assert_eq!(error.source().map(ToString::to_string).as_deref(), source);
    }
}

/// Fetches something that is not there, on its own account.
struct Fetcher {
    log: Log,
    generation: u32,
}

type Log = Arc<parking_lot::Mutex<Vec<(u32, Duration)>>>;

impl Actor for Fetcher {
    type Context = treewire_runtime::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let clock = context.clock().clone();
        let (log, generation, begun) = (self.log.clone(), self.generation, clock.now());
        let now = clock.clone();
        let fetch = move || {
            let mut log = log.lock();
            log.push((generation, now.now() - begun));
            let in_row = log.iter().filter(|(of, _)| *of == generation).count();
            async move {
                if in_row < 6 {
                    Err("absent")
                } else {
                    Ok(in_row)
                }
            }
        };
        let retry = Retry::new(limits()).clock(&clock).seed(5);
        context.spawn(
            retry
                .run(fetch)
                .into_actor(self)
                .map(|fetched, _, context| {
                    assert_eq!(fetched, Ok(6));
                    context.stop();
                }),
        );
    }
}

struct Boom;
impl Message for Boom {
    type Result = ();
}
impl Handler<Boom> for Fetcher {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

#[test]
fn distributed_06_retries_of_an_actor_end_with_its_generation() {
    driven(1, async |world: World| {
        let node = Node::builder("a").driven(&world).start().await.unwrap();
        let log = Log::default();
        let (kept, mut generation) = (log.clone(), 0);
        let fetcher = Child::new("fetcher", move || {
            generation += 1;
            let log = kept.clone();
            Fetcher { log, generation }
        });
        let fetcher = fetcher.restart(Restart::Transient);
        let fetcher = node.spawn(fetcher).await.unwrap();
        world.pass(Duration::from_millis(160)).await;
        let of_the_first = std::mem::take(&mut *log.lock());
        assert!(of_the_first.len() >= 3, "{of_the_first:?}");

        fetcher.send(Boom).await.unwrap_err();
        world.pass(Duration::from_secs(60)).await;
        let tries = log.lock().clone();
        assert!(tries.iter().all(|(of, _)| *of == 2), "{tries:?}");
        assert_eq!(tries.len(), 6, "it was tried until it succeeded");
        let times = |tries: &[(u32, Duration)]| tries.iter().map(|(_, at)| *at).collect::<Vec<_>>();
        assert_eq!(
            times(&tries[..3]),
            times(&of_the_first),
            "the row began anew"
        );
        node.stop().await.unwrap();
    });
}

/// Fails as it is told, each time it starts.
struct Doomed;

impl Actor for Doomed {
    type Context = treewire_runtime::Context<Self>;
}

fn doomed(backoff: Backoff, failure: Failure) -> Child<Doomed> {
    let mut starts = 0;
    let make = move |context: &mut treewire_runtime::Context<Doomed>| {
        starts += 1;
        if starts > 1 {
            return Err(failure.clone());
        }
        let failure = failure.clone();
        let later = async {}.into_actor(&Doomed);
        context.spawn(later.map(move |(), _, context| context.fail(failure)));
        Ok(Doomed)
    };
    Child::try_with("doomed", make).backoff(backoff)
}

#[test]
fn supervision_01_a_child_whose_attempts_are_used_up_takes_its_supervisor_down() {
    driven(1, async |world: World| {
        let node = Node::builder("a").driven(&world).start().await.unwrap();
        let mut events = node.events();
        let child = doomed(limits().attempts(4), Failure::new("absent"));
        node.spawn(child).await.unwrap();
        let exit = Exit::Failed(Failure::new("absent"));
        let child = "doomed".to_owned();
        let escalated = Err(NodeError::Escalated { child, exit });
        assert_eq!(node.ended().await, escalated);
        let mut restarts = 0;
        loop {
            match events.next().await.unwrap().kind {
                EventKind::Restarting { .. } => restarts += 1,
                EventKind::Escalated(_) => break,
                _ => {}
            }
        }
        assert_eq!(restarts, 4);
    });
}

#[test]
fn supervision_01_a_child_that_no_retry_will_help_is_not_tried_again() {
    driven(1, async |world: World| {
        let node = Node::builder("a").driven(&world).start().await.unwrap();
        let begun = world.now();
        let fatal = Failure::fatal("no such thing");
        node.spawn(doomed(limits(), fatal.clone())).await.unwrap();
        let exit = Exit::Failed(fatal);
        let child = "doomed".to_owned();
        let escalated = Err(NodeError::Escalated { child, exit });
        assert_eq!(node.ended().await, escalated);
        assert_eq!(world.now(), begun);
    });
}

#[tokio::test]
async fn an_operation_that_fails_at_once_without_waits_leaves_its_thread_to_others() {
    let retry = Retry::new(
        Backoff::default()
            .first(Duration::ZERO)
            .ceiling(Duration::ZERO),
    );
    let handle = retry.handle();
    let (ended, ()) = tokio::join!(retry.run(|| async { Err::<(), _>(()) }), async {
        tokio::task::yield_now().await;
        handle.cancel();
    });
    assert_eq!(ended, Err(RetryError::Cancelled));
}
