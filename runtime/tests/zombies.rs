//! Blocked threads: a child that does not end is given up with its thread, and
//! whoever shared it goes on elsewhere. The blocks are released by the tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use treewire_runtime::SendError;
use treewire_runtime::{
    Child, Context, Event, EventKind, Events, Exit, Killer, Node, Placement, Ref, Strategy,
    Supervisor,
};

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// Counts its messages, and how many of its kind are gone.
struct Worker {
    sum: u64,
    dropped: Arc<AtomicUsize>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, SeqCst);
    }
}

impl Actor for Worker {
    type Context = Context<Self>;
}

struct Add(u64);
impl Message for Add {
    type Result = (u64, ThreadId);
}
impl Handler<Add> for Worker {
    type Result = MessageResult<Add>;
    fn handle(&mut self, add: Add, _: &mut Context<Self>) -> Self::Result {
        self.sum += add.0;
        MessageResult((self.sum, thread::current().id()))
    }
}

/// Blocks the thread, says so, and goes on when the test lets go.
struct Hold {
    began: oneshot::Sender<()>,
    released: mpsc::Receiver<()>,
}

fn hold() -> (Hold, mpsc::Sender<()>, oneshot::Receiver<()>) {
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    (Hold { began, released }, release, has_begun)
}

impl Message for Hold {
    type Result = ();
}
impl Handler<Hold> for Worker {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut Context<Self>) {
        hold.began.send(()).ok();
        // The sender lets go by being dropped.
        hold.released.recv().ok();
    }
}

struct World {
    node: Node,
    events: Events,
    dropped: Arc<AtomicUsize>,
}

impl World {
    async fn new() -> Self {
        let node = Node::builder("test").arbiters(2).start().await.unwrap();
        let events = node.events();
        World {
            node,
            events,
            dropped: Arc::default(),
        }
    }

    fn worker(&self, name: &str) -> Child<Worker> {
        let dropped = self.dropped.clone();
        let make = move || Worker {
            sum: 0,
            dropped: dropped.clone(),
        };
        Child::new(name, make).placement(Placement::pin(1))
    }

    async fn spawn(&self, name: &str) -> Ref<Worker> {
        self.node.spawn(self.worker(name)).await.unwrap()
    }

    async fn event(&mut self, path: &str, wanted: impl Fn(&EventKind) -> bool) -> Event {
        in_time(async {
            loop {
                let event = self.events.next().await.expect("the node lives");
                if event.path == path && wanted(&event.kind) {
                    return event;
                }
            }
        })
        .await
    }

    async fn exit(&mut self, path: &str) -> Exit {
        let exited = |kind: &EventKind| matches!(kind, EventKind::Exited(_));
        match self.event(path, exited).await.kind {
            EventKind::Exited(exit) => exit,
            _ => unreachable!("only exits are wanted"),
        }
    }

    /// The second generation is ready.
    async fn again(&mut self, path: &str) {
        loop {
            let event = self.event(path, |kind| *kind == EventKind::Started).await;
            if event.generation == 2 {
                return;
            }
        }
    }
}

#[tokio::test]
async fn supervision_04_whoever_shares_a_blocked_thread_goes_on_with_its_queue() {
    let mut world = World::new().await;
    let blocked = world.spawn("blocked").await;
    let neighbour = world.spawn("neighbour").await;
    let (_, before) = neighbour.send(Add(1)).await.unwrap();
    let (hold, release, has_begun) = hold();
    let in_hand = tokio::spawn(blocked.send(hold));
    in_time(has_begun).await.unwrap();
    let behind = tokio::spawn(blocked.send(Add(1)));
    let besides = tokio::spawn(neighbour.send(Add(1)));

    world.node.kill("blocked").await.unwrap();
    assert_eq!(world.exit("blocked").await, Exit::Killed(Killer::Operator));
    assert_eq!(
        world.exit("neighbour").await,
        Exit::Killed(Killer::LostThread)
    );

    // All of this while the thread is still blocked.
    let lost = in_time(in_hand).await.unwrap().unwrap_err();
    assert!(
        matches!(lost, SendError::LostInCrash(Exit::Killed(Killer::Operator))),
        "{lost}"
    );
    let (sum, after) = in_time(behind).await.unwrap().unwrap();
    assert_eq!(sum, 1, "a new generation handled what was queued");
    assert_ne!(after, before);
    let (sum, beside) = in_time(besides).await.unwrap().unwrap();
    assert_eq!((sum, beside), (1, after), "both on the fresh thread");
    let snapshot = world.node.snapshot().await.unwrap();
    assert_eq!(snapshot.zombies, ["blocked"]);
    assert_eq!(snapshot.find("neighbour").unwrap().arbiter, 1);
    assert_eq!(world.dropped.load(SeqCst), 0);

    // The old generations notice that they are not in charge, and disturb nobody.
    drop(release);
    in_time(async {
        while world.dropped.load(SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(in_time(blocked.send(Add(1))).await.unwrap().0, 2);
    assert_eq!(in_time(neighbour.send(Add(1))).await.unwrap().0, 2);
    in_time(world.node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_raw_addresses_lead_to_the_generation_on_the_fresh_thread() {
    let mut world = World::new().await;
    let blocked = world.spawn("blocked").await;
    let address = blocked.address();
    let (hold, _release, has_begun) = hold();
    address.do_send(hold);
    in_time(has_begun).await.unwrap();
    world.node.kill("blocked").await.unwrap();
    world.again("blocked").await;
    assert_eq!(in_time(address.send(Add(3))).await.unwrap().0, 3);
    drop(_release);
    in_time(world.node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_a_group_goes_on_although_one_of_it_blocks() {
    let mut world = World::new().await;
    let (one, two) = (
        world.worker("one"),
        world.worker("two").shutdown(Duration::from_millis(50)),
    );
    let (first, second) = (one.reference(), two.reference());
    let elsewhere = world.worker("three").placement(Placement::pin(0));
    let third = elsewhere.reference();
    let group = Supervisor::new("group")
        .strategy(Strategy::OneForAll)
        .child(one)
        .child(two)
        .child(elsewhere);
    world.node.spawn(group).await.unwrap();
    let (hold, release, has_begun) = hold();
    second.do_send(hold);
    in_time(has_begun).await.unwrap();

    world.node.kill("group/three").await.unwrap();
    for path in ["group/one", "group/two", "group/three"] {
        world.again(path).await;
    }
    for worker in [first, second, third] {
        assert_eq!(in_time(worker.send(Add(1))).await.unwrap().0, 1);
    }
    drop(release);
    in_time(world.node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_a_factory_that_blocks_holds_up_nobody_and_serves_again_when_released() {
    let mut world = World::new().await;
    let neighbour = world.spawn("neighbour").await;
    let (release, released) = mpsc::channel::<()>();
    let (began, has_begun) = mpsc::channel();
    let mut starts = 0;
    let dropped = world.dropped.clone();
    let blocking = Child::new("blocking", move || {
        starts += 1;
        if starts == 2 {
            began.send(()).ok();
            released.recv().ok();
        }
        Worker {
            sum: 0,
            dropped: dropped.clone(),
        }
    });
    // The starts that find the factory busy fail, count for nobody, and are tried again.
    let blocking = blocking.placement(Placement::pin(1));
    let group = Supervisor::new("group").child(blocking);
    world.node.spawn(group).await.unwrap();
    world.node.restart_child("group/blocking").await.unwrap();
    let begun = tokio::task::spawn_blocking(move || has_begun.recv());
    in_time(begun).await.unwrap().unwrap();

    world.node.kill("group/blocking").await.unwrap();
    world.again("neighbour").await;
    assert_eq!(in_time(neighbour.send(Add(1))).await.unwrap().0, 1);
    let busy = |kind: &EventKind| kind_text(kind).contains("its factory is still held up");
    world.event("group/blocking", busy).await;
    drop(release);
    let started = |kind: &EventKind| *kind == EventKind::Started;
    world.event("group/blocking", started).await;
    in_time(world.node.stop()).await.unwrap();
}

fn kind_text(kind: &EventKind) -> String {
    match kind {
        EventKind::Exited(exit) => exit.to_string(),
        _ => String::new(),
    }
}

/// Holds its thread with actix's own context.
struct Stock;

impl Actor for Stock {
    type Context = actix::Context<Self>;
}

impl Handler<Hold> for Stock {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut actix::Context<Self>) {
        hold.began.send(()).ok();
        hold.released.recv().ok();
    }
}

impl World {
    /// Kills somebody who shares the blocked thread: `blocker` is named, not that one.
    async fn names_who_blocks(mut self, other: Ref<Worker>, release: mpsc::Sender<()>) {
        self.node.kill("killed").await.unwrap();
        let zombie = self.event("blocker", |kind| *kind == EventKind::Zombie);
        assert_eq!(zombie.await.generation, 1);
        for path in ["killed", "other"] {
            let zombie = "blocker".to_owned();
            let stranded = EventKind::Stranded { zombie };
            self.event(path, |kind| *kind == stranded).await;
        }
        let answered = in_time(other.send(Add(1))).await.unwrap();
        assert_eq!(answered.0, 1, "on a fresh thread");
        assert_eq!(self.node.snapshot().await.unwrap().zombies, ["blocker"]);
        drop(release);
        self.node.stop().await.unwrap();
    }
}

#[tokio::test]
async fn supervision_04_the_zombie_that_is_named_is_who_blocks_the_thread() {
    for is_stock in [false, true] {
        let world = World::new().await;
        world.spawn("killed").await;
        let other = world.spawn("other").await;
        let (hold, release, has_begun) = hold();
        if is_stock {
            let blocker = Child::new("blocker", || Stock).placement(Placement::pin(1));
            world.node.spawn(blocker).await.unwrap().do_send(hold);
        } else {
            world.spawn("blocker").await.do_send(hold);
        }
        in_time(has_begun).await.unwrap();
        world.names_who_blocks(other, release).await;
    }
}

/// What a factory captured: tells which thread dropped it.
struct Captured(Option<oneshot::Sender<String>>);

impl Drop for Captured {
    fn drop(&mut self) {
        let thread = thread::current().name().unwrap_or_default().to_owned();
        self.0.take().expect("dropped once").send(thread).ok();
    }
}

#[tokio::test]
async fn what_a_factory_captured_is_not_dropped_by_the_control_thread() {
    let node = Node::builder("test").arbiters(2);
    let node = node.stop_budget(Duration::from_millis(20)).start();
    let node = node.await.unwrap();
    let (tell, dropped_by) = oneshot::channel();
    let captured = Captured(Some(tell));
    let blocked = Child::new("blocked", move || {
        let _ = &captured;
        Worker {
            sum: 0,
            dropped: Arc::default(),
        }
    });
    let blocked = node.spawn(blocked.placement(Placement::pin(1)));
    let blocked = blocked.await.unwrap();
    let (hold, release, has_begun) = hold();
    blocked.do_send(hold);
    in_time(has_begun).await.unwrap();

    assert!(in_time(node.stop()).await.is_err(), "its budget ran out");
    assert_eq!(in_time(dropped_by).await.unwrap(), "treewire-drops");
    drop(release);
}
