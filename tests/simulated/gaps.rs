//! Single faults of links that lose datagrams, under reliable sockets.

use std::future::poll_fn;
use std::time::Duration;

use treewire::prelude::*;
use treewire::transports::{LinkIo, Repair};
use treewire::{Conditions, PullSocket, PushSocket, World, driven};

use crate::scene::{Scene, within_reason};

const PLACE: &str = "sim://gaps?links=datagrams";

/// So that they are no traffic.
const NO_HEARTBEATS: Duration = Duration::from_secs(100_000);

/// A push that dials a pull, and has sent a first message.
async fn connected(scene: &Scene) -> (PushSocket, PullSocket) {
    let pull = Pull::new("pull").listen(PLACE).delivery(Reliable);
    let pull = scene
        .server
        .spawn(pull.heartbeat(NO_HEARTBEATS, NO_HEARTBEATS));
    let pull = within_reason(pull).await.unwrap();
    let push = Push::new("push").dial(PLACE).delivery(Reliable);
    let push = scene
        .client
        .spawn(push.heartbeat(NO_HEARTBEATS, NO_HEARTBEATS));
    let push = within_reason(push).await.unwrap();
    within_reason(push.send("hello")).await.unwrap();
    assert_eq!(received(&pull).await, "hello");
    within_reason(push.drain()).await;
    (push, pull)
}

async fn received(pull: &PullSocket) -> String {
    let message = within_reason(pull.recv()).await.unwrap().unwrap();
    String::from_utf8(message.payload().to_vec()).unwrap()
}

/// Everything is acknowledged, on the connection that there was.
async fn finish(scene: Scene, push: PushSocket, pull: PullSocket) {
    within_reason(push.drain()).await;
    assert_eq!(push.unflushed(), 0);
    assert_eq!(scene.figure("resumed").await, 0, "no other connection");
    assert!(scene.figure("packets sent again").await > 0);
    assert_eq!(within_reason(push.close(None)).await, Closed::Flushed);
    let _ = within_reason(pull.close(None)).await;
    scene.stop().await;
}

fn takes(time: Duration) -> Conditions {
    Conditions::default().delay(time..=time)
}

#[test]
fn conat_14_a_gap_whose_repair_fails_and_whose_original_comes_late_does_not_stall_what_follows() {
    driven(14, async |world: World| {
        let scene = Scene::new(&world).await;
        let (push, pull) = connected(&scene).await;
        scene.network.set(takes(Duration::from_secs(3)));
        push.try_send("late").unwrap();
        world.pass(Duration::from_millis(1)).await;
        scene.network.set(takes(Duration::from_millis(10)));
        push.try_send("follows").unwrap();
        world.pass(Duration::from_millis(15)).await;
        // From here on nothing that is sent arrives, repairs included.
        scene.network.set(Conditions::default().loss(1.0));
        world.pass(Duration::from_secs(2)).await;
        assert!(scene.figure("packets sent again").await > 0);
        assert_eq!(received(&pull).await, "late");
        assert_eq!(received(&pull).await, "follows");
        scene.network.set(Conditions::default());
        push.try_send("goes on").unwrap();
        assert_eq!(received(&pull).await, "goes on");
        finish(scene, push, pull).await;
    });
}

#[test]
fn conat_14_a_lost_acknowledgement_is_repaired_without_new_traffic() {
    driven(14, async |world: World| {
        let scene = Scene::new(&world).await;
        let (push, pull) = connected(&scene).await;
        scene.network.part_one_way("server", "client");
        push.try_send("last").unwrap();
        assert_eq!(received(&pull).await, "last");
        world.pass(Duration::from_secs(1)).await;
        assert_eq!(push.unflushed(), 1, "its acknowledgement is lost");
        scene.network.heal_all();
        finish(scene, push, pull).await;
    });
}

#[test]
fn a_killed_connection_is_missed_at_once_and_resumed() {
    driven(14, async |world: World| {
        let scene = Scene::new(&world).await;
        let (push, pull) = connected(&scene).await;
        let tree = scene.server.snapshot().await.unwrap();
        let connection = tree.walk().find(|child| child.kind == "connection");
        scene.server.kill(&connection.unwrap().path).await.unwrap();
        within_reason(push.send("after")).await.unwrap();
        let before = world.clock().now();
        assert_eq!(received(&pull).await, "after");
        let took = world.clock().now() - before;
        assert!(took < Duration::from_secs(5), "{took:?}");
        within_reason(push.drain()).await;
        assert_eq!(within_reason(push.close(None)).await, Closed::Flushed);
        let _ = within_reason(pull.close(None)).await;
        scene.stop().await;
    });
}

#[test]
fn garbage_is_dropped_and_a_false_acknowledgement_costs_the_connection_that_has_it() {
    driven(14, async |world: World| {
        let scene = Scene::new(&world).await;
        let (push, pull) = connected(&scene).await;
        let stranger = scene.network.registry("stranger");
        let link = stranger.dial(&PLACE.parse().unwrap()).await.unwrap();
        let LinkIo::Datagrams(mut link) = link.io else {
            panic!("these links have datagrams");
        };
        let mut chance = world.chance("garbage");
        let mut garbage = Vec::new();
        for _ in 0..100 {
            let bytes = (0..chance.below(200)).map(|_| chance.below(256) as u8);
            garbage.push(bytes.collect());
        }
        let mut repair = Repair::dialing([7; 8], link.max_bytes());
        // A hello begins so.
        repair.write(b"\xf7TW");
        let first = repair.transmit(world.clock().now()).unwrap();
        let mut false_one = first.to_vec();
        false_one[10] = 99;
        for datagram in garbage.into_iter().chain([first.to_vec(), false_one]) {
            let datagram = datagram.into();
            poll_fn(|task| link.poll_send(task, &datagram))
                .await
                .unwrap();
        }
        while scene.figure("bad peers").await == 0 {
            world.pass(Duration::from_millis(100)).await;
        }
        within_reason(push.send("honest")).await.unwrap();
        assert_eq!(received(&pull).await, "honest");
        within_reason(push.drain()).await;
        assert_eq!(scene.figure("resumed").await, 0);
        drop(link);
        assert_eq!(within_reason(push.close(None)).await, Closed::Flushed);
        let _ = within_reason(pull.close(None)).await;
        scene.stop().await;
    });
}
