//! Sessions that end: what was accepted was received, or comes back to its owner.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{SocketEvent, Source, World, driven};

use crate::numbered::{number_of, numbered};
use crate::scene::{Scene, within_reason, worlds};

const MESSAGES: u64 = 40;

/// Shorter than most partitions.
const LEASE: Duration = Duration::from_secs(5);

type Numbers = Rc<RefCell<BTreeSet<u64>>>;

/// What was received, and what came back.
fn leased(seed: u64) -> (BTreeSet<u64>, BTreeSet<u64>) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let push = Push::new("push").dial("sim://leased").delivery(Reliable);
        let push = scene.client.spawn(push.lease(LEASE));
        let push = within_reason(push).await.unwrap();
        let pull = Pull::new("pull").listen("sim://leased").delivery(Reliable);
        let pull = scene.server.spawn(pull.lease(LEASE));
        let pull = within_reason(pull).await.unwrap();

        let (received, returned) = (Numbers::default(), Numbers::default());
        let receiving = actix_rt::spawn({
            let (pull, received) = (pull.clone(), received.clone());
            async move {
                // A session's, that is; an earlier one's may come after.
                let mut newest: HashMap<Source, u64> = HashMap::new();
                while let Ok(Some(message)) = pull.recv().await {
                    let number = number_of(message.payload());
                    let before = newest.insert(message.source(), number);
                    assert!(before < Some(number), "{number} after {before:?}");
                    let is_new = received.borrow_mut().insert(number);
                    assert!(is_new, "{number} came twice");
                }
            }
        });
        actix_rt::spawn({
            let (mut events, returned) = (push.events(), returned.clone());
            async move {
                while let Some(event) = events.next().await {
                    if let SocketEvent::SessionEnded { undelivered, .. } = event {
                        let numbers = undelivered.iter().map(|content| number_of(content.first()));
                        returned.borrow_mut().extend(numbers);
                    }
                }
            }
        });
        let sending = async {
            let mut chance = world.chance("sender");
            for number in 0..MESSAGES {
                let message = numbered(number, &mut chance);
                within_reason(push.send(message)).await.unwrap();
                scene.pause(&mut chance, 0..=2_000).await;
            }
            within_reason(push.drain()).await;
        };
        tokio::join!(scene.trouble(), sending);
        assert_eq!(within_reason(push.close(None)).await, Closed::Flushed);
        let _ = within_reason(pull.close(None)).await;
        receiving.await.unwrap();
        assert_eq!(push.lost(), returned.borrow().len() as u64);
        scene.stop().await;
        (received.take(), returned.take())
    })
}

#[test]
fn what_an_ended_session_did_not_deliver_comes_back() {
    let returned = worlds(0..200, |seed| {
        let (received, returned) = leased(seed);
        for number in 0..MESSAGES {
            let is_known = received.contains(&number) || returned.contains(&number);
            assert!(is_known, "seed {seed}: {number} is lost");
        }
        returned.len()
    });
    // Else no session ended.
    let in_all: usize = returned.iter().sum();
    assert!(returned.len() == 1 || in_all > returned.len(), "{in_all}");
}
