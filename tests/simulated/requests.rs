//! Reliable requests: each is handled once, and its answer always comes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{World, driven};

use crate::numbered::{number_of, numbered};
use crate::scene::{Scene, within_reason, worlds};

const REQUESTS: u64 = 30;

/// Asks into trouble, up to three at a time.
fn asked(seed: u64, links: &str) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        match links {
            "datagrams" => scene.worsen_datagrams(),
            _ => scene.worsen(),
        }
        let place = format!("sim://sums?links={links}");
        let req = Req::new("req").dial(place.clone()).delivery(Reliable);
        let req = within_reason(scene.client.spawn(req)).await.unwrap();
        let rep = Rep::new("rep").listen(place).delivery(Reliable);
        let rep = within_reason(scene.server.spawn(rep)).await.unwrap();
        let handled: Rc<RefCell<BTreeSet<u64>>> = Rc::default();
        let answering = actix_rt::spawn({
            let (rep, handled, clock) = (rep.clone(), handled.clone(), world.clock().clone());
            let mut chance = world.chance("answers");
            async move {
                while let Ok(Some(request)) = rep.recv().await {
                    let content = request.content().clone();
                    let number = number_of(content.first());
                    assert!(handled.borrow_mut().insert(number), "{number} came twice");
                    let rest = Duration::from_millis(chance.below(200));
                    let sleep = clock.sleep(rest);
                    actix_rt::spawn(async move {
                        sleep.await;
                        request.reply(content);
                    });
                }
            }
        });
        let ask = async |asker: u64| {
            let mut chance = world.chance(&format!("asker {asker}"));
            for number in (asker..REQUESTS).step_by(3) {
                let asked = req.request(numbered(number, &mut chance));
                let answer = within_reason(asked.into_future()).await.unwrap();
                assert_eq!(number_of(answer.first()), number);
                scene.pause(&mut chance, 0..=1_000).await;
            }
        };
        tokio::join!(scene.trouble(), ask(0), ask(1), ask(2));
        assert_eq!(handled.borrow().len() as u64, REQUESTS);
        let _ = within_reason(req.close(None)).await;
        let _ = within_reason(rep.close(None)).await;
        answering.await.unwrap();
        scene.stop().await;
    });
}

#[test]
fn a_reliable_request_is_handled_once_and_always_answered() {
    worlds(0..200, |seed| asked(seed, "stream"));
}

#[test]
fn a_reliable_request_in_datagrams_is_handled_once_and_always_answered() {
    worlds(0..100, |seed| asked(seed, "datagrams"));
}
