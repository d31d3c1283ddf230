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
mod support;
use support::*;

over_every_transport! {
    several_types_are_served_by_one_socket
    an_unknown_message_is_named_with_what_is_served
    another_definition_of_a_message_is_refused
    what_cannot_be_decoded_is_said_at_either_end
    a_decoder_that_panics_costs_its_own_request_only
    answers_that_come_later_are_told_and_die_with_their_generation
    supervision_03_a_panic_in_a_handler_is_told_to_its_asker_and_costs_nobody_else
    an_actor_that_stopped_for_good_says_so
    a_message_whose_deadline_passed_in_the_queue_is_not_handled
    distributed_05_a_hundred_callers_get_their_own_answers
    a_remote_is_a_mailbox_and_a_recipient
    foreign_callers_send_a_name_and_a_payload_or_a_payload_alone
    a_slow_actor_holds_its_senders_back_and_loses_nothing
    delivered_messages_nobody_knows_are_dropped_and_counted
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

async fn an_unknown_message_is_named_with_what_is_served(listen: &str) {
    let world = world(listen).await;
    let asked = in_time(world.req.send(elsewhere::Unheard {}).into_future()).await;
    match asked.unwrap_err() {
        RemoteError::UnknownMessage(text) => {
            for name in ["test.Unheard", "test.Double", "test.Greet"] {
                assert!(text.contains(name), "{text}");
            }
        }
        other => panic!("{other}"),
    }
    stop(world.node).await;
}

async fn another_definition_of_a_message_is_refused(listen: &str) {
    let world = world(listen).await;
    let request = elsewhere::Double { value: 1 };
    let asked = in_time(world.req.send(request).into_future()).await;
    let error = asked.unwrap_err();
    assert!(matches!(error, RemoteError::SchemaMismatch(_)), "{error}");
    let name = "the same request, another reply".into();
    let asked = in_time(world.req.send(elsewhere::Greet { name }).into_future()).await;
    let error = asked.unwrap_err();
    assert!(matches!(error, RemoteError::SchemaMismatch(_)), "{error}");
    assert!(error.to_string().contains("test.Greet"), "{error}");
    assert_eq!(world.handled.load(SeqCst), 0);
    stop(world.node).await;
}

async fn what_cannot_be_decoded_is_said_at_either_end(listen: &str) {
    let world = world(listen).await;
    for garbage in [&[][..], &[0xff; 20], &[1, 2, 3]] {
        let content = Content::new("test.Double").with_part(garbage);
        match in_time(world.req.request(content).into_future()).await {
            Err(RequestError::Failed(failure)) => assert_eq!(failure.code, 3, "{failure:?}"),
            other => panic!("{other:?}"),
        }
    }
    // The other way round: the answer is not what the asker expects.
    let rep = Rep::new("liar").listen(listen.replace("here", "there"));
    let rep: RepSocket = world.node.spawn(rep).await.unwrap();
    let req = Req::new("lied to").dial(address(&rep));
    let req = world.node.spawn(req).await.unwrap();
    let asking = tokio::spawn(req.send(Double { value: 1 }).into_future());
    in_time(rep.recv())
        .await
        .unwrap()
        .unwrap()
        .reply(&[0xff; 20]);
    let error = in_time(asking).await.unwrap().unwrap_err();
    assert!(matches!(error, RemoteError::DecodeFailed(_)), "{error}");
    stop(world.node).await;
}

async fn a_decoder_that_panics_costs_its_own_request_only(listen: &str) {
    let world = world(listen).await;
    let fussy = |value| in_time(world.req.send(Fussy { value }).into_future());
    assert_eq!(fussy(12).await.unwrap(), 12);
    let error = fussy(13).await.unwrap_err();
    assert!(matches!(error, RemoteError::DecodeFailed(_)), "{error}");
    assert_eq!(fussy(14).await.unwrap(), 14, "the socket serves on");
    let tree = world.node.snapshot().await.unwrap();
    assert_eq!(tree.restarts, 0);
    stop(world.node).await;
}

async fn answers_that_come_later_are_told_and_die_with_their_generation(listen: &str) {
    let world = world(listen).await;
    let handled = async |count| {
        while world.handled.load(SeqCst) < count {
            tokio::task::yield_now().await;
        }
    };
    let later = tokio::spawn(world.req.send(Later { value: 7 }).into_future());
    in_time(handled(1)).await;
    let meanwhile = in_time(world.req.send(Double { value: 2 }).into_future()).await;
    assert_eq!(meanwhile.unwrap(), 4);
    world.gate.notify_one();
    assert_eq!(in_time(later).await.unwrap().unwrap(), 7);

    let lost = tokio::spawn(world.req.send(Later { value: 7 }).into_future());
    in_time(handled(3)).await;
    let boom = in_time(world.req.send(Boom {}).into_future()).await;
    assert!(boom.is_err());
    let error = in_time(lost).await.unwrap().unwrap_err();
    assert!(matches!(error, RemoteError::LostInCrash(_)), "{error}");
    stop(world.node).await;
}

async fn supervision_03_a_panic_in_a_handler_is_told_to_its_asker_and_costs_nobody_else(
    listen: &str,
) {
    let world = world(listen).await;
    let before = world.node.snapshot().await.unwrap();
    let paused = tokio::spawn(world.req.send(Pause {}).into_future());
    in_time(paused).await.unwrap().unwrap();
    let double = |value| tokio::spawn(world.req.send(Double { value }).into_future());
    let first: Vec<_> = (0..10).map(double).collect();
    let boom = tokio::spawn(world.req.send(Boom {}).into_future());
    let then: Vec<_> = (10..20).map(double).collect();
    until_tree(&world.node, "all are queued", |tree| {
        messages_in(tree, "rep") == 22
    })
    .await;
    world.gate.notify_one();

    let error = in_time(boom).await.unwrap().unwrap_err();
    match &error {
        RemoteError::LostInCrash(text) => {
            assert!(text.contains("boom it went"), "{text}");
            assert!(text.contains("typed.rs:"), "{text}");
        }
        other => panic!("{other}"),
    }
    for (number, asking) in (0..).zip(first.into_iter().chain(then)) {
        assert_eq!(in_time(asking).await.unwrap().unwrap(), 2 * number);
    }
    let after = world.node.snapshot().await.unwrap();
    let service = after.find("service").unwrap();
    assert_eq!((service.restarts, service.generation), (1, 2));
    match &service.exits[..] {
        [exit] => match &exit.reason {
            Exit::Panicked(panic) => {
                assert_eq!(panic.text, "boom it went");
                assert!(panic.place.contains("typed.rs:"), "{}", panic.place);
            }
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
    // Nobody else noticed.
    let others = |tree: &treewire::NodeSnapshot| -> Vec<(String, u64)> {
        let others = tree.walk().filter(|child| child.path != "service");
        others
            .map(|child| (child.path.clone(), child.generation))
            .collect()
    };
    assert_eq!(others(&after), others(&before));
    stop(world.node).await;
}

async fn an_actor_that_stopped_for_good_says_so(listen: &str) {
    let world = world_with(listen, Restart::Temporary).await;
    let error = in_time(world.req.send(Boom {}).into_future()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, RemoteError::LostInCrash(_)), "{error}");
    until_tree(&world.node, "it is gone", |tree| {
        tree.find("service").is_none()
    })
    .await;
    let error = in_time(world.req.send(Double { value: 1 }).into_future()).await;
    match error.unwrap_err() {
        RemoteError::Stopped(text) => assert!(text.contains("boom it went"), "{text}"),
        other => panic!("{other}"),
    }
    stop(world.node).await;
}

async fn a_message_whose_deadline_passed_in_the_queue_is_not_handled(listen: &str) {
    let world = world(listen).await;
    in_time(world.req.send(Pause {}).into_future())
        .await
        .unwrap();
    let hasty = world.req.send(Double { value: 1 });
    let hasty = hasty.deadline(Duration::from_millis(30)).into_future();
    let error = in_time(hasty).await.unwrap_err();
    assert!(matches!(error, RemoteError::TimedOut), "{error}");
    until_tree(&world.node, "the cancel has arrived", |tree| {
        messages_in(tree, "rep") == 3
    })
    .await;
    world.gate.notify_one();
    let patient = in_time(world.req.send(Double { value: 2 }).into_future()).await;
    assert_eq!(patient.unwrap(), 4);
    assert_eq!(world.handled.load(SeqCst), 1);
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

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Item", reply = ())]
struct Item {
    number: u64,
}

/// Takes one message after the other, and its time for each.
struct Slow {
    handled: Arc<AtomicU64>,
}

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Item> for Slow {
    type Result = ();
    fn handle(&mut self, item: Item, context: &mut Context<Self>) {
        assert_eq!(item.number, self.handled.fetch_add(1, SeqCst), "in order");
        let rest = tokio::time::sleep(Duration::from_micros(100));
        context.wait(rest.into_actor(self));
    }
}

async fn a_slow_actor_holds_its_senders_back_and_loses_nothing(listen: &str) {
    const SEND: u64 = 10;
    const RECEIVE: u64 = 20;
    let node = node().await;
    let handled = Arc::<AtomicU64>::default();
    let counter = handled.clone();
    let slow = Child::new("slow", move || Slow {
        handled: counter.clone(),
    });
    let slow = node.spawn(slow).await.unwrap();
    let pull = Pull::new("pull")
        .listen(listen)
        .receive_bound(Bound::messages(RECEIVE))
        .deliver::<Item>(&slow);
    let pull = node.spawn(pull).await.unwrap();
    assert!(pull.try_recv().is_err(), "the actor gets it all");
    let push = Push::new("push")
        .dial(address(&pull))
        .send_bound(Bound::messages(SEND));
    let push = node.spawn(push).await.unwrap();
    let descriptor = descriptor_of_item();
    for number in 0..1_000 {
        let content = descriptor.clone().with_part(varint(number));
        in_time(push.send(content)).await.unwrap();
        let waiting = number + 1 - handled.load(SeqCst).min(number + 1);
        assert!(waiting <= SEND + RECEIVE + 1, "{waiting} are waiting");
    }
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    assert_eq!(handled.load(SeqCst), 1_000);
    stop(node).await;
}

/// The foreign form: the wire name.
fn descriptor_of_item() -> Content {
    Content::new("test.Item")
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

async fn delivered_messages_nobody_knows_are_dropped_and_counted(listen: &str) {
    let node = node().await;
    let handled = Arc::<AtomicU64>::default();
    let counter = handled.clone();
    let slow = Child::new("slow", move || Slow {
        handled: counter.clone(),
    });
    let slow = node.spawn(slow).await.unwrap();
    let pull = Pull::new("pull").listen(listen).deliver::<Item>(&slow);
    let pull = node.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    let unknown = Content::new("test.Unheard").with_part("x");
    push.send(unknown).await.unwrap();
    let undecodable = descriptor_of_item().with_part(&[0xff; 20]);
    push.send(undecodable).await.unwrap();
    push.send(descriptor_of_item().with_part(varint(0)))
        .await
        .unwrap();
    push.send(varint(1)).await.unwrap();
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    assert_eq!(handled.load(SeqCst), 2);
    let tree = node.snapshot().await.unwrap();
    assert_eq!(drops(&tree, "pull", "not deliverable"), 2);
    stop(node).await;
}
