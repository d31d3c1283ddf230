//! Sockets whose thread is blocked by somebody else come back on a fresh one.

use std::cell::RefCell;
use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::runtime::{ChildState, Placement};
use treewire::{Message, ReqSocket};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    supervision_04_a_rep_beside_a_blocked_actor_answers_again_over_the_same_address
    supervision_04_a_req_beside_a_blocked_actor_asks_again
    supervision_04_a_pull_beside_a_blocked_actor_loses_only_what_was_under_way
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Double", reply = u64)]
struct Double {
    value: u64,
}

struct Service;

impl Actor for Service {
    type Context = Context<Self>;
}

impl Handler<Double> for Service {
    type Result = u64;

    fn handle(&mut self, ask: Double, _: &mut Context<Self>) -> u64 {
        ask.value * 2
    }
}

/// Blocks its thread until the test lets go.
struct Blocker;

impl Actor for Blocker {
    type Context = Context<Self>;
}

struct Block {
    began: mpsc::Sender<()>,
    released: mpsc::Receiver<()>,
    ended: mpsc::Sender<()>,
}

impl actix::Message for Block {
    type Result = ();
}

thread_local! {
    /// Dropped when the thread ends.
    static ENDED: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
}

impl Handler<Block> for Blocker {
    type Result = ();

    fn handle(&mut self, block: Block, _: &mut Context<Self>) {
        ENDED.set(Some(block.ended));
        block.began.send(()).unwrap();
        // The sender lets go by being dropped.
        block.released.recv().ok();
    }
}

/// Two arbiters: on the first a blocker, on the other whoever is not to be blocked.
struct World {
    node: Node,
    blocker: Ref<Blocker>,
}

/// A thread that was given up and is still blocked.
struct Blocked {
    release: mpsc::Sender<()>,
    has_ended: mpsc::Receiver<()>,
}

impl World {
    async fn new() -> Self {
        let node = Node::builder("test").arbiters(2).start().await.unwrap();
        let blocker = node.spawn(Child::new("blocker", || Blocker)).await.unwrap();
        World { node, blocker }
    }

    async fn service(&self, placement: Placement) -> Ref<Service> {
        let service = Child::new("service", || Service).placement(placement);
        self.node.spawn(service).await.unwrap()
    }

    /// Blocks the first arbiter until it is given up.
    async fn block(&self) -> Blocked {
        let (began, has_begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let (ended, has_ended) = mpsc::channel();
        self.blocker.do_send(Block {
            began,
            released,
            ended,
        });
        until("the thread is blocked", || has_begun.try_recv().is_ok()).await;
        self.node.kill("blocker").await.unwrap();
        until_tree(&self.node, "the blocker is given up", |tree| {
            tree.zombies == ["blocker"]
        })
        .await;
        Blocked { release, has_ended }
    }

    /// Lets the blocked thread come to its end, and sees that it disturbs nobody.
    async fn release(&self, blocked: Blocked) {
        let restarts = async || {
            let tree = in_time(self.node.snapshot()).await.unwrap();
            let children = tree
                .walk()
                .map(|child| (child.path.clone(), child.restarts));
            children.collect::<Vec<_>>()
        };
        // Both ends have the new connection, and have given up the old one.
        until_tree(&self.node, "all are back", |tree| {
            let connections = of_kind(tree, "connection").count();
            connections == 2 && tree.walk().all(|child| child.state == ChildState::Running)
        })
        .await;
        let before = restarts().await;
        drop(blocked.release);
        until("the thread has ended", || {
            blocked.has_ended.try_recv() == Err(mpsc::TryRecvError::Disconnected)
        })
        .await;
        assert_eq!(restarts().await, before);
    }
}

/// What was on its way when the thread was given up may be asked again.
async fn double(req: &ReqSocket, value: u64) {
    let asking = req.send(Double { value }).idempotent();
    assert_eq!(in_time(asking.into_future()).await.unwrap(), 2 * value);
}

async fn supervision_04_a_rep_beside_a_blocked_actor_answers_again_over_the_same_address(
    listen: &str,
) {
    let world = World::new().await;
    let service = world.service(Placement::inherit()).await;
    let rep = Rep::new("rep").listen(listen).serve::<Double>(&service);
    let rep = world.node.spawn(rep).await.unwrap();
    let bound = address(&rep);
    let req = Req::new("req").dial(&bound).placement(Placement::pin(1));
    let req = world.node.spawn(req).await.unwrap();
    double(&req, 1).await;
    let blocked = world.block().await;
    double(&req, 2).await;
    assert_eq!(address(&rep), bound);
    world.release(blocked).await;
    double(&req, 3).await;
    assert_eq!((rep.peers(), req.peers()), (1, 1));
    stop(world.node).await;
}

async fn supervision_04_a_req_beside_a_blocked_actor_asks_again(listen: &str) {
    let world = World::new().await;
    let service = world.service(Placement::pin(1)).await;
    let rep = Rep::new("rep").listen(listen).serve::<Double>(&service);
    let rep = world.node.spawn(rep).await.unwrap();
    let req = Req::new("req").dial(address(&rep));
    let req = world.node.spawn(req).await.unwrap();
    double(&req, 1).await;
    let blocked = world.block().await;
    double(&req, 2).await;
    world.release(blocked).await;
    double(&req, 3).await;
    until("the old connection is gone", || {
        (rep.peers(), req.peers()) == (1, 1)
    })
    .await;
    stop(world.node).await;
}

async fn supervision_04_a_pull_beside_a_blocked_actor_loses_only_what_was_under_way(listen: &str) {
    let world = World::new().await;
    let pull = Pull::new("pull").listen(listen);
    let pull = world.node.spawn(pull).await.unwrap();
    let push = Push::new("push")
        .dial(address(&pull))
        .placement(Placement::pin(1));
    let push = world.node.spawn(push).await.unwrap();
    let send = async |number: u64| in_time(push.send(&number.to_le_bytes())).await.unwrap();
    let number_of = |message: &Message| {
        let bytes = message.payload()[..].try_into();
        u64::from_le_bytes(bytes.unwrap())
    };
    let next = async || number_of(&in_time(pull.recv()).await.unwrap().unwrap());
    for number in 0..10 {
        send(number).await;
        assert_eq!(next().await, number);
    }
    until("all is confirmed", || push.unflushed() == 0).await;
    let blocked = world.block().await;
    for number in 10..20 {
        send(number).await;
    }
    // What had left for the blocked thread is counted, the rest arrives in order.
    let mut received = Vec::new();
    until("all are accounted for", || {
        let message = pull.try_recv().unwrap();
        received.extend(message.map(|message| number_of(&message)));
        received.len() as u64 + push.lost() == 10
    })
    .await;
    assert!(received.is_sorted(), "{received:?}");
    world.release(blocked).await;
    send(20).await;
    assert_eq!(next().await, 20);
    stop(world.node).await;
}
