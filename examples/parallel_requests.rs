//! Many requests at once, with random delays: each reply reaches who asked for it. Then one of two
//! servers hangs up with requests in its hands: those that may be handled twice are asked again,
//! there or elsewhere, the rest fail at once, and nobody waits for ever.
//!
//! ```sh
//! cargo run --example parallel_requests
//! ```

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use treewire::prelude::*;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "lab.Measure", reply = u64)]
struct Measure {
    sample: u64,
    takes_ms: u64,
}

/// Measures any number of samples at once.
struct Lab;

impl Actor for Lab {
    type Context = Context<Self>;
}

impl Handler<Measure> for Lab {
    type Result = ResponseActFuture<Self, u64>;

    fn handle(&mut self, measure: Measure, _: &mut Context<Self>) -> Self::Result {
        let takes = Duration::from_millis(measure.takes_ms);
        let measured = async move {
            tokio::time::sleep(takes).await;
            measure.sample * measure.sample
        };
        Box::pin(measured.into_actor(self))
    }
}

/// A node with a lab, and where that is asked.
async fn lab(name: &str) -> treewire::Result<(Node, String)> {
    let node = Node::builder(name).start().await?;
    let lab = node.spawn(Child::new("lab", || Lab)).await?;
    let rep = Rep::new("samples").listen("tcp://127.0.0.1:0");
    let rep = node.spawn(rep.serve::<Measure>(&lab)).await?;
    let endpoint = rep.endpoints()[0].to_string();
    Ok((node, endpoint))
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let (first, first_endpoint) = lab("first").await?;
    let (second, second_endpoint) = lab("second").await?;
    let client = Node::builder("client").start().await?;
    let labs = Req::new("labs").dial(first_endpoint).dial(second_endpoint);
    let labs = client.spawn(labs).await?;
    labs.ready(2).await;

    const REQUESTS: u64 = 500;
    let began = Instant::now();
    let chance = RandomState::new();
    let asked = (0..REQUESTS).map(|sample| {
        let takes_ms = chance.hash_one(sample) % 200;
        let reply = labs.send(Measure { sample, takes_ms });
        async move { (sample, reply.await) }
    });
    for (sample, reply) in join_all(asked).await {
        assert_eq!(reply?, sample * sample);
    }
    println!(
        "{REQUESTS} requests, each with its own reply, in {:.0?}",
        began.elapsed()
    );
    // One after the other they would have taken 50 seconds.
    assert!(began.elapsed() < Duration::from_secs(20));

    // With nothing else under way the two get as many: half of these are in the hands of the second
    // lab when its connection dies.
    labs.drain().await;
    let asked = (0..10).map(|sample| {
        let labs = labs.clone();
        actix::spawn(async move {
            let measure = Measure {
                sample,
                takes_ms: 1_000,
            };
            match sample % 4 {
                0 | 1 => labs.send(measure).idempotent().await,
                _ => labs.send(measure).await,
            }
        })
    });
    let asked: Vec<_> = asked.collect();
    until_in_hand(&second, 5).await?;
    hang_up(&second).await?;
    let (mut answered, mut failed) = (0, 0);
    for (sample, reply) in (0..).zip(asked) {
        match reply.await? {
            Ok(square) => {
                assert_eq!(square, sample * sample);
                answered += 1;
            }
            Err(error) => {
                assert!(sample % 4 > 1, "{sample} may be handled twice: {error}");
                failed += 1;
            }
        }
    }
    println!(
        "one lab hung up: {answered} requests were answered, {failed} failed at once, none waits"
    );
    assert_eq!((answered, failed), (8, 2));
    for node in [client, first, second] {
        node.stop().await?;
    }
    Ok(())
}

/// Nothing that it has in hand is answered any more.
async fn hang_up(lab: &Node) -> treewire::Result<()> {
    let tree = lab.snapshot().await?;
    for connection in tree.walk().filter(|child| child.kind == "connection") {
        lab.kill(&connection.path).await?;
    }
    Ok(())
}

/// Waits until the lab has so many requests beyond the first ones.
async fn until_in_hand(lab: &Node, count: u64) -> treewire::Result<()> {
    let handled = async |lab: &Node| -> treewire::Result<u64> {
        let tree = lab.snapshot().await?;
        Ok(tree
            .find("samples")
            .map_or(0, |samples| samples.messages_in - samples.messages_out))
    };
    while handled(lab).await? < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
