//! Reliable requests: each is handled once, and its answer kept until the asker has it.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{ReqSocket, RequestError};

mod support;
use support::proxy::Proxy;
use support::*;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Double", reply = u64)]
struct Double {
    number: u64,
}

/// How often each number was handled.
type Handled = Arc<Mutex<BTreeMap<u64, u32>>>;

struct Doubler {
    handled: Handled,
    /// How often the handling of a number panics.
    panics: fn(u64) -> u32,
}

impl Actor for Doubler {
    type Context = treewire::Context<Self>;
}

impl Handler<Double> for Doubler {
    type Result = u64;

    fn handle(&mut self, ask: Double, _: &mut Self::Context) -> u64 {
        let times = {
            let mut handled = self.handled.lock().unwrap();
            let times = handled.entry(ask.number).or_default();
            *times += 1;
            *times
        };
        assert!(
            times > (self.panics)(ask.number),
            "bad number {}",
            ask.number
        );
        ask.number * 2
    }
}

/// A node that serves doublings, reliable, and where.
async fn server(handled: &Handled, panics: fn(u64) -> u32) -> (Node, String) {
    let node = node().await;
    let handled = handled.clone();
    let doubler = Child::new("doubler", move || Doubler {
        handled: handled.clone(),
        panics,
    });
    let doubler = node.spawn(doubler).await.unwrap();
    let rep = Rep::new("rep").listen("tcp://127.0.0.1:0");
    let rep = rep.delivery(Reliable).serve::<Double>(&doubler);
    let rep = node.spawn(rep).await.unwrap();
    let url = address(&rep);
    (node, url)
}

/// Asks for each number up to `count`, 100 at a time.
async fn ask_all(req: &ReqSocket, count: u64) {
    let mut asked = FuturesUnordered::new();
    for number in 0..count {
        let req = req.clone();
        asked.push(async move { (number, req.send(Double { number }).await) });
        if asked.len() >= 100 {
            answered(in_time(asked.next()).await);
        }
    }
    while !asked.is_empty() {
        answered(in_time(asked.next()).await);
    }
}

fn answered<E: std::fmt::Debug>(answer: Option<(u64, Result<u64, E>)>) {
    let (number, double) = answer.unwrap();
    assert_eq!(double.unwrap(), number * 2);
}

fn each_once(handled: &Handled, count: u64) {
    let handled = handled.lock().unwrap();
    assert_eq!(handled.len() as u64, count);
    assert!(handled.values().all(|&times| times == 1));
}

#[tokio::test]
async fn a_request_is_handled_once_over_any_number_of_cuts() {
    const REQUESTS: u64 = 5_000;
    for seed in 1..4 {
        let handled = Handled::default();
        let (far, url) = server(&handled, |_| 0).await;
        let near = node().await;
        let proxy = Proxy::to(&url, seed, 30_000).await;
        let req = Req::new("req").dial(&proxy.url).delivery(Reliable);
        let req = near.spawn(req).await.unwrap();
        ask_all(&req, REQUESTS).await;
        each_once(&handled, REQUESTS);
        assert!(proxy.cuts() > 3, "{} cuts", proxy.cuts());
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn killed_connections_endpoints_and_sockets_have_no_request_handled_twice() {
    const REQUESTS: u64 = 5_000;
    let handled = Handled::default();
    let (far, url) = server(&handled, |_| 0).await;
    let near = node().await;
    let req = Req::new("req").dial(&url).delivery(Reliable);
    let req = near.spawn(req).await.unwrap();
    let mut kills = 0;
    let vandal = async {
        let mut dice = Dice::new(5);
        loop {
            for node in [&near, &far] {
                let tree = node.snapshot().await.unwrap();
                let paths: Vec<_> = tree.walk().map(|child| &child.path).collect();
                // The actor itself may have it in hand: that is another test.
                let path = paths[dice.below(paths.len() as u64) as usize];
                if path != "doubler" && node.kill(path).await.is_ok() {
                    kills += 1;
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = ask_all(&req, REQUESTS) => {}
        () = vandal => {}
    }
    each_once(&handled, REQUESTS);
    assert!(kills > 5, "{kills} kills");
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn a_request_of_which_the_peer_was_replaced_fails_or_is_asked_again() {
    let (near, far, other) = (node().await, node().await, node().await);
    let first = Rep::new("rep")
        .listen("tcp://127.0.0.1:0")
        .delivery(Reliable);
    let first = far.spawn(first).await.unwrap();
    let url = address(&first);
    let req = Req::new("req").dial(&url).delivery(Reliable);
    let req = near.spawn(req.stickiness(treewire::Stickiness::Failover));
    let req = req.await.unwrap();
    let plain = tokio::spawn(req.request("plain").into_future());
    let again = tokio::spawn(req.request("again").idempotent().into_future());
    // Neither is answered before the node stops.
    let held = [
        in_time(first.recv()).await.unwrap().unwrap(),
        in_time(first.recv()).await.unwrap().unwrap(),
    ];
    assert_eq!(held.len(), 2);
    stop(far).await;
    let second = Rep::new("rep").listen(&url).delivery(Reliable);
    let second = other.spawn(second).await.unwrap();
    let request = in_time(second.recv()).await.unwrap().unwrap();
    assert_eq!(*request.content().first(), "again");
    request.reply("by the second");
    let answer = in_time(again).await.unwrap().unwrap();
    assert_eq!(*answer.first(), "by the second");
    let error = in_time(plain).await.unwrap().unwrap_err();
    assert!(matches!(error, RequestError::PeerGone), "{error}");
    stop(near).await;
    stop(other).await;
}

#[tokio::test]
async fn a_request_whose_handler_panics_is_handled_again_and_the_third_time_answered_so() {
    let handled = Handled::default();
    // One panics once, another twice, a third always.
    let (far, url) = server(&handled, |number| match number {
        1 => 1,
        2 => 2,
        3 => u32::MAX,
        _ => 0,
    })
    .await;
    let near = node().await;
    let req = Req::new("req").dial(&url).delivery(Reliable);
    let req = near.spawn(req).await.unwrap();
    for number in [0, 1, 2] {
        assert_eq!(
            in_time(req.send(Double { number }).into_future())
                .await
                .unwrap(),
            number * 2
        );
    }
    let error = in_time(req.send(Double { number: 3 }).into_future())
        .await
        .unwrap_err();
    assert!(matches!(error, RemoteError::LostInCrash(_)), "{error}");
    let handled: Vec<_> = handled.lock().unwrap().values().copied().collect();
    assert_eq!(handled, [1, 2, 3, 3]);
    // Its peer answers for it, and not the supervisor, which would have had enough.
    until_tree(&far, "it is there again", |tree| {
        tree.find("doubler").unwrap().restarts == 1 + 2 + 3
    })
    .await;
    stop(near).await;
    stop(far).await;
}
