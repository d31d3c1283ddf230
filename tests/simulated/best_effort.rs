//! Best effort: in order, at most once, and whatever is lost is counted.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{RequestError, Source, World, driven, seeds};

use crate::numbered::{number_of, numbered};
use crate::scene::{Scene, within_reason, worlds};

const MESSAGES: u64 = 60;
const REQUESTS: u64 = 40;

/// Pushes numbered messages into trouble. Which arrived, and how many were lost.
fn pushed(seed: u64, links: &str) -> (Vec<u64>, u64) {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        match links {
            "datagrams" => scene.worsen_datagrams(),
            _ => scene.worsen(),
        }
        let place = format!("sim://lines?links={links}");
        let push = Push::new("push").dial(place.clone());
        let push = within_reason(scene.client.spawn(push)).await.unwrap();
        let pull = Pull::new("pull").listen(place);
        let pull = within_reason(scene.server.spawn(pull)).await.unwrap();

        let arrived: Rc<RefCell<Vec<u64>>> = Rc::default();
        let arriving = arrived.clone();
        let receiving = actix_rt::spawn({
            let pull = pull.clone();
            async move {
                // By connection: an earlier one may still bring what was under way
                // when the next has begun.
                let mut newest: HashMap<Source, u64> = HashMap::new();
                while let Ok(Some(message)) = pull.recv().await {
                    let number = number_of(message.payload());
                    let before = newest.insert(message.source(), number);
                    assert!(before < Some(number), "{number} after {before:?}");
                    arriving.borrow_mut().push(number);
                }
            }
        });
        let sending = async {
            let mut chance = world.chance("sender");
            for number in 0..MESSAGES {
                let message = numbered(number, &mut chance);
                within_reason(push.send(message)).await.unwrap();
                if chance.once_in(2) {
                    scene.pause(&mut chance, 0..=400).await;
                }
            }
        };
        tokio::join!(scene.trouble(), sending);
        let _ = within_reason(push.close(None)).await;
        let lost = push.lost();
        let _ = within_reason(pull.close(None)).await;
        receiving.await.unwrap();
        scene.stop().await;
        (arrived.take(), lost)
    })
}

fn pushing_over(links: &str, usual: Range<u64>) {
    let missing = worlds(usual, |seed| {
        let (arrived, lost) = pushed(seed, links);
        let different: BTreeSet<_> = arrived.iter().collect();
        assert_eq!(different.len(), arrived.len(), "seed {seed}: {arrived:?}");
        let missing = MESSAGES - arrived.len() as u64;
        assert!(
            missing <= lost,
            "seed {seed}: {missing} missing, {lost} lost"
        );
        missing
    });
    // Else the worlds are too kind to show anything.
    let in_all: u64 = missing.iter().sum();
    assert!(
        missing.len() == 1 || in_all > missing.len() as u64,
        "{in_all}"
    );
}

#[test]
fn what_is_pushed_over_streams_comes_in_order_or_is_counted() {
    pushing_over("stream", 0..200);
}

#[test]
fn what_is_pushed_as_messages_comes_in_order_or_is_counted() {
    pushing_over("messages", 0..100);
}

#[test]
fn what_is_pushed_as_datagrams_comes_in_order_or_is_counted() {
    pushing_over("datagrams", 0..100);
}

/// Asks into trouble. What became of each request.
fn asked(seed: u64) -> Vec<String> {
    driven(seed, async |world: World| {
        let scene = Scene::new(&world).await;
        scene.worsen();
        let req = Req::new("req").dial("sim://sums");
        let req = within_reason(scene.client.spawn(req)).await.unwrap();
        let rep = Rep::new("rep").listen("sim://sums");
        let rep = within_reason(scene.server.spawn(rep)).await.unwrap();
        let handled: Rc<RefCell<BTreeSet<u64>>> = Rc::default();
        let handling = handled.clone();
        let answering = actix_rt::spawn({
            let rep = rep.clone();
            async move {
                while let Ok(Some(request)) = rep.recv().await {
                    let content = request.content().clone();
                    let is_new = handling.borrow_mut().insert(number_of(content.first()));
                    assert!(is_new, "handled twice");
                    request.reply(content);
                }
            }
        });
        let asking = async {
            let mut chance = world.chance("asker");
            let mut ends = Vec::new();
            for number in 0..REQUESTS {
                let content = numbered(number, &mut chance);
                let deadline = Duration::from_secs(1 + chance.below(20));
                let asked = req.request(content).deadline(deadline);
                ends.push(match within_reason(asked.into_future()).await {
                    Ok(answer) => {
                        assert_eq!(number_of(answer.first()), number);
                        assert!(handled.borrow().contains(&number));
                        "answered".to_owned()
                    }
                    Err(error @ (RequestError::PeerGone | RequestError::TimedOut)) => {
                        error.to_string()
                    }
                    Err(error) => panic!("request {number}: {error}"),
                });
                scene.pause(&mut chance, 0..=200).await;
            }
            ends
        };
        let ((), mut ends) = tokio::join!(scene.trouble(), asking);
        // All is well again.
        let last = numbered(REQUESTS, &mut world.chance("last"));
        ends.push(match within_reason(req.request(last).into_future()).await {
            Ok(_) => "answered at last".to_owned(),
            Err(error) => error.to_string(),
        });
        let _ = within_reason(req.close(None)).await;
        let _ = within_reason(rep.close(None)).await;
        answering.await.unwrap();
        scene.stop().await;
        ends
    })
}

#[test]
fn a_request_is_handled_once_at_most_and_always_ends() {
    let ends = worlds(0..200, asked);
    let count = |is_answered: bool| {
        let fitting = ends.iter().flatten();
        fitting
            .filter(|end| (*end == "answered") == is_answered)
            .count()
    };
    let (answered, not) = (count(true), count(false));
    // Else the worlds are too kind, or too hard, to show anything.
    let worlds = ends.len();
    assert!(
        worlds == 1 || (answered > not && not > 2 * worlds),
        "{answered}, {not}"
    );
}

#[test]
fn a_world_with_a_network_replays_from_its_seed() {
    let mut different = BTreeSet::new();
    for seed in seeds(0..10) {
        let (one, other) = (pushed(seed, "stream"), pushed(seed, "stream"));
        assert_eq!(one, other, "seed {seed}");
        assert_eq!(asked(seed), asked(seed), "seed {seed}");
        different.insert(one);
    }
    assert!(different.len() != 1 || seeds(0..10).count() == 1);
}
