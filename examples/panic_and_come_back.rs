//! A supervised actor panics and comes back with its mailbox:
//!
//! ```sh
//! cargo run --example panic_and_come_back
//! ```

use std::future::IntoFuture;

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

#[derive(Clone, Serialize, Deserialize, WireMessage)]
#[wire(name = "example.Divide", reply = u64)]
struct Divide {
    dividend: u64,
    divisor: u64,
}

/// Counts what it did in this life.
struct Divider {
    divided: u64,
}

impl Actor for Divider {
    type Context = Context<Self>;
}

impl Handler<Divide> for Divider {
    type Result = u64;

    fn handle(&mut self, ask: Divide, _: &mut Context<Self>) -> u64 {
        self.divided += 1;
        ask.dividend / ask.divisor
    }
}

/// How many divisions this life has seen.
struct Divided;

impl Message for Divided {
    type Result = u64;
}

impl Handler<Divided> for Divider {
    type Result = u64;

    fn handle(&mut self, _: Divided, _: &mut Context<Self>) -> u64 {
        self.divided
    }
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let node = Node::builder("example").start().await?;
    let divider = Child::new("divider", || Divider { divided: 0 });
    let divider = node.spawn(divider).await?;
    let socket = Rep::new("divide").listen("tcp://127.0.0.1:0");
    let socket = node.spawn(socket.serve::<Divide>(&divider)).await?;
    let endpoint = socket.endpoints()[0].to_string();
    let remote = node.spawn(Req::new("client").dial(endpoint)).await?;

    // In one go, so that the later ones wait behind the one that is poison.
    let ask =
        |dividend, divisor| tokio::spawn(remote.send(Divide { dividend, divisor }).into_future());
    let before = ask(6, 2);
    let poison = ask(1, 0);
    let queued: Vec<_> = (1..=3).map(|number| ask(10 * number, 10)).collect();

    assert_eq!(before.await??, 3);
    let lost = poison.await?.unwrap_err();
    println!("the poison: {lost}");
    let RemoteError::LostInCrash(text) = lost else {
        return Err(format!("not lost in a crash: {lost}").into());
    };
    assert!(
        text.contains("divide by zero") && text.contains("panic_and_come_back.rs:"),
        "{text}"
    );

    for (number, answer) in (1..).zip(queued) {
        assert_eq!(answer.await??, number);
    }
    let divided = divider
        .send(Divided)
        .await
        .map_err(|error| error.to_string())?;
    println!("the next generation answered the {divided} that were queued");
    assert_eq!(divided, 3);

    let tree = node.snapshot().await?;
    let child = tree.find("divider").ok_or("no divider")?;
    let exit = &child.exits.last().ok_or("no exit")?.reason;
    println!(
        "divider: generation {}, restarts {}, {exit}",
        child.generation, child.restarts
    );
    assert!(matches!(exit, Exit::Panicked(_)));
    assert_eq!((child.generation, child.restarts), (2, 1));
    assert!(
        tree.walk()
            .all(|child| child.kind != "connection" || child.exits.is_empty())
    );
    assert_eq!(
        (tree.restarts, remote.peers()),
        (1, 1),
        "the connection never noticed"
    );
    node.stop().await?;
    Ok(())
}
