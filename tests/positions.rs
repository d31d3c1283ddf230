//! Positions in streams: what a receiver stores, and goes on from in another process. Here the
//! processes are nodes.

use std::sync::{Arc, LazyLock, Mutex};

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{
    Delivered, PullSocket, PushSocket, SocketEvent, Stickiness, StreamPosition, World, driven,
};

mod support;
use support::*;

#[path = "support/log.rs"]
mod log;

static LOG: LazyLock<log::Log> = LazyLock::new(log::Log::catch);

/// A pull of a node of its own, that goes on after what is stored.
async fn pull(
    listen: &str,
    stored: impl IntoIterator<Item = StreamPosition>,
) -> (Node, PullSocket) {
    LazyLock::force(&LOG);
    let node = node().await;
    let pull = Pull::new("pull").listen(listen).delivery(Reliable);
    let pull = node.spawn(pull.resume_from(stored)).await.unwrap();
    (node, pull)
}

async fn push(url: &str) -> (Node, PushSocket) {
    let node = node().await;
    let push = Push::new("push").dial(url).delivery(Reliable);
    let push = push.stickiness(Stickiness::Failover);
    let push = node.spawn(push).await.unwrap();
    (node, push)
}

async fn send(push: &PushSocket, numbers: std::ops::Range<u32>) {
    for number in numbers {
        in_time(push.send(number.to_string())).await.unwrap();
    }
}

/// Receives that number, and where it stands.
async fn receive(pull: &PullSocket, number: u32) -> (treewire::Message, StreamPosition) {
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), number.to_string().as_str());
    let position = message.position().expect("its sender dialed");
    (message, position)
}

#[tokio::test]
async fn another_process_goes_on_after_what_was_stored() {
    let (far, first) = pull("tcp://127.0.0.1:0", []).await;
    let url = address(&first);
    let (near, push) = push(&url).await;
    send(&push, 0..10).await;
    let mut stored = None;
    let mut unacknowledged = Vec::new();
    for number in 0..6 {
        let (message, position) = receive(&first, number).await;
        assert_eq!(position.sequence, u64::from(number) + 1);
        assert!(stored.is_none_or(|before| before < position));
        stored = Some(position);
        // Its sender never hears of what was handled.
        unacknowledged.push(message);
    }
    stop(far).await;
    let (far, next) = pull(&url, stored).await;
    for number in 6..10 {
        receive(&next, number).await;
    }
    in_time(push.drain()).await;
    assert!(next.try_recv().unwrap().is_none());
    assert_eq!(push.lost(), 0);
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn what_was_acknowledged_before_it_was_stored_is_told_as_a_gap() {
    let (far, first) = pull("tcp://127.0.0.1:0", []).await;
    let url = address(&first);
    let (near, push) = push(&url).await;
    send(&push, 0..5).await;
    let (_, stored) = receive(&first, 0).await;
    for number in 1..5 {
        receive(&first, number).await;
    }
    in_time(push.drain()).await;
    stop(far).await;
    let (far, next) = pull(&url, [stored]).await;
    let mut events = next.events();
    send(&push, 5..6).await;
    receive(&next, 5).await;
    let gap = async {
        loop {
            if let SocketEvent::Missed { stream, from, to } = events.next().await.unwrap() {
                return (stream, from, to);
            }
        }
    };
    assert_eq!(in_time(gap).await, (stored.stream, 2, 5));
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn a_position_beyond_what_was_sent_keeps_both_apart_and_both_say_so() {
    let (far, first) = pull("tcp://127.0.0.1:0", []).await;
    let url = address(&first);
    let (near, push) = push(&url).await;
    send(&push, 0..2).await;
    let (_, mut stored) = receive(&first, 0).await;
    receive(&first, 1).await;
    in_time(push.drain()).await;
    stop(far).await;
    stored.sequence = 100;
    let log_end = LOG.end();
    let (far, next) = pull(&url, [stored]).await;
    let sender = "has message 100 of the session, the last it was sent is 2";
    let receiver = "told that its stream is stored up to message 100";
    for reason in [sender, receiver] {
        in_time(until(reason, || {
            !LOG.warnings_with(log_end, reason).is_empty()
        }))
        .await;
    }
    // What it sends now is kept.
    send(&push, 2..3).await;
    stop(far).await;
    stored.sequence = 2;
    drop(next);
    let (far, next) = pull(&url, [stored]).await;
    receive(&next, 2).await;
    in_time(push.drain()).await;
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn a_socket_that_could_not_go_on_from_a_position_does_not_start() {
    let node = node().await;
    let hasty = Pull::new("hasty").listen("inproc://hasty").resume_from([]);
    let error = node.spawn(hasty).await.unwrap_err().to_string();
    assert!(error.contains("set delivery to Reliable"), "{error}");
    let dialer = Pull::new("dialer").dial("inproc://peer").delivery(Reliable);
    let error = node.spawn(dialer.resume_from([])).await.unwrap_err();
    assert!(error.to_string().contains("senders that dial"), "{error}");
    stop(node).await;
}

#[tokio::test]
async fn only_what_a_sender_that_dials_sends_reliably_has_a_position() {
    let node = node().await;
    for delivery in [BestEffort, Reliable] {
        let push = Push::new("push").listen("inproc://here").delivery(delivery);
        let push = node.spawn(push).await.unwrap();
        let pull = Pull::new("pull").dial("inproc://here").delivery(delivery);
        let pull = node.spawn(pull).await.unwrap();
        in_time(push.send("x")).await.unwrap();
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(message.position(), None);
        drop(message);
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        assert_eq!(in_time(pull.close(WATCHDOG)).await, Closed::Flushed);
    }
    stop(node).await;
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Order", reply = ())]
struct Order {
    number: u8,
}

type Seen = Arc<Mutex<Vec<(u8, u64, bool)>>>;

/// Panics once at the second order.
struct Clerk(Seen);

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<Delivered<Order>> for Clerk {
    type Result = ();

    fn handle(&mut self, order: Delivered<Order>, _: &mut Context<Self>) {
        let sequence = order.position.unwrap().sequence;
        let seen = (order.message.number, sequence, order.redelivered);
        self.0.lock().unwrap().push(seen);
        assert!(seen != (11, 2, false), "of the test's own");
    }
}

#[test]
fn a_handler_is_told_the_position_of_each_message_and_whether_it_comes_again() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let seen = Seen::default();
        let told = seen.clone();
        let clerk = Child::new("clerk", move || Clerk(told.clone()));
        let clerk = node.spawn(clerk).await.unwrap();
        let pull = Pull::new("pull").listen("inproc://orders");
        let pull = pull
            .delivery(Reliable)
            .deliver_with_position::<Order>(&clerk);
        node.spawn(pull).await.unwrap();
        let push = Push::new("push").dial("inproc://orders").delivery(Reliable);
        let push = node.spawn(push).await.unwrap();
        for number in 10..13 {
            let order = Content::new("test.Order").with_part(vec![number]);
            push.send(order).await.unwrap();
        }
        push.drain().await;
        let expected = [
            (10, 1, false),
            (11, 2, false),
            (11, 2, true),
            (12, 3, false),
        ];
        assert_eq!(*seen.lock().unwrap(), expected);
        node.stop().await.unwrap();
    });
}
