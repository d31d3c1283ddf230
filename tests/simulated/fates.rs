//! What senders are told of their messages agrees with what the receiver handled.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{Fate, PushSocket, Tracked, World, driven};

use crate::numbered::{number_of, numbered};
use crate::scene::{Scene, within_reason, worlds};

const MESSAGES: u64 = 40;

/// What a push of these worlds is like.
#[derive(Clone, Copy)]
struct Kind {
    delivery: Delivery,
    /// How long a session waits, if not for as long as it may take.
    lease: Option<Duration>,
    /// Whether it drops its oldest instead of waiting for room.
    drops: bool,
}

impl Kind {
    fn push(self, place: &str) -> Push {
        let push = Push::new("push").dial(place).delivery(self.delivery);
        let push = push.send_bound(Bound::messages(4));
        let push = match self.drops {
            true => push.overflow(Overflow::DropOldest),
            false => push,
        };
        match self.lease {
            Some(lease) => push.lease(lease),
            None => push,
        }
    }
}

/// The fates of messages by their numbers.
type Fates = Rc<RefCell<BTreeMap<u64, Fate>>>;

/// Follows a message to its end, which it is to be told once.
async fn follow(number: u64, mut tracked: Tracked, fates: Fates) {
    while let Some(fate) = within_reason(tracked.changed()).await {
        if fate.is_final() {
            let before = fates.borrow_mut().insert(number, fate);
            assert_eq!(before, None, "{number} has one fate");
            assert_eq!(tracked.fate(), fate);
        }
    }
}

async fn send_all(scene: &Scene, push: &PushSocket, fates: &Fates) {
    let mut chance = scene.world.chance("sender");
    let mut following = Vec::new();
    for number in 0..MESSAGES {
        let message = numbered(number, &mut chance);
        let tracked = within_reason(push.send_tracked(message)).await.unwrap();
        following.push(actix_rt::spawn(follow(number, tracked, fates.clone())));
        if chance.once_in(2) {
            scene.pause(&mut chance, 0..=2_000).await;
        }
    }
    within_reason(push.drain()).await;
    for following in following {
        following.await.unwrap();
    }
}

/// Sends into trouble: what was handled, and what the sender was told.
fn tracked(seed: u64, kind: Kind) -> (BTreeSet<u64>, BTreeMap<u64, Fate>) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let push = scene.client.spawn(kind.push("sim://tracked"));
        let push = within_reason(push).await.unwrap();
        let pull = Pull::new("pull").listen("sim://tracked");
        let pull = pull.delivery(kind.delivery);
        let pull = within_reason(scene.server.spawn(pull)).await.unwrap();

        let handled: Rc<RefCell<BTreeSet<u64>>> = Rc::default();
        let handling = actix_rt::spawn({
            let (pull, handled) = (pull.clone(), handled.clone());
            let (mut chance, clock) = (world.chance("receiver"), world.clock().clone());
            async move {
                while let Ok(Some(message)) = pull.recv().await {
                    let number = number_of(message.payload());
                    let is_new = handled.borrow_mut().insert(number);
                    assert!(is_new, "{number} came twice");
                    if chance.once_in(4) {
                        let time = Duration::from_millis(chance.below(300));
                        clock.sleep(time).await;
                    }
                }
            }
        });
        let fates = Fates::default();
        tokio::join!(scene.trouble(), send_all(&scene, &push, &fates));
        let fates = fates.take();
        let gave_up = |fate: &&Fate| **fate != Fate::Acknowledged;
        let given_up = fates.values().filter(gave_up).count();
        assert_eq!(push.lost(), given_up as u64, "each is counted");
        let _ = within_reason(push.close(None)).await;
        let _ = within_reason(pull.close(None)).await;
        handling.await.unwrap();
        scene.stop().await;
        (handled.take(), fates)
    })
}

/// How many messages had each fate, by its first word, in all worlds.
fn agree(seeds: std::ops::Range<u64>, kind: Kind) -> BTreeMap<String, usize> {
    let mut sums = BTreeMap::new();
    for fates in worlds(seeds, |seed| {
        let (handled, fates) = tracked(seed, kind);
        assert_eq!(fates.len() as u64, MESSAGES, "seed {seed}: each has one");
        for (number, fate) in &fates {
            let was_handled = handled.contains(number);
            let agrees = match fate {
                Fate::Acknowledged => was_handled,
                Fate::Dropped { .. } => !was_handled,
                _ => true,
            };
            assert!(
                agrees,
                "seed {seed}: {number} {fate}, handled: {was_handled}"
            );
        }
        fates
    }) {
        for fate in fates.into_values() {
            let name = fate.to_string();
            let first = name.split(':').next().unwrap_or_default().to_owned();
            *sums.entry(first).or_default() += 1;
        }
    }
    sums
}

fn names(sums: &BTreeMap<String, usize>) -> Vec<&str> {
    sums.keys().map(String::as_str).collect()
}

#[test]
fn the_fates_of_reliable_messages_are_acknowledged_in_the_end() {
    let kind = Kind {
        delivery: Reliable,
        lease: None,
        drops: false,
    };
    assert_eq!(names(&agree(0..100, kind)), ["acknowledged"]);
}

#[test]
fn the_fates_of_messages_whose_session_ended_agree_with_what_was_handled() {
    let kind = Kind {
        delivery: Reliable,
        lease: Some(Duration::from_secs(5)),
        drops: true,
    };
    let sums = agree(0..100, kind);
    // Else the worlds are too kind to show anything.
    let expected = ["acknowledged", "dropped", "expired"];
    assert_eq!(names(&sums), expected, "{sums:?}");
}

#[test]
fn the_fates_of_best_effort_messages_agree_with_what_was_handled() {
    let kind = Kind {
        delivery: BestEffort,
        lease: None,
        drops: true,
    };
    let sums = agree(0..100, kind);
    let expected = ["acknowledged", "dropped", "lost in a crash"];
    assert_eq!(names(&sums), expected, "{sums:?}");
}
