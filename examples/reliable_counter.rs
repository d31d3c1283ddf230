//! A counter that misses nothing and counts nothing twice, while everything between it and its
//! clients is killed again and again:
//!
//! ```sh
//! cargo run --release --example reliable_counter
//! ```

use std::time::Duration;

use treewire::prelude::*;
use treewire::{PullSocket, PushSocket};

/// Every client counts up to here.
const STEPS: u64 = 100_000;

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let server = Node::builder("server").start().await?;
    let counter = Pull::new("counter")
        .listen("tcp://127.0.0.1:0")
        .delivery(Reliable);
    let counter = server.spawn(counter).await?;
    let endpoint = counter.endpoints()[0].to_string();

    let clients = Node::builder("clients").start().await?;
    let mut steppers = Vec::new();
    for name in ["ann", "ben", "cem"] {
        let stepper = Push::new(name).dial(&endpoint).delivery(Reliable);
        steppers.push(clients.spawn(stepper).await?);
    }
    println!("{} clients step {STEPS} times each", steppers.len());

    let expected = STEPS * steppers.len() as u64;
    let counted = actix::spawn(count(counter, expected));
    let vandal = actix::spawn(vandalize([server.clone(), clients.clone()]));
    let stepping: Vec<_> = steppers
        .iter()
        .cloned()
        .map(step)
        .map(actix::spawn)
        .collect();
    for stepping in stepping {
        stepping.await??;
    }
    for stepper in &steppers {
        // Whatever is left is acknowledged now, over however many connections.
        stepper.drain().await;
    }
    let total = counted.await??;
    vandal.abort();

    let tree = clients.snapshot().await?;
    for child in tree.walk().filter(|child| child.kind == "push") {
        let told = |key| child.details.get(key).map_or("0", String::as_str);
        println!(
            "{}: connections resumed {}, messages sent again {}",
            child.name,
            told("resumed"),
            told("retransmitted")
        );
    }
    println!("counted {total} of {expected}");
    clients.stop().await?;
    server.stop().await?;
    match total == expected {
        true => Ok(()),
        false => Err("the count is wrong".into()),
    }
}

async fn step(stepper: PushSocket) -> Result<(), treewire::Error> {
    for _ in 0..STEPS {
        stepper.send("1").await?;
    }
    Ok(())
}

/// Adds up what it receives. A step counts as handled when its message is dropped.
async fn count(counter: PullSocket, expected: u64) -> Result<u64, treewire::Error> {
    let mut total = 0;
    while total < expected
        && let Some(step) = counter.recv().await?
    {
        total += std::str::from_utf8(step.payload())?.parse::<u64>()?;
    }
    // Were anything to come twice, it would come now.
    tokio::time::sleep(Duration::from_millis(100)).await;
    while counter.try_recv()?.is_some() {
        total += 1;
    }
    Ok(total)
}

/// Kills a child of each node every few milliseconds: a connection, an endpoint, a socket.
async fn vandalize(nodes: [Node; 2]) {
    for turn in 0.. {
        for node in &nodes {
            let Ok(tree) = node.snapshot().await else {
                return;
            };
            let paths: Vec<_> = tree.walk().map(|child| &child.path).collect();
            // It may be gone by now, or its supervisor have had enough.
            let _ = node.kill(paths[turn % paths.len()]).await;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
