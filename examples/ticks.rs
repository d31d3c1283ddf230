//! Published ticks: a subscriber that receives by itself, and an actor that handles its share.
//!
//! `cargo run --example ticks`

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, WireMessage)]
#[wire(name = "market.Tick", reply = ())]
struct Tick {
    symbol: String,
    cents: u64,
}

/// Sums up what it is told.
#[derive(Default)]
struct Desk {
    cents: u64,
}

impl Actor for Desk {
    type Context = Context<Self>;
}

impl Handler<Tick> for Desk {
    type Result = ();

    fn handle(&mut self, tick: Tick, _: &mut Context<Self>) {
        self.cents += tick.cents;
    }
}

struct Total;

impl actix::Message for Total {
    type Result = u64;
}

impl Handler<Total> for Desk {
    type Result = u64;

    fn handle(&mut self, _: Total, _: &mut Context<Self>) -> u64 {
        self.cents
    }
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let node = Node::builder("ticks").start().await?;
    let ticks = node
        .spawn(Pub::new("ticks").listen("tcp://127.0.0.1:0"))
        .await?;
    let address = ticks.endpoints()[0].to_string();

    let desk = node.spawn(Child::new("desk", Desk::default)).await?;
    node.spawn(
        Sub::new("for-the-desk")
            .dial(&address)
            .subscribe("fx.*")
            .deliver::<Tick>(&desk),
    )
    .await?;
    let all = node
        .spawn(Sub::new("all").dial(&address).subscribe_prefix(""))
        .await?;

    // No sleep: what is published from here on comes to both.
    ticks.ready(2).await;
    let prices = [("fx.eurusd", 109), ("fx.gbpusd", 127), ("bond.bund", 9_750)];
    for (symbol, cents) in prices {
        let tick = Tick {
            symbol: symbol.to_owned(),
            cents,
        };
        ticks.publish(symbol, &tick).await?;
    }

    for (symbol, _) in prices {
        let message = all.recv().await?.expect("it is open");
        let position = message.position().expect("it was published");
        println!("{} is tick {position}", message.payload().escape_ascii());
        assert_eq!(&message.payload()[..], symbol.as_bytes());
    }
    // All that were sent were handled, too, once the publisher knows it.
    ticks.drain().await;
    let total = desk.send(Total).await?;
    println!("the desk has seen {total} cents");
    assert_eq!(total, 109 + 127);
    node.stop().await?;
    Ok(())
}
