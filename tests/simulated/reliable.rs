//! Reliable delivery: whatever befalls connections, endpoints, socket cores and the
//! network, all arrives, in order and once, within the bounds.

use std::cell::Cell;
use std::rc::Rc;

use treewire::prelude::*;
use treewire::{Chance, PullSocket, PushSocket, World, driven, seeds};

use crate::numbered::{number_of, numbered};
use crate::scene::{Scene, within_reason, worlds};

const MESSAGES: u64 = 40;

/// Of messages that wait in a socket for one peer.
const BOUND: u64 = 8;

/// Sends all, and never has more in its socket than it may.
async fn send_all(scene: &Scene, push: &PushSocket, label: &str) {
    let mut chance = scene.world.chance(label);
    for number in 0..MESSAGES {
        let message = numbered(number, &mut chance);
        within_reason(push.send(message)).await.unwrap();
        let unflushed = push.unflushed();
        assert!(unflushed <= BOUND, "{label}: {unflushed} are kept");
        if chance.once_in(2) {
            scene.pause(&mut chance, 0..=800).await;
        }
    }
    within_reason(push.drain()).await;
}

/// Receives all in their order, at a pace of its own, and then nothing more.
async fn receive_all(scene: &Scene, pull: &PullSocket, label: &str, next: &Cell<u64>) {
    let mut chance = scene.world.chance(label);
    while let Some(message) = pull.recv().await.unwrap() {
        assert_eq!(number_of(message.payload()), next.get(), "{label}");
        next.set(next.get() + 1);
        if chance.once_in(4) {
            scene.pause(&mut chance, 0..=300).await;
        }
    }
}

/// One direction: a push on one node and a pull on the other, either of which dials.
struct Stream {
    push: PushSocket,
    pull: PullSocket,
    next: Rc<Cell<u64>>,
}

impl Stream {
    async fn new(from: &Node, to: &Node, place: &str, push_dials: bool) -> Self {
        let push = Push::new("push").delivery(Reliable);
        let push = push.send_bound(Bound::messages(BOUND));
        let pull = Pull::new("pull").delivery(Reliable);
        let pull = pull.receive_bound(Bound::messages(BOUND));
        let (push, pull) = match push_dials {
            true => (push.dial(place), pull.listen(place)),
            false => (push.listen(place), pull.dial(place)),
        };
        Stream {
            push: within_reason(from.spawn(push)).await.unwrap(),
            pull: within_reason(to.spawn(pull)).await.unwrap(),
            next: Rc::default(),
        }
    }

    /// All is acknowledged; nothing was given up and nothing is left.
    async fn finish(&self) {
        assert_eq!(self.push.lost(), 0);
        assert_eq!(self.push.unflushed(), 0);
        let closed = within_reason(self.push.close(None)).await;
        assert_eq!(closed, Closed::Flushed);
        let _ = within_reason(self.pull.close(None)).await;
        assert_eq!(self.next.get(), MESSAGES, "all arrived");
    }
}

/// Streams both ways in trouble, over links that lose nothing until they break; how often
/// sessions were resumed and messages sent again.
fn streamed(seed: u64) -> (u64, u64) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let mut chance = world.chance("streams");
        let links = ["stream", "messages"][chance.below(2) as usize];
        both_ways(scene, links, chance).await
    })
}

/// The same over links that lose, double and reorder datagrams.
fn streamed_in_datagrams(seed: u64) -> (u64, u64) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen_datagrams();
        both_ways(scene, "datagrams", world.chance("streams")).await
    })
}

async fn both_ways(scene: Scene, links: &str, mut chance: Chance) -> (u64, u64) {
    let (out, back) = (
        format!("sim://out?links={links}"),
        format!("sim://back?links={links}"),
    );
    let (client, server) = (&scene.client, &scene.server);
    let out = Stream::new(client, server, &out, chance.once_in(2)).await;
    let back = Stream::new(server, client, &back, chance.once_in(2)).await;
    let working = async {
        tokio::join!(
            scene.trouble(),
            send_all(&scene, &out.push, "out"),
            send_all(&scene, &back.push, "back"),
        );
        let figures = (
            scene.figure("resumed").await,
            scene.figure("retransmitted").await,
        );
        out.finish().await;
        back.finish().await;
        figures
    };
    let (figures, (), ()) = tokio::join!(
        working,
        receive_all(&scene, &out.pull, "from out", &out.next),
        receive_all(&scene, &back.pull, "from back", &back.next),
    );
    scene.stop().await;
    figures
}

#[test]
fn a_thousand_worlds_lose_double_and_misplace_nothing() {
    let figures = worlds(0..1_000, streamed);
    let count = figures.len() as u64;
    let (resumed, again) = figures
        .iter()
        .fold((0, 0), |sum, figure| (sum.0 + figure.0, sum.1 + figure.1));
    // Else the worlds are too kind to show anything.
    assert!(
        count == 1 || resumed.min(again) > count,
        "{count} worlds: {resumed} sessions were resumed, {again} messages sent again"
    );
}

#[test]
fn reliable_worlds_replay_from_their_seed() {
    for seed in seeds(0..10) {
        assert_eq!(streamed(seed), streamed(seed), "seed {seed}");
    }
}

#[test]
fn worlds_of_datagrams_lose_double_and_misplace_nothing() {
    let figures = worlds(0..200, streamed_in_datagrams);
    let count = figures.len() as u64;
    let resumed: u64 = figures.iter().map(|figure| figure.0).sum();
    // Else the worlds are too kind to show anything.
    assert!(count == 1 || resumed > count, "{count} worlds: {resumed}");
}

#[test]
fn worlds_of_datagrams_replay_from_their_seed() {
    for seed in seeds(0..5) {
        let (one, other) = (streamed_in_datagrams(seed), streamed_in_datagrams(seed));
        assert_eq!(one, other, "seed {seed}");
    }
}
