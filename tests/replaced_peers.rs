//! Another node answers where the one was that a session is with, and an actor decides.

use std::future::pending;
use std::sync::{Arc, Mutex};

use actix::ResponseFuture;
use treewire::prelude::*;
use treewire::{
    PeerReplaced, PullSocket, PushSocket, Replacement, SessionEnd, SocketEvent, SocketEvents,
    Stickiness,
};

mod support;
use support::proxy::Proxy;
use support::*;

/// Decides as it was told, the last decision for ever; never, when there is none.
struct Owner {
    decisions: Vec<Replacement>,
    asked: Arc<Mutex<Vec<PeerReplaced>>>,
}

impl Actor for Owner {
    type Context = treewire::Context<Self>;
}

impl Handler<PeerReplaced> for Owner {
    type Result = ResponseFuture<Replacement>;

    fn handle(&mut self, replaced: PeerReplaced, _: &mut Self::Context) -> Self::Result {
        self.asked.lock().unwrap().push(replaced);
        let decision = match self.decisions.len() {
            0 => return Box::pin(pending()),
            1 => self.decisions[0],
            _ => self.decisions.remove(0),
        };
        Box::pin(async move { decision })
    }
}

const MESSAGES: u32 = 10;

/// A push with an owner. The way to the node that it sent to, which did not handle
/// anything, leads to another one now.
struct Bereaved {
    near: Node,
    first: Node,
    second: Node,
    proxy: Proxy,
    owner: Ref<Owner>,
    asked: Arc<Mutex<Vec<PeerReplaced>>>,
    push: PushSocket,
    events: SocketEvents,
    /// On the first node and on the second.
    pulls: [PullSocket; 2],
}

impl Bereaved {
    async fn new(decisions: &[Replacement]) -> Bereaved {
        let (near, first, second) = (node().await, node().await, node().await);
        let asked: Arc<Mutex<Vec<PeerReplaced>>> = Arc::default();
        let (decisions, seen) = (decisions.to_vec(), asked.clone());
        let owner = Child::new("owner", move || Owner {
            decisions: decisions.clone(),
            asked: seen.clone(),
        });
        let owner = near.spawn(owner).await.unwrap();
        let pulls = [pull(&first).await, pull(&second).await];
        let proxy = Proxy::to(&address(&pulls[0]), 1, 1).await;
        proxy.calm_down();
        let push = Push::new("push").dial(&proxy.url).delivery(Reliable);
        let push = push.stickiness(Stickiness::ask(&owner));
        let push = near.spawn(push).await.unwrap();
        let events = push.events();
        in_time(push.ready(1)).await;
        for number in 0..MESSAGES {
            in_time(push.send(number.to_string())).await.unwrap();
        }
        until_tree(&first, "all have arrived", |tree| {
            messages_in(tree, "pull") == u64::from(MESSAGES)
        })
        .await;
        let bereaved = Bereaved {
            near,
            first,
            second,
            proxy,
            owner,
            asked,
            push,
            events,
            pulls,
        };
        bereaved.lead_to(1).await;
        bereaved
    }

    /// Makes the socket connect again, to one of the two nodes.
    async fn lead_to(&self, which: usize) {
        self.proxy.lead_to(&address(&self.pulls[which]));
        let tree = self.near.snapshot().await.unwrap();
        let connection = of_kind(&tree, "connection").next();
        if let Some(path) = connection.map(|child| child.path.clone()) {
            // It may be gone by now.
            let _ = self.near.kill(&path).await;
        }
    }

    async fn end(self) {
        for node in [self.near, self.first, self.second] {
            stop(node).await;
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// How often the dialer has tried.
    async fn attempts(&self) -> u64 {
        let tree = self.near.snapshot().await.unwrap();
        of_kind(&tree, "dialer").map(|dialer| dialer.restarts).sum()
    }

    async fn is_turned_away(&self, more: u64) {
        let tried = self.attempts().await;
        until_tree(&self.near, "it is tried again", |tree| {
            let dialers = of_kind(tree, "dialer");
            dialers.map(|dialer| dialer.restarts).sum::<u64>() >= tried + more
        })
        .await;
        assert_eq!(self.push.peers(), 0);
        assert_eq!(self.push.unflushed(), u64::from(MESSAGES));
        assert_eq!(self.push.lost(), 0);
    }
}

async fn pull(node: &Node) -> PullSocket {
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    node.spawn(pull.delivery(Reliable)).await.unwrap()
}

async fn receive_all(pull: &PullSocket) {
    for number in 0..MESSAGES {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
}

#[tokio::test]
async fn iridium_06_an_actor_decides_to_fail_over_and_everything_arrives_at_the_other_node() {
    let decisions = [Replacement::TryLater, Replacement::FailOver];
    let bereaved = Bereaved::new(&decisions).await;
    receive_all(&bereaved.pulls[1]).await;
    in_time(bereaved.push.drain()).await;
    let asked = bereaved.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2, "once for each decision");
    for question in asked {
        assert_eq!(*question.endpoint, *bereaved.proxy.url);
        assert_eq!(question.unacknowledged, u64::from(MESSAGES));
        assert_ne!(question.known, question.instance);
    }
    assert_eq!(bereaved.push.lost(), 0);
    bereaved.end().await;
}

#[tokio::test]
async fn iridium_06_an_actor_decides_to_stay_away_and_what_was_not_delivered_comes_back() {
    let mut bereaved = Bereaved::new(&[Replacement::StayAway]).await;
    let undelivered = loop {
        let event = in_time(bereaved.events.next()).await.unwrap();
        if let SocketEvent::SessionEnded { end, undelivered } = event {
            assert_eq!(end, SessionEnd::PeerReplaced);
            break undelivered;
        }
    };
    assert_eq!(undelivered.len(), MESSAGES as usize);
    assert_eq!(bereaved.asked(), 1);
    assert_eq!(bereaved.pulls[1].peers(), 0);
    bereaved.end().await;
}

#[tokio::test]
async fn iridium_06_who_never_answers_or_is_gone_keeps_the_other_node_away_and_loses_nothing() {
    let bereaved = Bereaved::new(&[]).await;
    bereaved.is_turned_away(3).await;
    assert_eq!(bereaved.asked(), 1, "it is asked once");
    // Whoever asked is gone: the question is put again.
    bereaved.near.kill("push").await.unwrap();
    until("it is asked again", || bereaved.asked() == 2).await;
    bereaved.is_turned_away(1).await;
    in_time(bereaved.near.stop_child("owner")).await.unwrap();
    assert!(bereaved.owner.closed().is_some());
    bereaved.is_turned_away(2).await;
    assert_eq!(bereaved.pulls[1].peers(), 0);
    // The first node is there again: it has the rest of its session.
    bereaved.lead_to(0).await;
    receive_all(&bereaved.pulls[0]).await;
    assert_eq!(
        in_time(bereaved.push.close(WATCHDOG)).await,
        Closed::Flushed
    );
    bereaved.end().await;
}
