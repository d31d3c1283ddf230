//! What a mailbox promises; each test is named after one promise.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

use actix::prelude::{
    Actor, ActorContext, AsyncContext, Handler, Message, ResponseActFuture, ResponseFuture,
    WrapFuture,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use treewire_runtime::*;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// Says which numbers it was told, and in which generation.
struct Listener {
    generation: u32,
    heard: UnboundedSender<(u32, u32)>,
}

impl Actor for Listener {
    type Context = treewire_runtime::Context<Self>;
}

fn listener() -> (Child<Listener>, UnboundedReceiver<(u32, u32)>) {
    let (heard, hearing) = unbounded_channel();
    let mut generation = 0;
    let child = Child::new("listener", move || {
        generation += 1;
        let heard = heard.clone();
        Listener { generation, heard }
    });
    (child, hearing)
}

#[derive(Debug, PartialEq)]
struct Number(u32);
impl Message for Number {
    type Result = u32;
}
impl Handler<Number> for Listener {
    type Result = u32;
    fn handle(&mut self, number: Number, _: &mut Self::Context) -> u32 {
        self.heard.send((self.generation, number.0)).ok();
        number.0
    }
}

struct Boom;
impl Message for Boom {
    type Result = ();
}
impl Handler<Boom> for Listener {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

struct Stop;
impl Message for Stop {
    type Result = ();
}
impl Handler<Stop> for Listener {
    type Result = ();
    fn handle(&mut self, _: Stop, context: &mut Self::Context) {
        context.stop();
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
impl Handler<Hold> for Listener {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut Self::Context) {
        hold.began.send(()).ok();
        // The sender lets go by being dropped.
        hold.released.recv().ok();
    }
}

/// Is answered when the test says so, by a future of the actor.
struct Later(oneshot::Receiver<u32>);
impl Message for Later {
    type Result = u32;
}
impl Handler<Later> for Listener {
    type Result = ResponseActFuture<Self, u32>;
    fn handle(&mut self, later: Later, _: &mut Self::Context) -> Self::Result {
        let never = futures_util::future::pending;
        Box::pin(
            async move {
                match later.0.await {
                    Ok(answer) => answer,
                    Err(_) => never().await,
                }
            }
            .into_actor(self),
        )
    }
}

/// Is answered by a future outside the actor.
struct Outside(oneshot::Receiver<u32>);
impl Message for Outside {
    type Result = u32;
}
impl Handler<Outside> for Listener {
    type Result = ResponseFuture<u32>;
    fn handle(&mut self, outside: Outside, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { outside.0.await.unwrap_or(0) })
    }
}

async fn node() -> Node {
    Node::builder("test").start().await.unwrap()
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Task::from_waker(Waker::noop()))
}

async fn drops_of(node: &Node, cause: &str) -> u64 {
    let snapshot = node.snapshot().await.unwrap();
    let child = snapshot.find("listener").unwrap();
    child.drops.get(cause).copied().unwrap_or(0)
}

#[tokio::test]
async fn the_settings_of_a_mailbox_apply_to_references_taken_before() {
    let (child, _hearing) = listener();
    let before = child.reference();
    let child = child.mailbox(2);
    let accepted = (0..5).filter(|&n| before.try_send(Number(n)).is_ok());
    assert_eq!(accepted.count(), 2);
    assert_eq!(child.reference().depth(), 2);
}

#[tokio::test]
async fn tells_and_asks_of_one_reference_are_handled_in_order() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = child.reference();
    let clone = listener.clone();
    listener.do_send(Number(0));
    listener.try_send(Number(1)).unwrap();
    let mut ask = clone.send(Number(2));
    assert!(poll_once(&mut ask).is_pending(), "asked when it is polled");
    let mut tell = clone.tell(Number(3));
    assert!(poll_once(&mut tell).is_ready());
    listener.do_send(Number(4));
    node.spawn(child).await.unwrap();
    for number in 0..5 {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    assert_eq!(in_time(ask).await.unwrap(), 2);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_tell_waits_for_room_and_those_who_wait_are_served_in_order() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(1);
    let listener = child.reference();
    in_time(listener.tell(Number(0))).await.unwrap();
    let mut tells: Vec<_> = (1..5).map(|n| listener.tell(Number(n))).collect();
    for tell in &mut tells {
        assert!(poll_once(tell).is_pending());
    }
    assert!(
        matches!(
            listener.try_send(Number(9)),
            Err(SendError::Full(Number(9)))
        ),
        "nobody overtakes those who wait"
    );
    assert_eq!(listener.depth(), 1, "who waits is not queued");
    node.spawn(child).await.unwrap();
    for tell in tells {
        in_time(tell).await.unwrap();
    }
    for number in 0..5 {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_tell_that_is_dropped_before_it_was_queued_was_not_sent() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(1);
    let listener = child.reference();
    in_time(listener.tell(Number(0))).await.unwrap();
    let mut dropped = listener.tell(Number(1));
    let mut next = listener.tell(Number(2));
    assert!(poll_once(&mut dropped).is_pending());
    assert!(poll_once(&mut next).is_pending());
    drop(dropped);
    node.spawn(child).await.unwrap();
    in_time(next).await.unwrap();
    assert_eq!(in_time(hearing.recv()).await, Some((1, 0)));
    assert_eq!(in_time(hearing.recv()).await, Some((1, 2)));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_ask_that_is_given_up_makes_room_at_once() {
    let (child, _hearing) = listener();
    let child = child.mailbox(2);
    let listener = child.reference();
    let mut first = listener.send(Number(1));
    let mut second = listener.send(Number(2));
    let mut waiting = listener.tell(Number(3));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut waiting).is_pending());
    drop(first);
    assert!(matches!(poll_once(&mut waiting), Poll::Ready(Ok(()))));
    assert_eq!(listener.depth(), 2);
    drop(second);
    assert_eq!(listener.depth(), 1);
}

#[tokio::test]
async fn what_waits_for_room_when_the_actor_is_gone_comes_back() {
    let node = node().await;
    let child = Child::<Listener>::try_new("listener", || Err(Failure::new("no book")));
    let child = child.mailbox(1);
    let listener = child.reference();
    listener.do_send(Number(0));
    let mut told = listener.tell(Number(1));
    let mut asked = listener.send(Number(2));
    assert!(poll_once(&mut told).is_pending());
    assert!(poll_once(&mut asked).is_pending());
    in_time(node.spawn(child)).await.unwrap_err();
    let exit = Exit::Failed(Failure::new("no book"));
    let told = in_time(told).await;
    assert!(matches!(&told, Err(SendError::Stopped(Number(1), why)) if *why == exit));
    let asked = in_time(asked).await;
    assert!(matches!(&asked, Err(SendError::Stopped(Number(2), why)) if *why == exit));
    let late = in_time(listener.tell(Number(3))).await;
    assert!(matches!(&late, Err(SendError::Stopped(Number(3), why)) if *why == exit));
    assert_eq!(listener.stats().drops()["stopped"], 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_timeout_says_what_the_message_waited_for() {
    let node = node().await;
    let (child, _hearing) = listener();
    let child = child.mailbox(1);
    let listener = child.reference();
    let soon = Duration::from_millis(1);
    let early = in_time(listener.send(Number(1)).timeout(soon)).await;
    assert!(matches!(
        early,
        Err(SendError::Timeout {
            waiting: Waiting::Restarting,
            message: Some(Number(1))
        })
    ));
    node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    listener.do_send(Number(0));
    let told = in_time(listener.tell(Number(2)).timeout(soon)).await;
    assert!(matches!(
        told,
        Err(SendError::Timeout {
            waiting: Waiting::Queued,
            message: Some(Number(2))
        })
    ));
    drop(release);
    let (_sender, never) = oneshot::channel();
    let late = listener.send(Later(never));
    let late = in_time(late.timeout(Duration::from_millis(50))).await;
    assert!(matches!(
        late,
        Err(SendError::Timeout {
            waiting: Waiting::Handling,
            message: None
        })
    ));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_owed_is_lost_with_the_generation() {
    let node = node().await;
    let (child, _hearing) = listener();
    let listener = node.spawn(child).await.unwrap();
    let (answer, answered) = oneshot::channel();
    let (_never_sent, never) = oneshot::channel();
    let (outside, from_outside) = oneshot::channel();
    let answered = tokio::spawn(listener.send(Later(answered)));
    let lost = tokio::spawn(listener.send(Later(never)));
    let outlives = tokio::spawn(listener.send(Outside(from_outside)));
    answer.send(7).unwrap();
    assert_eq!(in_time(answered).await.unwrap().unwrap(), 7);
    in_time(listener.send(Number(0))).await.unwrap();
    listener.do_send(Boom);
    let lost = in_time(lost).await.unwrap().unwrap_err();
    assert!(
        matches!(&lost, SendError::LostInCrash(Exit::Panicked(panic)) if panic.text == "boom"),
        "{lost}"
    );
    outside.send(8).unwrap();
    assert_eq!(in_time(outlives).await.unwrap().unwrap(), 8);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_who_waits_for_a_blocked_thread_is_told_when_it_is_given_up() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child
        .shutdown(Duration::from_millis(10))
        .placement(Placement::dedicated());
    let listener = node.spawn(child).await.unwrap();
    let raw = listener.address();
    let (_never_sent, never) = oneshot::channel();
    let (_outside, from_outside) = oneshot::channel();
    let owed = listener.send(Later(never));
    let owed = tokio::spawn(async move { owed.await.map_err(|error| error.to_string()) });
    let outside = listener.send(Outside(from_outside));
    let outside = tokio::spawn(async move { outside.await.map_err(|error| error.to_string()) });
    in_time(listener.send(Number(0))).await.unwrap();
    let (hold, release, has_begun) = hold();
    let in_hand = tokio::spawn(listener.send(hold));
    in_time(has_begun).await.unwrap();
    let queued = tokio::spawn(listener.send(Number(1)));
    while listener.depth() == 0 {
        tokio::task::yield_now().await;
    }
    let raw_ask = tokio::spawn(raw.send(Number(2)));
    node.kill("listener").await.unwrap();

    let killed = Exit::Killed(Killer::Operator);
    let in_hand = in_time(in_hand).await.unwrap();
    assert!(matches!(in_hand, Err(SendError::LostInCrash(exit)) if exit == killed));
    for late in [owed, outside] {
        let late = in_time(late).await.unwrap();
        assert_eq!(
            late,
            Err(SendError::<()>::LostInCrash(killed.clone()).to_string())
        );
    }
    assert_eq!(
        in_time(queued).await.unwrap().unwrap(),
        1,
        "what was queued is handled on a fresh thread"
    );
    assert_eq!(in_time(raw_ask).await.unwrap().unwrap(), 2);
    assert_eq!(in_time(hearing.recv()).await, Some((1, 0)));

    // Let go, the old thread takes nothing from the new generation.
    drop(release);
    let mut rest = Vec::new();
    for number in 3..103 {
        assert_eq!(
            in_time(listener.send(Number(number))).await.unwrap(),
            number
        );
    }
    while rest.len() < 102 {
        rest.push(in_time(hearing.recv()).await.unwrap());
    }
    assert!(
        rest.iter().all(|&(generation, _)| generation == 2),
        "{rest:?}"
    );
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_factory_that_never_returns_holds_no_later_thread_up() {
    let node = Node::builder("test").arbiters(2).start().await.unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (entered, has_entered) = mpsc::channel();
    let (heard, _hearing) = unbounded_channel();
    let child = Child::new("stuck", move || {
        entered.send(()).ok();
        released.recv().ok();
        let heard = heard.clone();
        Listener {
            generation: 1,
            heard,
        }
    })
    .placement(Placement::pin(1));
    let mut events = node.events();
    let spawned = tokio::spawn({
        let node = node.clone();
        async move { node.spawn(child).await.map(drop) }
    });
    tokio::task::spawn_blocking(move || has_entered.recv())
        .await
        .unwrap()
        .unwrap();
    node.kill("stuck").await.unwrap();
    let error = in_time(spawned).await.unwrap().unwrap_err();
    assert!(matches!(error, SpawnError::Failed { .. }), "{error}");
    while in_time(events.next()).await.unwrap().kind != EventKind::Removed {}
    drop(release);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn references_work_again_when_a_stopped_child_is_started_again() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = child.reference();
    let mut port_told = unbounded_channel();
    let port = listener.port::<Number, Told>(4);
    node.spawn(Supervisor::new("group").child(child))
        .await
        .unwrap();
    assert_eq!(in_time(listener.send(Number(1))).await.unwrap(), 1);
    let before = listener.address();
    for generation in 2..5 {
        node.stop_child("group/listener").await.unwrap();
        assert_eq!(in_time(listener.gone()).await, Exit::Shutdown);
        let refused = in_time(listener.send(Number(0))).await;
        assert!(
            matches!(refused, Err(SendError::Stopped(Number(0), Exit::Shutdown))),
            "{refused:?}"
        );
        while before.connected() {
            tokio::task::yield_now().await;
        }
        node.start_child("group/listener").await.unwrap();
        while listener.closed().is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            in_time(listener.send(Number(generation))).await.unwrap(),
            generation
        );
        assert_eq!(
            in_time(listener.address().send(Number(0))).await.unwrap(),
            0
        );
        let told = Told(port_told.0.clone());
        assert!(port.push(Number(0), told).is_ok());
        assert_eq!(in_time(port_told.1.recv()).await, Some(0));
    }
    let mut generations = Vec::new();
    while let Ok((generation, _)) = hearing.try_recv() {
        generations.push(generation);
    }
    generations.dedup();
    assert_eq!(generations, [1, 2, 3, 4]);
    in_time(node.stop()).await.unwrap();
}

struct Told(UnboundedSender<u32>);
impl Outcome<Number> for Told {
    fn handled(self, result: u32) {
        self.0.send(result).ok();
    }
    fn lost(self, _: Loss) {}
}

#[tokio::test]
async fn drop_oldest_makes_room_by_what_was_told_without_looking_back() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(Mailbox::bounded(4).drop_oldest());
    let listener = child.reference();
    let mut asked = listener.send(Number(0));
    assert!(poll_once(&mut asked).is_pending());
    listener.try_send(Number(1)).unwrap();
    for number in 2..7 {
        listener.do_send(Number(number));
    }
    node.spawn(child).await.unwrap();
    assert_eq!(in_time(asked).await.unwrap(), 0);
    for number in [0, 1, 5, 6] {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    assert_eq!(drops_of(&node, "displaced by a newer one").await, 3);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_mailbox_that_discards_gives_back_what_waits_when_a_generation_ends() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node
        .spawn(child.mailbox(Mailbox::bounded(8).discard()))
        .await
        .unwrap();
    let raw = listener.address();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    listener.do_send(Boom);
    listener.do_send(Number(1));
    listener.try_send(Number(2)).unwrap();
    let mut asked = listener.send(Number(3));
    assert!(poll_once(&mut asked).is_pending());
    drop(release);
    let back = in_time(asked).await.unwrap_err();
    assert!(
        matches!(&back, SendError::Stopped(Number(3), Exit::Panicked(panic)) if panic.text == "boom"),
        "{back}"
    );
    assert_eq!(in_time(listener.send(Number(4))).await.unwrap(), 4);
    assert_eq!(in_time(hearing.recv()).await, Some((2, 4)));
    assert_eq!(drops_of(&node, "discarded at a restart").await, 2);
    assert!(raw.connected());
    in_time(node.stop()).await.unwrap();
}

/// Sends itself the next tick, by its `Ref` or its raw address.
struct Ticker {
    generation: u32,
    raw: bool,
    ticked: UnboundedSender<u32>,
}

impl Actor for Ticker {
    type Context = treewire_runtime::Context<Self>;
    fn started(&mut self, context: &mut Self::Context) {
        let generation = self.generation;
        self.tick(generation, context);
    }
}

impl Ticker {
    fn tick(&self, begun_by: u32, context: &mut <Self as Actor>::Context) {
        if self.raw {
            context.address().do_send(Tick(begun_by));
        } else {
            context.reference().do_send(Tick(begun_by));
        }
    }
}

/// Carries the generation that began to tick.
struct Tick(u32);
impl Message for Tick {
    type Result = ();
}
impl Handler<Tick> for Ticker {
    type Result = ();
    fn handle(&mut self, tick: Tick, context: &mut Self::Context) {
        self.ticked.send(tick.0).ok();
        self.tick(tick.0, context);
    }
}
impl Handler<Boom> for Ticker {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

#[tokio::test]
async fn what_an_actor_sent_to_itself_does_not_double_at_a_restart() {
    for raw in [false, true] {
        let node = node().await;
        let (ticked, mut ticks) = unbounded_channel();
        let mut generation = 0;
        let child = Child::new("listener", move || {
            generation += 1;
            Ticker {
                generation,
                raw,
                ticked: ticked.clone(),
            }
        });
        let ticker = node.spawn(child).await.unwrap();
        assert_eq!(in_time(ticks.recv()).await, Some(1));
        in_time(ticker.send(Boom)).await.unwrap_err();
        while in_time(ticks.recv()).await != Some(2) {}
        for _ in 0..1_000 {
            assert_eq!(in_time(ticks.recv()).await, Some(2), "raw: {raw}");
        }
        let dropped = drops_of(&node, "sent by an earlier generation to itself").await;
        assert_eq!(dropped, 1);
        ticker.do_send(Boom);
        in_time(node.stop()).await.unwrap();
    }
}

#[tokio::test]
async fn what_others_sent_is_kept_over_a_restart_even_by_a_raw_address() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    let asked = tokio::spawn(listener.address().send(Number(1)));
    listener.do_send(Boom);
    listener.do_send(Number(2));
    drop(release);
    assert_eq!(in_time(asked).await.unwrap().unwrap(), 1);
    let mut numbers = [
        in_time(hearing.recv()).await.unwrap().1,
        in_time(hearing.recv()).await.unwrap().1,
    ];
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_was_asked_by_a_raw_address_and_given_up_is_not_counted_as_handled() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    drop(listener.address().send(Number(1)));
    let asked = listener.address().send(Number(2));
    drop(release);
    assert_eq!(in_time(asked).await.unwrap(), 2);
    assert_eq!(in_time(hearing.recv()).await, Some((1, 2)));
    in_time(node.stop()).await.unwrap();
    // It was held, and heard one number.
    assert_eq!(listener.stats().handled.get(), 2);
}

#[tokio::test]
async fn kill_is_obeyed_after_the_message_in_hand() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node
        .spawn(child.shutdown(Duration::from_secs(20)))
        .await
        .unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    for number in 0..10 {
        listener.do_send(Number(number));
    }
    in_time(has_begun).await.unwrap();
    node.kill("listener").await.unwrap();
    // Answered by the control thread after the kill.
    node.snapshot().await.unwrap();
    drop(release);
    for number in 0..10 {
        assert_eq!(in_time(hearing.recv()).await, Some((2, number)));
    }
    in_time(pin!(node.stop())).await.unwrap();
}

/// Of each instrument only the newest price is worth handling.
struct Price(&'static str, u32);
impl Message for Price {
    type Result = ();
}
impl Handler<Price> for Listener {
    type Result = ();
    fn handle(&mut self, price: Price, _: &mut Self::Context) {
        self.heard.send((self.generation, price.1)).ok();
    }
}

fn by_instrument() -> Mailbox {
    Mailbox::bounded(4).conflate(|price: &Price| price.0)
}

#[tokio::test]
async fn a_conflated_message_takes_the_place_of_the_one_before() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(by_instrument());
    let listener = child.reference();
    listener.do_send(Price("gold", 1));
    listener.do_send(Number(2));
    listener.do_send(Price("tin", 3));
    listener.do_send(Number(4));
    listener.do_send(Price("tin", 5));
    listener.do_send(Price("gold", 6));
    listener.do_send(Price("gold", 7));
    listener.do_send(Price("zinc", 8));
    node.spawn(child).await.unwrap();
    for number in [7, 2, 5, 4] {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    listener.do_send(Price("gold", 9));
    assert_eq!(
        in_time(hearing.recv()).await,
        Some((1, 9)),
        "its place was left"
    );
    assert_eq!(drops_of(&node, "conflated").await, 3);
    assert_eq!(drops_of(&node, "mailbox full").await, 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_is_asked_or_tried_is_never_conflated() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(by_instrument());
    let listener = child.reference();
    listener.try_send(Price("gold", 1)).unwrap();
    let mut asked = listener.send(Price("gold", 2));
    assert!(poll_once(&mut asked).is_pending());
    listener.do_send(Price("gold", 3));
    listener.try_send(Price("gold", 4)).unwrap();
    listener.do_send(Price("gold", 5));
    node.spawn(child).await.unwrap();
    in_time(asked).await.unwrap();
    for number in [1, 2, 5, 4] {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn each_message_is_handled_or_counted_though_many_threads_conflate() {
    const EACH: u32 = 5_000;
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node.spawn(child.mailbox(by_instrument())).await.unwrap();
    let senders = ["gold", "gold", "tin"].map(|instrument| {
        let listener = listener.clone();
        std::thread::spawn(move || {
            for number in 0..EACH {
                listener.do_send(Price(instrument, number));
            }
        })
    });
    for sender in senders {
        tokio::task::spawn_blocking(|| sender.join())
            .await
            .unwrap()
            .unwrap();
    }
    in_time(listener.send(Number(EACH))).await.unwrap();
    let mut handled = 0;
    while in_time(hearing.recv()).await.unwrap().1 != EACH {
        handled += 1;
    }
    let conflated = drops_of(&node, "conflated").await;
    let refused = drops_of(&node, "mailbox full").await;
    assert_eq!(handled + conflated + refused, 3 * u64::from(EACH));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_dead_letter_says_what_was_dropped_for_whom_and_why() {
    let node = node().await;
    let mut letters = node.dead_letters();
    let (child, _hearing) = listener();
    let child = child.mailbox(Mailbox::bounded(1).drop_oldest());
    let listener = child.reference();
    node.spawn(Supervisor::new("group").child(child))
        .await
        .unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    listener.do_send(Number(1));
    listener.do_send(Number(2));
    let letter = in_time(letters.next()).await.unwrap();
    assert_eq!(
        (&*letter.path, letter.cause),
        ("group/listener", DropCause::Displaced)
    );
    assert!(letter.message.ends_with("mailbox::Number"), "{letter}");
    drop(release);
    in_time(listener.send(Number(3))).await.unwrap();
    in_time(node.stop()).await.unwrap();
    while listener.closed().is_none() {
        tokio::task::yield_now().await;
    }
    listener.do_send(Number(4));
    assert_eq!(in_time(letters.next()).await, None, "the node has ended");
}

/// Holds on to its message until it is let go, then sends itself a price and panics.
struct Reprice {
    began: oneshot::Sender<()>,
    released: mpsc::Receiver<()>,
}
impl Message for Reprice {
    type Result = ();
}
impl Handler<Reprice> for Listener {
    type Result = ();
    fn handle(&mut self, reprice: Reprice, context: &mut Self::Context) {
        reprice.began.send(()).ok();
        reprice.released.recv().ok();
        context.reference().do_send(Number(2));
        panic!("boom");
    }
}

#[tokio::test]
async fn what_others_sent_outlives_a_generation_that_took_its_place() {
    let node = Node::builder("test").start().await.unwrap();
    let (child, mut hearing) = listener();
    let mailbox = Mailbox::default().conflate(|_: &Number| ());
    let listener = node.spawn(child.mailbox(mailbox)).await.unwrap();
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    listener.do_send(Reprice { began, released });
    in_time(has_begun).await.unwrap();
    listener.do_send(Number(1));
    drop(release);
    assert_eq!(in_time(hearing.recv()).await, Some((2, 2)));
}

#[tokio::test]
async fn a_key_that_panics_ends_nobody_and_its_message_waits_as_it_is() {
    struct Relay(Ref<Listener>);
    impl Actor for Relay {
        type Context = treewire_runtime::Context<Self>;
    }
    impl Handler<Number> for Relay {
        type Result = u32;
        fn handle(&mut self, number: Number, _: &mut Self::Context) -> u32 {
            let same = number.0;
            self.0.do_send(number);
            same
        }
    }
    let node = Node::builder("test").start().await.unwrap();
    let (child, mut hearing) = listener();
    let mailbox = Mailbox::default().conflate(|_: &Number| -> u8 { panic!("key") });
    let listener = node.spawn(child.mailbox(mailbox)).await.unwrap();
    let relay = Child::new("relay", move || Relay(listener.clone()));
    let relay = node.spawn(relay).await.unwrap();
    assert_eq!(in_time(relay.send(Number(3))).await.unwrap(), 3);
    assert_eq!(in_time(hearing.recv()).await, Some((1, 3)));
}
