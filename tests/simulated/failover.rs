//! Nodes that die and others that come in their place: what becomes of what the dead ones did
//! not confirm.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{
    Chance, Message, PullSocket, PushSocket, SessionEnd, SocketEvent, Stickiness, World, driven,
};

use crate::numbered::number_of;
use crate::scene::{Scene, node, within_reason, worlds};

const MESSAGES: u64 = 60;

/// Of messages that wait in a socket for one peer.
const BOUND: u64 = 8;

/// A node that receives, until it dies.
struct Turn {
    node: Node,
    host: String,
    pull: PullSocket,
    /// What it received, in order.
    received: Vec<u64>,
    /// Received, and not handled before it dies.
    open: Vec<Message>,
}

impl Turn {
    async fn new(scene: &Scene, number: usize) -> Turn {
        let host = format!("server {number}");
        let node = node(&scene.world, &scene.network, &host).await;
        let pull = Pull::new("pull").listen("sim://desk").delivery(Reliable);
        let pull = node.spawn(pull.receive_bound(Bound::messages(BOUND)));
        Turn {
            pull: within_reason(pull).await.unwrap(),
            node,
            host,
            received: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Receives as many, and does not handle all of the last ones: one that is open holds
    /// back those after it, of which no more come than there may be.
    async fn receive(&mut self, count: u64, chance: &mut Chance) {
        for left in (0..count).rev() {
            let message = within_reason(self.pull.recv()).await.unwrap().unwrap();
            self.received.push(number_of(message.payload()));
            if left + 1 < BOUND && chance.once_in(3) {
                self.open.push(message);
            }
        }
    }

    /// Dies with its whole node, and nobody hears it say so.
    async fn die(self, scene: &Scene) -> Vec<u64> {
        scene.network.part("client", &self.host);
        scene.network.cut("client", &self.host);
        within_reason(self.node.stop()).await.unwrap();
        drop(self.open);
        // Whatever was under way has arrived or not.
        scene.world.pass(Duration::from_secs(1)).await;
        self.received
    }
}

async fn push(scene: &Scene, stickiness: Stickiness) -> PushSocket {
    let push = Push::new("push").dial("sim://desk").delivery(Reliable);
    let push = push
        .stickiness(stickiness)
        .send_bound(Bound::messages(BOUND));
    within_reason(scene.client.spawn(push)).await.unwrap()
}

/// Small enough for links that are cut soon.
fn numbered(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// Messages that were handled twice, since four nodes died one after the other.
fn failed_over(seed: u64) -> usize {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let push = push(&scene, Stickiness::Failover).await;
        let accepted = Cell::new(0);
        let sending = async {
            let mut chance = world.chance("sender");
            for number in 0..MESSAGES {
                let message = numbered(number);
                within_reason(push.send(message)).await.unwrap();
                accepted.set(number + 1);
                scene.pause(&mut chance, 0..=300).await;
            }
        };
        let receiving = async {
            let mut chance = world.chance("receivers");
            let mut turns: Vec<(u64, Vec<u64>)> = Vec::new();
            let mut confirmed = 0;
            for number in 0..4 {
                let mut turn = Turn::new(&scene, number).await;
                turn.receive(chance.below(13), &mut chance).await;
                scene.pause(&mut chance, 0..=500).await;
                turns.push((confirmed, turn.die(&scene).await));
                confirmed = accepted.get() - push.unflushed();
            }
            let mut last = Turn::new(&scene, 4).await;
            while last.received.last() != Some(&(MESSAGES - 1)) {
                last.receive(1, &mut chance).await;
                last.open.clear();
            }
            turns.push((confirmed, last.received));
            within_reason(push.drain()).await;
            within_reason(last.node.stop()).await.unwrap();
            turns
        };
        let ((), turns) = tokio::join!(sending, receiving);
        assert_eq!(push.lost(), 0, "seed {seed}");
        let mut first_seen = Vec::new();
        let mut twice = 0;
        for (confirmed, received) in &turns {
            // From where the one before had not confirmed any more, and without a gap.
            let expected = *confirmed..confirmed + received.len() as u64;
            let expected: Vec<u64> = expected.collect();
            assert_eq!(*received, expected, "seed {seed}: {turns:?}");
            let before = first_seen.len();
            let seen: BTreeSet<u64> = first_seen.iter().copied().collect();
            first_seen.extend(received.iter().filter(|number| !seen.contains(number)));
            twice += received.len() - (first_seen.len() - before);
        }
        let all: Vec<u64> = (0..MESSAGES).collect();
        assert_eq!(first_seen, all, "seed {seed}: {turns:?}");
        scene.stop().await;
        twice
    })
}

#[test]
fn who_fails_over_loses_nothing_and_doubles_only_what_was_not_confirmed() {
    let twice = worlds(0..200, failed_over);
    // Else nothing was open when a node died.
    assert!(twice.len() == 1 || twice.iter().sum::<usize>() > twice.len());
}

/// How much came back.
fn stuck(seed: u64) -> usize {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let push = push(&scene, Stickiness::Stick).await;
        let mut events = push.events();
        let sending = async {
            let mut chance = world.chance("sender");
            for number in 0..MESSAGES {
                let message = numbered(number);
                if let Err(error) = within_reason(push.send(message)).await {
                    assert!(error.is_peer_replaced(), "seed {seed}: {error}");
                    assert_eq!(number_of(error.into_content().first()), number);
                    return number;
                }
                scene.pause(&mut chance, 0..=300).await;
            }
            panic!("seed {seed}: everything was taken");
        };
        let receiving = async {
            let mut chance = world.chance("receivers");
            let mut first = Turn::new(&scene, 0).await;
            first.receive(chance.below(40), &mut chance).await;
            scene.pause(&mut chance, 0..=500).await;
            // It is the peer, though nothing may have arrived yet.
            within_reason(push.ready(1)).await;
            let received = first.die(&scene).await;
            let kept = push.unflushed();
            (received, kept, Turn::new(&scene, 1).await)
        };
        let replaced = async {
            let undelivered = loop {
                if let Some(SocketEvent::SessionEnded { end, undelivered }) =
                    within_reason(events.next()).await
                {
                    assert_eq!(end, SessionEnd::PeerReplaced, "seed {seed}");
                    break undelivered;
                }
            };
            let numbers = undelivered.iter();
            let numbers = numbers.map(|content| number_of(content.first()));
            numbers.collect::<Vec<_>>()
        };
        let (accepted, (received, kept, second), undelivered) =
            tokio::join!(sending, receiving, replaced);
        let story = format!("seed {seed}: {accepted}, {received:?}, {kept}, {undelivered:?}");
        let handled: Vec<u64> = (0..received.len() as u64).collect();
        assert_eq!(received, handled, "{story}");
        // What was accepted and not confirmed, once each and in order.
        let first = accepted - undelivered.len() as u64;
        let expected: Vec<u64> = (first..accepted).collect();
        assert_eq!(undelivered, expected, "{story}");
        assert!(first <= received.len() as u64, "{story}");
        assert!(undelivered.len() as u64 >= kept, "{story}");
        assert_eq!((push.lost(), push.unflushed()), (accepted - first, 0));
        assert_eq!(push.peers(), 0);
        assert!(second.pull.try_recv().unwrap().is_none(), "{story}");
        within_reason(second.node.stop()).await.unwrap();
        scene.stop().await;
        undelivered.len()
    })
}

#[test]
fn who_sticks_gets_everything_back_that_was_not_confirmed_and_each_message_once() {
    let returned = worlds(0..200, stuck);
    assert!(returned.len() == 1 || returned.iter().sum::<usize>() > returned.len());
}
