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

mod dropping;
mod generations;
mod waiting;

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
