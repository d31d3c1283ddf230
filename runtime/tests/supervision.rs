//! The promises of supervision on real threads; time enters only as a watchdog.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use treewire_runtime::SendError;
use treewire_runtime::*;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// Counts, panics on demand, and can be held.
struct Worker {
    sum: u64,
}

impl Actor for Worker {
    type Context = treewire_runtime::Context<Self>;
}

struct Add(u64);
impl Message for Add {
    type Result = u64;
}
impl Handler<Add> for Worker {
    type Result = u64;
    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        self.sum += add.0;
        self.sum
    }
}

struct Boom;
impl Message for Boom {
    type Result = ();
}
impl Handler<Boom> for Worker {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

/// Blocks the thread, says so, and goes on when the test lets go.
struct Hold {
    began: oneshot::Sender<()>,
    released: std::sync::mpsc::Receiver<()>,
}

fn hold() -> (Hold, std::sync::mpsc::Sender<()>, oneshot::Receiver<()>) {
    let (began, has_begun) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    (Hold { began, released }, release, has_begun)
}

impl Message for Hold {
    type Result = ();
}
impl Handler<Hold> for Worker {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut Self::Context) {
        hold.began.send(()).ok();
        // The sender lets go by being dropped.
        hold.released.recv().ok();
    }
}

async fn node() -> Node {
    Node::builder("test").start().await.unwrap()
}

#[tokio::test]
async fn supervision_02_a_panic_in_a_handler_ends_that_child_only() {
    let node = node().await;
    let mut events = node.events();
    let neighbour = node
        .spawn(Child::new("neighbour", || Worker { sum: 0 }))
        .await
        .unwrap();
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    neighbour.send(Add(5)).await.unwrap();
    worker.send(Add(7)).await.unwrap();

    let lost = in_time(worker.send(Boom)).await.unwrap_err();
    let SendError::LostInCrash(Exit::Panicked(panic)) = lost else {
        panic!("{lost}")
    };
    assert_eq!(panic.text, "boom");
    assert!(panic.place.contains("supervision.rs:"), "{}", panic.place);

    assert_eq!(
        in_time(worker.send(Add(1))).await.unwrap(),
        1,
        "a new generation, the same Ref"
    );
    assert_eq!(
        neighbour.send(Add(1)).await.unwrap(),
        6,
        "the neighbour kept its state"
    );
    let log: Vec<String> = [
        in_time(events.next()).await,
        in_time(events.next()).await,
        in_time(events.next()).await,
        in_time(events.next()).await,
        in_time(events.next()).await,
    ]
    .into_iter()
    .map(|event| event.unwrap().to_string())
    .collect();
    assert_eq!(log[0], "neighbour #1 started");
    assert_eq!(log[1], "worker #1 started");
    assert!(
        log[2].starts_with("worker #1 exited: panicked: boom ("),
        "{}",
        log[2]
    );
    assert_eq!(log[3], "worker #1 restarts after 0ns");
    assert_eq!(log[4], "worker #2 started");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_03_what_was_queued_is_handled_by_the_next_generation() {
    let node = node().await;
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    let (hold, release, has_begun) = hold();
    worker.do_send(hold);
    worker.do_send(Boom);
    let queued: Vec<_> = (0..100)
        .map(|_| tokio::spawn(worker.send(Add(1))))
        .collect();
    in_time(has_begun).await.unwrap();
    while worker.depth() < 101 {
        tokio::task::yield_now().await;
    }
    drop(release);
    let mut sums = Vec::new();
    for answer in queued {
        sums.push(in_time(answer).await.unwrap().unwrap());
    }
    sums.sort_unstable();
    assert_eq!(sums, (1..=100).collect::<Vec<u64>>());
    let snapshot = node.snapshot().await.unwrap();
    let child = snapshot.find("worker").unwrap();
    assert_eq!((child.restarts, child.generation), (1, 2));
    assert!(matches!(&child.exits[0].reason, Exit::Panicked(panic) if panic.text == "boom"));
    assert!(child.mailbox.high_water >= 101);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn the_bound_of_the_mailbox_is_exact() {
    let node = node().await;
    let child = Child::new("worker", || Worker { sum: 0 }).mailbox(4);
    let worker = node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    let held = tokio::spawn(worker.send(hold));
    in_time(has_begun).await.unwrap();
    let accepted = (0..10)
        .filter(|_| worker.clone().try_send(Add(1)).is_ok())
        .count();
    assert_eq!(accepted, 4);
    assert!(matches!(
        worker.try_send(Add(1)),
        Err(SendError::Full(Add(1)))
    ));
    worker.do_send(Add(1));
    let late = in_time(worker.send(Add(1)).timeout(Duration::from_millis(20))).await;
    let Err(SendError::Timeout {
        waiting: Waiting::Queued,
        message: Some(Add(1)),
    }) = late
    else {
        panic!("{late:?}")
    };
    let waiting = tokio::spawn(worker.send(Add(0)));
    drop(release);
    in_time(held).await.unwrap().unwrap();
    assert_eq!(in_time(waiting).await.unwrap().unwrap(), accepted as u64);
    let snapshot = node.snapshot().await.unwrap();
    assert_eq!(snapshot.find("worker").unwrap().drops["mailbox full"], 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_timed_out_ask_says_what_it_waited_for_and_is_not_executed() {
    let node = node().await;
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    let (hold, release, _) = hold();
    let handling = in_time(worker.send(hold).timeout(Duration::from_millis(50))).await;
    assert!(matches!(
        handling,
        Err(SendError::Timeout {
            waiting: Waiting::Handling,
            message: None
        })
    ));
    let queued = in_time(worker.send(Add(5)).timeout(Duration::from_millis(20))).await;
    assert!(matches!(
        queued,
        Err(SendError::Timeout {
            waiting: Waiting::Queued,
            message: Some(Add(5))
        })
    ));
    drop(release);
    assert_eq!(in_time(worker.send(Add(1))).await.unwrap(), 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_is_queued_when_the_child_stops_goes_back_to_its_sender() {
    let node = node().await;
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    let (hold, release, has_begun) = hold();
    worker.do_send(hold);
    in_time(has_begun).await.unwrap();
    let queued = tokio::spawn(worker.send(Add(3)));
    while worker.depth() < 1 {
        tokio::task::yield_now().await;
    }
    let stopping = tokio::spawn({
        let node = node.clone();
        async move { node.stop().await }
    });
    let mut events = node.events();
    drop(release);
    let back = in_time(queued).await.unwrap();
    // The queue is either drained before the stop is seen, or given back.
    match back {
        Err(SendError::Stopped(Add(3), Exit::Shutdown)) | Ok(3) => {}
        other => panic!("{other:?}"),
    }
    in_time(stopping).await.unwrap().unwrap();
    while in_time(events.next())
        .await
        .is_some_and(|event| event.kind != EventKind::Removed)
    {}
    let refused = worker.send(Add(4)).await;
    assert!(
        matches!(refused, Err(SendError::Stopped(Add(4), Exit::Shutdown))),
        "{refused:?}"
    );
}

/// Panics where it is told to.
struct Fragile {
    place: &'static str,
    lives: Arc<AtomicUsize>,
}

impl Actor for Fragile {
    type Context = treewire_runtime::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        let first = self.lives.fetch_add(1, SeqCst) == 0;
        if first && self.place == "started" {
            panic!("in started");
        }
        if first && self.place == "future" {
            context.spawn(async { panic!("in a future") }.into_actor(self));
        }
        if first && self.place == "stream" {
            context.add_stream(futures_util::stream::once(async { 1 }));
        }
        if first && matches!(self.place, "stopping" | "stopped" | "drop") {
            context.run_later(Duration::ZERO, |_, context| context.stop());
        }
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        if self.place == "stopping" && self.lives.load(SeqCst) == 1 {
            panic!("in stopping");
        }
        Running::Stop
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        assert!(!std::thread::panicking(), "stopped ran while unwinding");
        if self.place == "stopped" && self.lives.load(SeqCst) == 1 {
            panic!("in stopped");
        }
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        if self.place == "drop" && self.lives.load(SeqCst) == 1 {
            panic!("in drop");
        }
    }
}

impl StreamHandler<u8> for Fragile {
    fn handle(&mut self, _: u8, _: &mut Self::Context) {
        panic!("in a stream");
    }
}

impl Handler<Add> for Fragile {
    type Result = u64;
    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        add.0
    }
}

#[tokio::test]
async fn supervision_02_a_panic_anywhere_ends_that_child_only() {
    for place in ["future", "stream", "stopping", "stopped", "drop"] {
        let node = node().await;
        let mut events = node.events();
        let neighbour = node
            .spawn(Child::new("neighbour", || Worker { sum: 0 }))
            .await
            .unwrap();
        let lives = Arc::new(AtomicUsize::new(0));
        let child = Child::new("fragile", {
            let lives = lives.clone();
            move || Fragile {
                place,
                lives: lives.clone(),
            }
        });
        let fragile = node.spawn(child).await.unwrap();
        loop {
            let event = in_time(events.next()).await.unwrap();
            if event.path == "fragile" && event.generation == 2 {
                assert_eq!(event.kind, EventKind::Started, "{place}");
                break;
            }
        }
        assert_eq!(in_time(fragile.send(Add(4))).await.unwrap(), 4, "{place}");
        assert_eq!(in_time(neighbour.send(Add(1))).await.unwrap(), 1, "{place}");
        in_time(node.stop()).await.unwrap();
    }
}

#[tokio::test]
async fn supervision_01_a_first_start_that_panics_is_a_start_failure() {
    let node = node().await;
    let lives = Arc::new(AtomicUsize::new(0));
    let child = Child::new("fragile", move || Fragile {
        place: "started",
        lives: lives.clone(),
    });
    let error = in_time(node.spawn(child)).await.unwrap_err();
    let SpawnError::Failed {
        path,
        exit: Exit::Panicked(panic),
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (path.as_str(), panic.text.as_str()),
        ("fragile", "in started")
    );
    let failing = Child::<Worker>::try_new("failing", || Err(Failure::new("no book")));
    let error = in_time(node.spawn(failing)).await.unwrap_err();
    assert_eq!(error.to_string(), "failing did not start: failed: no book");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_a_blocked_handler_does_not_hold_up_the_stop() {
    let node = node().await;
    let child = Child::new("blocked", || Worker { sum: 0 }).shutdown(Duration::from_millis(50));
    let worker = node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    worker.do_send(hold);
    in_time(has_begun).await.unwrap();
    let snapshot = in_time(node.snapshot()).await.unwrap();
    assert!(
        snapshot.find("blocked").is_some(),
        "visible though its thread is blocked"
    );
    let mut events = node.events();
    in_time(node.stop()).await.unwrap();
    let mut zombies = 0;
    while let Some(event) = in_time(events.next()).await {
        zombies += usize::from(event.kind == EventKind::Zombie);
        if event.kind == EventKind::Removed {
            break;
        }
    }
    assert_eq!(zombies, 1);
    drop(release);
}

#[tokio::test]
async fn a_node_that_escalates_says_who_and_why() {
    let node = Node::builder("test")
        .intensity(Intensity::new(1, Duration::from_secs(5)))
        .start()
        .await
        .unwrap();
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    worker.do_send(Boom);
    worker.do_send(Boom);
    let error = in_time(node.ended()).await.unwrap_err();
    let NodeError::Escalated {
        child,
        exit: Exit::Panicked(panic),
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((child.as_str(), panic.text.as_str()), ("worker", "boom"));
    assert!(matches!(node.snapshot().await, Err(NodeError::Ended)));
}

#[tokio::test]
async fn raw_addresses_and_recipients_survive_a_restart() {
    let node = node().await;
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    let address = worker.address();
    let recipient: Recipient<Add> = worker.recipient();
    assert_eq!(address.send(Add(2)).await.unwrap(), 2);
    assert!(address.send(Boom).await.is_err());
    assert_eq!(in_time(recipient.send(Add(3))).await.unwrap(), 3);
    assert!(address.connected());
    in_time(node.stop()).await.unwrap();
    assert!(in_time(recipient.send(Add(1))).await.is_err());
}

#[tokio::test]
async fn an_operators_kill_restarts_the_child() {
    let node = node().await;
    let worker = node
        .spawn(Child::new("worker", || Worker { sum: 0 }))
        .await
        .unwrap();
    for _ in 0..10 {
        worker.send(Add(9)).await.unwrap();
        let mut events = node.events();
        node.kill("worker").await.unwrap();
        while in_time(events.next()).await.unwrap().kind != EventKind::Started {}
        assert_eq!(in_time(worker.send(Add(1))).await.unwrap(), 1);
    }
    let missing = node.kill("nobody").await.unwrap_err();
    assert_eq!(
        missing,
        NodeError::NoSuchChild {
            path: "nobody".into()
        }
    );
    in_time(node.stop()).await.unwrap();
}

#[test]
fn a_node_starts_from_plain_main_and_uses_its_thread_as_arbiter_0() {
    run(async {
        struct Where;
        impl Message for Where {
            type Result = String;
        }
        impl Handler<Where> for Worker {
            type Result = String;
            fn handle(&mut self, _: Where, _: &mut Self::Context) -> String {
                format!("{:?}", std::thread::current().id())
            }
        }
        let here = format!("{:?}", std::thread::current().id());
        let node = Node::builder("test").arbiters(2).start().await.unwrap();
        let near = node
            .spawn(Child::new("near", || Worker { sum: 0 }))
            .await
            .unwrap();
        assert_eq!(near.send(Where).await.unwrap(), here);
        let far = Child::new("far", || Worker { sum: 0 }).placement(Placement::pin(1));
        let far = node.spawn(far).await.unwrap();
        let there = far.send(Where).await.unwrap();
        assert_ne!(there, here);
        let beside = Child::new("beside", || Worker { sum: 0 }).placement(Placement::beside(&far));
        assert_eq!(
            node.spawn(beside).await.unwrap().send(Where).await.unwrap(),
            there
        );
        let alone = Child::new("alone", || Worker { sum: 0 }).placement(Placement::dedicated());
        let alone = node.spawn(alone).await.unwrap().send(Where).await.unwrap();
        assert!(alone != here && alone != there);
        let nowhere = Child::new("nowhere", || Worker { sum: 0 }).placement(Placement::pin(2));
        let error = node.spawn(nowhere).await.unwrap_err();
        assert_eq!(error, SpawnError::NoSuchArbiter { wanted: 2, have: 2 });
        node.stop().await.unwrap();
    });
}
