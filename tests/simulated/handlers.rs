//! Reliable delivery to an actor that panics and is killed: handled means returned.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{Chance, World, driven};

use crate::scene::{Scene, within_reason, worlds};

/// Below 128, so that a number is one byte in postcard.
const MESSAGES: u8 = 40;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Numbered", reply = ())]
struct Numbered {
    number: u8,
}

/// What outlives the actor.
struct Book {
    handled: Vec<u8>,
    panicked: BTreeSet<u8>,
    chance: Chance,
}

/// Writes down what it handles; panics now and then, once at most for each message.
struct Clerk(Arc<Mutex<Book>>);

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<Numbered> for Clerk {
    type Result = ();

    fn handle(&mut self, Numbered { number }: Numbered, context: &mut Context<Self>) {
        let mut book = self.0.lock().unwrap();
        if book.chance.once_in(10) && book.panicked.insert(number) {
            drop(book);
            panic!("the clerk spills ink over {number}");
        }
        book.handled.push(number);
        let rest = Duration::from_millis(book.chance.below(200));
        context.wait(tokio::time::sleep(rest).into_actor(self));
    }
}

/// What was handled, in that order, and how often the actor panicked.
fn delivered(seed: u64) -> (Vec<u8>, usize) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let book = Arc::new(Mutex::new(Book {
            handled: Vec::new(),
            panicked: BTreeSet::new(),
            chance: world.chance("clerk"),
        }));
        let clerks = book.clone();
        let clerk = Child::new("clerk", move || Clerk(clerks.clone()));
        let clerk = within_reason(scene.server.spawn(clerk)).await.unwrap();
        let pull = Pull::new("pull").listen("sim://desk").delivery(Reliable);
        let pull = scene.server.spawn(pull.deliver::<Numbered>(&clerk));
        let pull = within_reason(pull).await.unwrap();
        let push = Push::new("push").dial("sim://desk").delivery(Reliable);
        let push = scene.client.spawn(push.send_bound(Bound::messages(8)));
        let push = within_reason(push).await.unwrap();
        let sending = async {
            let mut chance = world.chance("sender");
            for number in 0..MESSAGES {
                let message = Content::new("test.Numbered").with_part(vec![number]);
                within_reason(push.send(message)).await.unwrap();
                scene.pause(&mut chance, 0..=500).await;
            }
            within_reason(push.drain()).await;
        };
        let killing = async {
            let mut chance = world.chance("killer");
            for _ in 0..4 {
                scene.pause(&mut chance, 0..=5_000).await;
                // It may be between two generations.
                within_reason(scene.server.kill("clerk")).await.ok();
            }
        };
        tokio::join!(scene.trouble(), sending, killing);
        assert_eq!(push.lost(), 0);
        assert_eq!(within_reason(push.close(None)).await, Closed::Flushed);
        let _ = within_reason(pull.close(None)).await;
        scene.stop().await;
        let book = book.lock().unwrap();
        (book.handled.clone(), book.panicked.len())
    })
}

#[test]
fn what_is_delivered_to_an_actor_is_handled_once_and_in_order() {
    let all: Vec<u8> = (0..MESSAGES).collect();
    let panics = worlds(0..200, |seed| {
        let (handled, panics) = delivered(seed);
        assert_eq!(handled, all, "seed {seed}");
        panics
    });
    assert!(panics.len() == 1 || panics.iter().sum::<usize>() > panics.len());
}
