//! How soon a stream goes on after a cut. The clock is driven, so that the time is exact.

use std::time::Duration;

use treewire::prelude::*;
use treewire::{Backoff, Conditions, World, driven};

use crate::scene::{Scene, within_reason};

const CUTS: u64 = 50;

/// Of a link, one way.
const DELAY: Duration = Duration::from_millis(20);

const ROUND_TRIP: Duration = Duration::from_millis(40);

/// From each cut until the next message is there; the connection that was cut had confirmed
/// something, or not even that.
fn longest(seed: u64, push_dials: bool, confirmed: bool) -> Duration {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        let far = Conditions::default().delay(DELAY..=DELAY);
        scene.network.set(far);
        let (push, pull) = (Push::new("push"), Pull::new("pull"));
        let (push, pull) = match push_dials {
            true => (push.dial("sim://line"), pull.listen("sim://line")),
            false => (push.listen("sim://line"), pull.dial("sim://line")),
        };
        let push = scene.client.spawn(push.delivery(Reliable));
        let push = within_reason(push).await.unwrap();
        let pull = scene.server.spawn(pull.delivery(Reliable));
        let pull = within_reason(pull).await.unwrap();
        let mut chance = world.chance("cuts");
        let mut longest = Duration::ZERO;
        for round in 0..CUTS {
            for text in ["before", "after"] {
                within_reason(push.send(text)).await.unwrap();
                // What is on its way is lost, or has arrived, or is not written yet.
                scene.pause(&mut chance, 0..=25).await;
                let cut = world.now();
                if text == "after" {
                    assert!(scene.network.cut("client", "server") > 0, "round {round}");
                }
                let message = within_reason(pull.recv()).await.unwrap().unwrap();
                assert_eq!(*message.payload(), text, "round {round}");
                drop(message);
                if text == "after" {
                    longest = longest.max(world.now() - cut);
                } else if confirmed {
                    within_reason(push.drain()).await;
                }
            }
        }
        within_reason(push.drain()).await;
        scene.stop().await;
        longest
    })
}

/// The first retry comes at once, so that connecting may take longer than two round trips:
/// there and back for the connection, there and back for the session, and there again.
#[test]
fn the_next_message_comes_within_a_back_off_step_and_two_round_trips_of_a_cut() {
    let first = Backoff::default().first;
    for (push_dials, confirmed) in [(true, true), (false, true), (true, false), (false, false)] {
        for seed in 1..=3 {
            let longest = longest(seed, push_dials, confirmed);
            assert!(
                longest <= first + 2 * ROUND_TRIP,
                "push dials: {push_dials}, confirmed: {confirmed}, seed {seed}: {longest:?}"
            );
        }
    }
}
