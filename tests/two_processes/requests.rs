//! A hundred thousand requests in each direction, each answered by an actor.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use futures_util::stream::iter;
use serde::{Deserialize, Serialize};
use treewire::ReqSocket;
use treewire::prelude::*;

use crate::second::{Other, dials};
use crate::side::{kill_by_and_by, patiently};
use crate::support::proxy::Proxy;
use crate::support::*;
use crate::{CUTS, KILLS};

const REQUESTS: u64 = 100_000;

/// How many are under way at a time.
const AT_ONCE: usize = 100;

/// Panics when it comes for the first time.
const BAD: u64 = 33_333;

/// Panics whenever it comes.
const HOPELESS: u64 = 66_666;

/// A connection carries less than this, both ways together: about half on average.
const BYTES_MAX: u64 = 30_000;

const SEEDS: [u64; 2] = [21, 22];

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Double", reply = u64)]
struct Double {
    number: u64,
}

/// What outlives the actor.
struct Book {
    handled: AtomicU64,
    panics: AtomicU64,
    /// How often each number was handled.
    times: Mutex<Vec<u32>>,
}

struct Doubler(Arc<Book>);

impl Actor for Doubler {
    type Context = Context<Self>;
}

impl Handler<Double> for Doubler {
    type Result = u64;

    fn handle(&mut self, Double { number }: Double, _: &mut Context<Self>) -> u64 {
        let book = &self.0;
        let before = book.panics.load(SeqCst);
        if number == HOPELESS || (number == BAD && before == 0) {
            book.panics.store(before + 1, SeqCst);
            panic!("the doubler cannot count to {number}");
        }
        book.times.lock().unwrap()[number as usize] += 1;
        book.handled.fetch_add(1, SeqCst);
        number * 2
    }
}

/// One process: what it is asked is written down.
struct Side {
    node: Node,
    book: Arc<Book>,
    url: String,
}

impl Side {
    async fn new() -> Side {
        let node = node().await;
        let book = Arc::new(Book {
            handled: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            times: Mutex::new(vec![0; REQUESTS as usize]),
        });
        let doublers = book.clone();
        let doubler = Child::new("doubler", move || Doubler(doublers.clone()));
        let doubler = node.spawn(doubler).await.unwrap();
        let rep = Rep::new("rep").listen("tcp://127.0.0.1:0");
        let rep = rep.delivery(Reliable).serve::<Double>(&doubler);
        let url = address(&node.spawn(rep).await.unwrap());
        Side { node, book, url }
    }

    async fn req(&self, url: &str) -> ReqSocket {
        let req = Req::new("req").dial(url).delivery(Reliable);
        self.node.spawn(req).await.unwrap()
    }

    /// Asks all and answers all, while its doubler is killed.
    async fn work(&self, req: &ReqSocket) {
        let (node, handled) = (&self.node, &self.book.handled);
        let all = REQUESTS - 1;
        tokio::join!(ask_all(req), kill_by_and_by(node, "doubler", handled, all),);
    }

    /// What it was asked, once the other one has all its answers.
    async fn check(&self) {
        let times = self.book.times.lock().unwrap().clone();
        for (number, times) in (0..).zip(times) {
            assert_eq!(times, u32::from(number != HOPELESS), "number {number}");
        }
        // Once the bad one, three times the hopeless one; and nothing but their doubler was
        // restarted, though that is far beyond what a supervisor bears.
        assert_eq!(self.book.panics.load(SeqCst), 1 + 3);
        until_tree(&self.node, "it is there again", |tree| {
            tree.find("doubler").unwrap().restarts >= KILLS
        })
        .await;
    }
}

/// Asks for each number once, many at a time.
async fn ask_all(req: &ReqSocket) {
    let ask = async |number| (number, req.send(Double { number }).await);
    let mut answers = iter(0..REQUESTS).map(ask).buffer_unordered(AT_ONCE);
    while let Some((number, answer)) = patiently(answers.next()).await {
        match answer {
            Ok(double) => assert_eq!(double, number * 2),
            Err(RemoteError::LostInCrash(_)) if number == HOPELESS => {}
            Err(error) => panic!("number {number}: {error}"),
        }
    }
}

#[tokio::test]
async fn requests_each_way_are_handled_once_over_500_cuts_and_200_killed_actors() {
    let side = Side::new().await;
    let back = Proxy::to(&side.url, SEEDS[0], BYTES_MAX).await;
    let mut other = Other::start("requests", &back.url);
    let there = Proxy::to(&other.hear("listens at").await, SEEDS[1], BYTES_MAX).await;
    let req = side.req(&there.url).await;
    tokio::join!(side.work(&req), other.hear("answered"));
    let cuts = (there.cuts(), back.cuts());
    eprintln!("{cuts:?} cuts, of seeds {SEEDS:?}");
    assert!(cuts.0 + cuts.1 >= CUTS, "{cuts:?} cuts");
    side.check().await;
    other.say("leave");
    other.end().await;
    stop(side.node).await;
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn second() {
    let mut first = Other::first();
    let side = Side::new().await;
    first.say(&format!("listens at {}", side.url));
    let req = side.req(&dials()).await;
    side.work(&req).await;
    first.say("answered");
    first.hear("leave").await;
    side.check().await;
    stop(side.node).await;
}
