//! Actors on actix's own context as children: what is the same, and what differs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use treewire_runtime::SendError;
use treewire_runtime::{
    Child, EventKind, Events, Exit, Killer, Loss, Node, Origin, Outcome, Panic, Placement, Ref,
    Restart, Strategy, Supervisor,
};

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// What actix called, over all generations.
#[derive(Clone, Default)]
struct Calls {
    started: Arc<AtomicUsize>,
    stopping: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

/// An actor as any actix program has it.
struct Adder {
    sum: u64,
    calls: Calls,
}

impl Actor for Adder {
    type Context = actix::Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.calls.started.fetch_add(1, SeqCst);
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        self.calls.stopping.fetch_add(1, SeqCst);
        Running::Stop
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.calls.stopped.fetch_add(1, SeqCst);
    }
}

impl Drop for Adder {
    fn drop(&mut self) {
        self.calls.dropped.fetch_add(1, SeqCst);
    }
}

#[derive(Debug, PartialEq)]
struct Add(u64);
impl Message for Add {
    type Result = u64;
}
impl Handler<Add> for Adder {
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
impl Handler<Boom> for Adder {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

/// Panics in a future of the actor.
struct BoomLater;
impl Message for BoomLater {
    type Result = ();
}
impl Handler<BoomLater> for Adder {
    type Result = ResponseActFuture<Self, ()>;
    fn handle(&mut self, _: BoomLater, _: &mut Self::Context) -> Self::Result {
        Box::pin(async { panic!("boom later") }.into_actor(self))
    }
}

struct Stop;
impl Message for Stop {
    type Result = ();
}
impl Handler<Stop> for Adder {
    type Result = ();
    fn handle(&mut self, _: Stop, context: &mut Self::Context) {
        context.stop();
    }
}

/// The address that actix gives the actor itself.
struct OwnAddress;
impl Message for OwnAddress {
    type Result = Addr<Adder>;
}
impl Handler<OwnAddress> for Adder {
    type Result = MessageResult<OwnAddress>;
    fn handle(&mut self, _: OwnAddress, context: &mut Self::Context) -> Self::Result {
        MessageResult(context.address())
    }
}

/// Blocks the thread until the test lets go.
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
impl Handler<Hold> for Adder {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut Self::Context) {
        hold.began.send(()).ok();
        // The sender lets go by being dropped.
        hold.released.recv().ok();
    }
}

fn adder(calls: &Calls) -> Child<Adder> {
    let calls = calls.clone();
    Child::new("adder", move || Adder {
        sum: 0,
        calls: calls.clone(),
    })
}

async fn node() -> Node {
    Node::builder("test").arbiters(2).start().await.unwrap()
}

async fn spawned() -> (Node, Calls, Ref<Adder>) {
    let (node, calls) = (node().await, Calls::default());
    let adder = node.spawn(adder(&calls)).await.unwrap();
    (node, calls, adder)
}

async fn exit(events: &mut Events) -> Exit {
    in_time(async {
        loop {
            let event = events.next().await.expect("the node lives");
            if let EventKind::Exited(exit) = event.kind {
                return exit;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_stock_actor_survives_a_panic_as_a_new_one_with_its_queue() {
    let (node, _, adder) = spawned().await;
    assert_eq!(adder.send(Add(5)).await.unwrap(), 5);
    let mut events = node.events();
    let (hold, release, has_begun) = hold();
    adder.do_send(hold);
    in_time(has_begun).await.unwrap();
    let poison = tokio::spawn(adder.send(Boom));
    while adder.depth() < 1 {
        tokio::task::yield_now().await;
    }
    let queued = tokio::spawn(adder.send(Add(1)));
    while adder.depth() < 2 {
        tokio::task::yield_now().await;
    }
    drop(release);
    let lost = in_time(poison).await.unwrap().unwrap_err();
    let SendError::LostInCrash(Exit::Panicked(panic)) = lost else {
        panic!("{lost}")
    };
    assert_eq!(panic.text, "boom");
    assert_eq!(in_time(queued).await.unwrap().unwrap(), 1);
    assert!(matches!(exit(&mut events).await, Exit::Panicked(_)));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_a_stock_actor_handled_before_it_panicked_is_counted() {
    let (node, _, adder) = spawned().await;
    let (hold, release, has_begun) = hold();
    adder.do_send(hold);
    in_time(has_begun).await.unwrap();
    adder.do_send(Add(1));
    adder.do_send(Boom);
    adder.do_send(Add(2));
    drop(release);
    assert_eq!(in_time(adder.send(Add(3))).await.unwrap(), 5, "it is new");
    in_time(node.stop()).await.unwrap();
    assert_eq!(adder.stats().handled.get(), 5);
}

#[tokio::test]
async fn a_panic_in_a_future_of_a_stock_actor_ends_that_actor_only() {
    let (node, _, adder) = spawned().await;
    let lost = in_time(adder.send(BoomLater)).await.unwrap_err();
    assert!(
        matches!(lost, SendError::LostInCrash(Exit::Panicked(_))),
        "{lost}"
    );
    assert_eq!(in_time(adder.send(Add(2))).await.unwrap(), 2);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_stock_actor_stops_in_order_and_by_itself() {
    let (node, calls) = (node().await, Calls::default());
    let spec = adder(&calls).restart(Restart::Transient);
    let adder = node.spawn(spec).await.unwrap();
    let mut events = node.events();
    adder.do_send(Stop);
    assert_eq!(exit(&mut events).await, Exit::Normal);
    assert_eq!(in_time(adder.gone()).await, Exit::Normal);

    let again = node.spawn(self::adder(&calls)).await.unwrap();
    in_time(again.send(Add(1))).await.unwrap();
    in_time(node.stop()).await.unwrap();
    assert_eq!(exit(&mut events).await, Exit::Shutdown);
    let counts = [
        &calls.started,
        &calls.stopping,
        &calls.stopped,
        &calls.dropped,
    ];
    assert_eq!(counts.map(|count| count.load(SeqCst)), [2; 4]);
}

/// Unlike one in our own context, of which nothing is asked any more but `stopped`.
#[tokio::test]
async fn actix_calls_stopping_and_stopped_of_a_stock_actor_that_panicked() {
    let (node, calls, adder) = spawned().await;
    in_time(adder.send(Boom)).await.unwrap_err();
    in_time(adder.send(Add(1))).await.unwrap();
    assert_eq!(calls.stopping.load(SeqCst), 1);
    assert_eq!(calls.stopped.load(SeqCst), 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn the_address_of_the_reference_survives_and_the_actors_own_does_not() {
    let (node, _, adder) = spawned().await;
    let (lasting, own) = (
        adder.address(),
        in_time(adder.send(OwnAddress)).await.unwrap(),
    );
    assert_eq!(in_time(own.send(Add(1))).await.unwrap(), 1);
    assert_eq!(in_time(lasting.send(Add(1))).await.unwrap(), 2);
    in_time(adder.send(Boom)).await.unwrap_err();
    assert_eq!(in_time(lasting.send(Add(1))).await.unwrap(), 1);
    assert!(!own.connected());
    let recipient = adder.recipient::<Add>();
    assert_eq!(in_time(recipient.send(Add(1))).await.unwrap(), 2);
    in_time(node.stop()).await.unwrap();
}

/// Gets ready later: the next child waits for it.
struct Slow(Option<oneshot::Receiver<()>>);

impl Actor for Slow {
    type Context = actix::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(ready) = self.0.take() {
            context.wait(async { drop(ready.await) }.into_actor(self));
        }
    }
}

#[tokio::test]
async fn a_stock_actor_is_ready_when_what_it_waits_for_is_done() {
    let (node, calls) = (node().await, Calls::default());
    let (ready, is_ready) = oneshot::channel();
    let mut is_ready = Some(is_ready);
    let slow = Child::new("slow", move || Slow(is_ready.take()));
    let group = Supervisor::new("group")
        .strategy(Strategy::OneForAll)
        .child(slow)
        .child(adder(&calls));
    let mut events = node.events();
    let spawning = tokio::spawn({
        let node = node.clone();
        async move { node.spawn(group).await.map(drop) }
    });
    while node.snapshot().await.unwrap().find("group/slow").is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(calls.started.load(SeqCst), 0);
    ready.send(()).unwrap();
    in_time(spawning).await.unwrap().unwrap();
    let first = in_time(events.next()).await.unwrap();
    assert_eq!(first.to_string(), "group/slow #1 started");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_a_blocked_stock_actor_is_given_up_with_its_thread() {
    let (node, calls) = (node().await, Calls::default());
    let adder = adder(&calls).placement(Placement::pin(1));
    let adder = node.spawn(adder).await.unwrap();
    let mut events = node.events();
    let (hold, release, has_begun) = hold();
    let in_hand = tokio::spawn(adder.send(hold));
    in_time(has_begun).await.unwrap();
    let behind = tokio::spawn(adder.send(Add(1)));
    node.kill("adder").await.unwrap();
    assert_eq!(exit(&mut events).await, Exit::Killed(Killer::Operator));
    assert!(in_time(in_hand).await.unwrap().is_err());
    assert_eq!(in_time(behind).await.unwrap().unwrap(), 1);
    drop(release);
    in_time(async {
        while calls.dropped.load(SeqCst) < 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(in_time(adder.send(Add(1))).await.unwrap(), 2);
    in_time(node.stop()).await.unwrap();
}

/// A peer, and what it was told.
struct Peer(oneshot::Sender<Loss>, Arc<AtomicUsize>);
struct Account(Arc<AtomicUsize>);

impl Origin for Account {
    fn charge(&self, _: &Panic) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Outcome<Boom> for Peer {
    fn handled(self, (): ()) {}

    fn lost(self, loss: Loss) {
        self.0.send(loss).ok();
    }

    fn origin(&self) -> Option<Arc<dyn Origin>> {
        Some(Arc::new(Account(self.1.clone())))
    }
}

#[tokio::test]
async fn poison_of_a_peer_is_not_counted_for_stock_actors_either() {
    let (node, _, adder) = spawned().await;
    let port = adder.port::<Boom, Peer>(8);
    let charged = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        let (told, loss) = oneshot::channel();
        assert!(port.push(Boom, Peer(told, charged.clone())).is_ok());
        assert!(matches!(in_time(loss).await.unwrap(), Loss::Panicked(_)));
    }
    assert_eq!(charged.load(SeqCst), 10);
    assert_eq!(in_time(adder.send(Add(1))).await.unwrap(), 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_is_scheduled_and_watched_works_for_stock_actors() {
    let (node, _, adder) = spawned().await;
    let mut monitor = adder.monitor();
    adder.send_after(Duration::from_millis(1), Add(1));
    in_time(async {
        while adder.send(Add(0)).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    in_time(adder.send(Boom)).await.unwrap_err();
    let down = in_time(monitor.next()).await.unwrap();
    assert!(matches!(down.exit, Exit::Panicked(_)));
    in_time(node.stop()).await.unwrap();
    assert!(in_time(monitor.next()).await.is_some());
}

#[tokio::test]
async fn both_kinds_of_actors_share_a_thread_and_a_supervisor() {
    struct Ours;
    impl Actor for Ours {
        type Context = treewire_runtime::Context<Self>;
    }
    impl Handler<Add> for Ours {
        type Result = u64;
        fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
            add.0
        }
    }
    let (node, calls) = (node().await, Calls::default());
    let (stock, ours) = (adder(&calls), Child::new("ours", || Ours));
    let (first, second) = (stock.reference(), ours.reference());
    let group = Supervisor::new("group")
        .strategy(Strategy::OneForAll)
        .child(stock)
        .child(ours);
    node.spawn(group).await.unwrap();
    in_time(first.send(Boom)).await.unwrap_err();
    assert_eq!(in_time(second.send(Add(3))).await.unwrap(), 3);
    assert_eq!(in_time(first.send(Add(4))).await.unwrap(), 4);
    in_time(node.stop()).await.unwrap();
}
