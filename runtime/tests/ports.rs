//! Ports: batch queues into actors that say what became of each message.

use std::time::Duration;

use actix::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use treewire_runtime::*;

struct Squarer;

impl Actor for Squarer {
    type Context = treewire_runtime::Context<Self>;
}

struct Square(u64);
impl Message for Square {
    type Result = u64;
}

/// 0 panics, odd numbers answer late, even ones at once; 99 never answers.
impl Handler<Square> for Squarer {
    type Result = ResponseActFuture<Self, u64>;
    fn handle(&mut self, square: Square, _: &mut Self::Context) -> Self::Result {
        match square.0 {
            0 => panic!("zero"),
            99 => Box::pin(std::future::pending().into_actor(self)),
            n => Box::pin(async move { n * n }.into_actor(self)),
        }
    }
}

struct Plain(u64);
impl Message for Plain {
    type Result = u64;
}
impl Handler<Plain> for Squarer {
    type Result = u64;
    fn handle(&mut self, plain: Plain, _: &mut Self::Context) -> u64 {
        plain.0
    }
}

#[derive(Debug, PartialEq)]
enum Told {
    Handled(u64, u64),
    Lost(u64, Loss),
}

struct Tell {
    number: u64,
    wanted: bool,
    told: UnboundedSender<Told>,
}

impl<M: Message<Result = u64>> Outcome<M> for Tell {
    fn handled(self, result: u64) {
        self.told.send(Told::Handled(self.number, result)).unwrap();
    }
    fn lost(self, loss: Loss) {
        self.told.send(Told::Lost(self.number, loss)).unwrap();
    }
    fn wanted(&self) -> bool {
        self.wanted
    }
}

async fn told(receiver: &mut UnboundedReceiver<Told>) -> Told {
    tokio::time::timeout(Duration::from_secs(20), receiver.recv())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn every_message_has_one_outcome_over_a_crash() {
    let node = Node::builder("test").start().await.unwrap();
    let squarer = node.spawn(Child::new("squarer", || Squarer)).await.unwrap();
    let port = squarer.port::<Square, Tell>(8);
    let (sender, mut receiver) = unbounded_channel();
    for number in [99, 2, 0, 3] {
        let outcome = Tell {
            number,
            wanted: true,
            told: sender.clone(),
        };
        assert!(port.push(Square(number), outcome).is_ok());
    }
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(told(&mut receiver).await);
    }
    let lost = |told: &Told, number| matches!(told, Told::Lost(n, Loss::Crashed(Exit::Panicked(panic))) if *n == number && panic.text == "zero");
    let culprit =
        |told: &Told| matches!(told, Told::Lost(0, Loss::Panicked(panic)) if panic.text == "zero");
    assert!(all.iter().any(culprit), "in hand: {all:?}");
    assert!(
        all.iter().any(|told| lost(told, 99)),
        "answered late: {all:?}"
    );
    assert!(all.contains(&Told::Handled(3, 9)), "queued: {all:?}");
    // The second may have been answered before the crash, or been late with it.
    assert!(
        all.contains(&Told::Handled(2, 4)) || all.iter().any(|told| lost(told, 2)),
        "{all:?}"
    );
    node.stop().await.unwrap();
}

#[tokio::test]
async fn the_bound_is_exact_and_room_is_announced() {
    let node = Node::builder("test").start().await.unwrap();
    let child = Child::new("squarer", || Squarer);
    let squarer = child.reference();
    let port = squarer.port::<Plain, Tell>(4);
    let (sender, mut receiver) = unbounded_channel();
    let outcome = |number| Tell {
        number,
        wanted: true,
        told: sender.clone(),
    };
    for number in 0..4 {
        assert!(port.push(Plain(number), outcome(number)).is_ok());
    }
    assert_eq!(port.room(), 0);
    let refused = port.push(Plain(4), outcome(4));
    assert!(matches!(refused, Err(PortRefusal::Full(Plain(4), _))));
    let has_room = std::future::poll_fn(|task| {
        port.on_room(task.waker());
        if port.room() > 0 {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    });
    node.spawn(child).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), has_room)
        .await
        .unwrap();
    for number in 0..4 {
        assert_eq!(told(&mut receiver).await, Told::Handled(number, number));
    }
    node.stop().await.unwrap();
    let refused = port.push(Plain(7), outcome(7));
    assert!(matches!(
        refused,
        Err(PortRefusal::Stopped(Plain(7), _, Exit::Shutdown))
    ));
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_not_handled() {
    let node = Node::builder("test").start().await.unwrap();
    let child = Child::new("squarer", || Squarer);
    let port = child.reference().port::<Plain, Tell>(4);
    let (sender, mut receiver) = unbounded_channel();
    for number in 0..3 {
        let outcome = Tell {
            number,
            wanted: number != 1,
            told: sender.clone(),
        };
        assert!(port.push(Plain(number), outcome).is_ok());
    }
    let squarer = node.spawn(child).await.unwrap();
    assert_eq!(told(&mut receiver).await, Told::Handled(0, 0));
    assert_eq!(told(&mut receiver).await, Told::Lost(1, Loss::Unwanted));
    assert_eq!(told(&mut receiver).await, Told::Handled(2, 2));
    assert_eq!(squarer.send(Plain(1)).await.unwrap(), 1);
    node.stop().await.unwrap();
}
