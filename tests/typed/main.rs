//! Typed messages to actors behind a wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::Notify;
use treewire::prelude::*;
use treewire::{RepSocket, ReqSocket, RequestError};

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
use support::*;

mod delivering;
mod failures;

over_every_transport! {
    several_types_are_served_by_one_socket
    distributed_05_a_hundred_callers_get_their_own_answers
    a_remote_is_a_mailbox_and_a_recipient
    foreign_callers_send_a_name_and_a_payload_or_a_payload_alone
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Double", reply = u64)]
struct Double {
    value: u64,
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Greet", reply = Greeting)]
struct Greet {
    name: String,
}

#[derive(Serialize, Deserialize, WireType, Debug, PartialEq)]
struct Greeting {
    text: String,
    letters: Vec<char>,
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Boom", reply = ())]
struct Boom {}

/// Nothing else is handled before the test opens the gate.
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Pause", reply = ())]
struct Pause {}

/// Answered when the gate opens, while others are handled.
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Later", reply = u64)]
struct Later {
    value: u64,
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Fussy", reply = u64)]
struct Fussy {
    #[serde(deserialize_with = "anything_but_13")]
    value: u64,
}

fn anything_but_13<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let value = u64::deserialize(from)?;
    assert_ne!(value, 13, "a decoder panics");
    Ok(value)
}

/// What another program believes `test.Double` to be.
mod elsewhere {
    use super::*;

    #[derive(Serialize, Deserialize, WireMessage)]
    #[wire(name = "test.Double", reply = u64)]
    pub(super) struct Double {
        pub(super) value: i32,
    }

    #[derive(Serialize, Deserialize, WireMessage)]
    #[wire(name = "test.Greet", reply = u64)]
    pub(super) struct Greet {
        pub(super) name: String,
    }

    #[derive(Serialize, Deserialize, WireMessage)]
    #[wire(name = "test.Unheard", reply = u64)]
    pub(super) struct Unheard {}
}

#[derive(Default)]
struct Service {
    gate: Arc<Notify>,
    handled: Arc<AtomicU64>,
}

impl Actor for Service {
    type Context = Context<Self>;
}

impl Handler<Double> for Service {
    type Result = u64;
    fn handle(&mut self, ask: Double, _: &mut Context<Self>) -> u64 {
        self.handled.fetch_add(1, SeqCst);
        ask.value * 2
    }
}

impl Handler<Greet> for Service {
    type Result = Greeting;
    fn handle(&mut self, ask: Greet, _: &mut Context<Self>) -> Greeting {
        Greeting {
            letters: ask.name.chars().collect(),
            text: format!("hello {}", ask.name),
        }
    }
}

impl Handler<Boom> for Service {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Context<Self>) {
        panic!("boom it went");
    }
}

impl Handler<Pause> for Service {
    type Result = ();
    fn handle(&mut self, _: Pause, context: &mut Context<Self>) {
        let gate = self.gate.clone();
        context.wait(async move { gate.notified().await }.into_actor(self));
    }
}

impl Handler<Later> for Service {
    type Result = Reply<u64>;
    fn handle(&mut self, ask: Later, _: &mut Context<Self>) -> Reply<u64> {
        let gate = self.gate.clone();
        self.handled.fetch_add(1, SeqCst);
        Reply::later(async move {
            gate.notified().await;
            ask.value
        })
    }
}

impl Handler<Fussy> for Service {
    type Result = u64;
    fn handle(&mut self, ask: Fussy, _: &mut Context<Self>) -> u64 {
        ask.value
    }
}

/// A node that serves everything, and who asks it.
struct World {
    node: Node,
    req: ReqSocket,
    gate: Arc<Notify>,
    handled: Arc<AtomicU64>,
}

async fn world(listen: &str) -> World {
    world_with(listen, Restart::Permanent).await
}

async fn world_with(listen: &str, restart: Restart) -> World {
    let node = node().await;
    let (gate, handled) = (Arc::<Notify>::default(), Arc::<AtomicU64>::default());
    let parts = (gate.clone(), handled.clone());
    let service = Child::new("service", move || Service {
        gate: parts.0.clone(),
        handled: parts.1.clone(),
    });
    let service = node.spawn(service.restart(restart)).await.unwrap();
    let rep = Rep::new("rep")
        .listen(listen)
        .serve::<Double>(&service)
        .serve::<Greet>(&service)
        .serve::<Boom>(&service)
        .serve::<Pause>(&service)
        .serve::<Later>(&service)
        .serve::<Fussy>(&service);
    let rep = node.spawn(rep).await.unwrap();
    let req = node.spawn(Req::new("req").dial(address(&rep))).await;
    let req = req.unwrap();
    in_time(req.ready(1)).await;
    World {
        node,
        req,
        gate,
        handled,
    }
}

async fn several_types_are_served_by_one_socket(listen: &str) {
    let world = world(listen).await;
    let doubled = in_time(world.req.send(Double { value: 21 }).into_future()).await;
    assert_eq!(doubled.unwrap(), 42);
    let name = "Ada".to_owned();
    let greeting = in_time(world.req.send(Greet { name }).into_future()).await;
    let expected = Greeting {
        text: "hello Ada".into(),
        letters: vec!['A', 'd', 'a'],
    };
    assert_eq!(greeting.unwrap(), expected);
    stop(world.node).await;
}

async fn distributed_05_a_hundred_callers_get_their_own_answers(listen: &str) {
    let world = world(listen).await;
    let remote = world.req.remote::<Double>();
    let callers = (0..100).map(|caller| {
        let remote = remote.clone();
        tokio::spawn(async move {
            for number in 0..20 {
                let value = caller * 1_000 + number;
                assert_eq!(remote.send(Double { value }).await.unwrap(), 2 * value);
            }
        })
    });
    for caller in in_time(join_all(callers)).await {
        caller.unwrap();
    }
    assert_eq!(world.handled.load(SeqCst), 2_000);
    stop(world.node).await;
}

async fn a_remote_is_a_mailbox_and_a_recipient(listen: &str) {
    let world = world(listen).await;
    let remote: Remote<Double> = world.req.remote();
    let doubled = in_time(remote.send(Double { value: 4 }).into_future()).await;
    assert_eq!(doubled.unwrap(), 8);
    let recipient: Recipient<Double> = remote.recipient();
    let doubled = in_time(recipient.send(Double { value: 5 })).await;
    assert_eq!(doubled.unwrap(), 10);
    recipient.do_send(Double { value: 6 });
    until("told without looking back", || {
        world.handled.load(SeqCst) == 3
    })
    .await;

    let unheard = world.req.remote::<elsewhere::Unheard>().recipient();
    let error = in_time(unheard.send(elsewhere::Unheard {})).await;
    assert_eq!(error.unwrap_err(), actix_closed());
    let boom = world.req.remote::<Boom>().recipient();
    assert_eq!(
        in_time(boom.send(Boom {})).await.unwrap_err(),
        actix_closed()
    );
    stop(world.node).await;
}

fn actix_closed() -> treewire::actix::MailboxError {
    treewire::actix::MailboxError::Closed
}

async fn foreign_callers_send_a_name_and_a_payload_or_a_payload_alone(listen: &str) {
    let world = world(listen).await;
    // postcard: 150 is 96 01, twice that AC 02.
    let named = Content::new("test.Double").with_part(&[0x96, 0x01]);
    let answer = in_time(world.req.request(named).into_future()).await;
    assert_eq!(*answer.unwrap().first(), &[0xac, 0x02]);
    let alone = in_time(world.req.request(&[0x96, 0x01]).into_future()).await;
    match alone {
        Err(RequestError::Failed(failure)) => assert_eq!(failure.code, 1, "{failure:?}"),
        other => panic!("{other:?}"),
    }
    let bad_name = Content::new(&[0xff, 0xfe]).with_part("x");
    match in_time(world.req.request(bad_name).into_future()).await {
        Err(RequestError::Failed(failure)) => assert_eq!(failure.code, 1, "{failure:?}"),
        other => panic!("{other:?}"),
    }

    let service = Child::new("another", Service::default);
    let service = world.node.spawn(service).await.unwrap();
    let rep = Rep::new("one type")
        .listen(listen.replace("here", "there"))
        .serve::<Double>(&service);
    let rep = world.node.spawn(rep).await.unwrap();
    let req = Req::new("foreign").dial(address(&rep));
    let req = world.node.spawn(req).await.unwrap();
    let answer = in_time(req.request(&[0x96, 0x01]).into_future()).await;
    assert_eq!(*answer.unwrap().first(), &[0xac, 0x02]);
    stop(world.node).await;
}
