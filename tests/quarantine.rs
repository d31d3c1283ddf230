//! No client can bring a node down by asking.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use treewire::ReqSocket;
use treewire::prelude::*;

mod support;
use support::*;

/// Nobody can be served nothing.
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Order", reply = u64)]
struct Order {
    amount: u64,
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Price", reply = u64)]
struct Price {
    of: u64,
}

struct Shop {
    served: Arc<AtomicU64>,
}

impl Actor for Shop {
    type Context = Context<Self>;
}

impl Handler<Order> for Shop {
    type Result = u64;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> u64 {
        assert_ne!(order.amount, 0, "nothing was ordered");
        self.served.fetch_add(1, SeqCst);
        order.amount
    }
}

impl Handler<Price> for Shop {
    type Result = u64;

    fn handle(&mut self, price: Price, _: &mut Context<Self>) -> u64 {
        price.of * 2
    }
}

fn shop(served: &Arc<AtomicU64>) -> Child<Shop> {
    let served = served.clone();
    Child::new("shop", move || Shop {
        served: served.clone(),
    })
}

/// A node of its own with one client.
async fn client(address: &str) -> (Node, ReqSocket) {
    let node = node().await;
    let req = node.spawn(Req::new("client").dial(address)).await.unwrap();
    (node, req)
}

/// Asks for nothing, fifty times: how often it was lost in a crash, and refused.
async fn poison(req: &ReqSocket, all_at_once: bool) -> (usize, usize) {
    let ask = || req.send(Order { amount: 0 }).into_future();
    let answers = if all_at_once {
        join_all((0..50).map(|_| ask())).await
    } else {
        let mut answers = Vec::new();
        for _ in 0..50 {
            answers.push(ask().await);
        }
        answers
    };
    let mut counts = (0, 0);
    for answer in answers {
        match answer.unwrap_err() {
            RemoteError::LostInCrash(_) => counts.0 += 1,
            RemoteError::Quarantined(_) => counts.1 += 1,
            other => panic!("{other}"),
        }
    }
    counts
}

#[tokio::test]
async fn supervision_01_a_hundred_clients_cannot_bring_a_node_down_by_asking() {
    let node = node().await;
    let served = Arc::default();
    let shop = node.spawn(shop(&served)).await.unwrap();
    let rep = Rep::new("rep").listen("tcp://127.0.0.1:0");
    let rep = rep.serve::<Order>(&shop).serve::<Price>(&shop);
    let rep = node.spawn(rep).await.unwrap();
    let address = address(&rep);

    let clients = join_all((0..100).map(|_| client(&address))).await;
    let poisonous = (0..).zip(&clients).map(async |(number, (_, req))| {
        let (lost, refused) = poison(req, number % 2 == 0).await;
        assert!(lost <= 3, "client {number} was lost {lost} times");
        assert_eq!(lost + refused, 50);
        // What it asks besides is answered as ever.
        let price = req.send(Price { of: number }).await;
        assert_eq!(price.unwrap(), 2 * number);
    });
    let clean = join_all((0..4).map(|_| client(&address))).await;
    let good = clean.iter().map(async |(_, req)| {
        for number in 1..=100 {
            let order = req.send(Order { amount: number }).into_future();
            let price = req.send(Price { of: number }).into_future();
            assert_eq!(order.await.unwrap(), number);
            assert_eq!(price.await.unwrap(), 2 * number);
        }
    });
    in_time(async { tokio::join!(join_all(poisonous), join_all(good)) }).await;

    assert_eq!(served.load(SeqCst), 400);
    let tree = in_time(node.snapshot()).await.unwrap();
    let shop = tree.find("shop").unwrap();
    assert!(shop.restarts <= 300, "{}", drawn(&tree));
    assert_eq!(tree.restarts, shop.restarts, "nobody else was restarted");
    assert_eq!(drops(&tree, "rep", "quarantined"), 5_000 - shop.restarts);
    for (node, _) in clients.into_iter().chain(clean) {
        stop(node).await;
    }
    stop(node).await;
}

#[tokio::test]
async fn to_connect_again_does_not_wash_a_peer_clean() {
    let node = node().await;
    let shop = node.spawn(shop(&Arc::default())).await.unwrap();
    let rep = Rep::new("rep").listen("tcp://127.0.0.1:0");
    let rep = node.spawn(rep.serve::<Order>(&shop)).await.unwrap();
    let (client, req) = client(&address(&rep)).await;
    assert_eq!(in_time(poison(&req, false)).await, (3, 47));
    assert_eq!(in_time(req.close(None)).await, treewire::Closed::Flushed);
    let again = Req::new("again").dial(address(&rep));
    let again = client.spawn(again).await.unwrap();
    assert_eq!(in_time(poison(&again, false)).await, (0, 50));
    let refused = in_time(again.send(Order { amount: 1 }).into_future()).await;
    assert!(matches!(refused, Err(RemoteError::Quarantined(_))));
    stop(client).await;
    stop(node).await;
}

#[tokio::test]
async fn poison_that_is_pushed_is_dropped_and_counted() {
    let node = node().await;
    let served = Arc::default();
    let shop = node.spawn(shop(&served)).await.unwrap();
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = pull.deliver::<Order>(&shop).deliver::<Price>(&shop);
    let pull = node.spawn(pull).await.unwrap();
    let sender = support::node().await;
    let push = Push::new("push").dial(address(&pull));
    let push = sender.spawn(push).await.unwrap();
    for _ in 0..50 {
        // In the foreign form: the wire name, and postcard's zero.
        let nothing = Content::new("test.Order").with_part(&[0]);
        in_time(push.send(nothing)).await.unwrap();
    }
    let tree = until_tree(&node, "all are accounted for", |tree| {
        drops(tree, "pull", "quarantined") + drops(tree, "pull", "lost in a crash") == 50
    })
    .await;
    let lost = BTreeMap::from([
        ("lost in a crash".to_owned(), 3),
        ("quarantined".to_owned(), 47),
    ]);
    assert_eq!(tree.find("pull").unwrap().drops, lost);
    assert_eq!(tree.find("shop").unwrap().restarts, 3);
    stop(sender).await;
    stop(node).await;
}
