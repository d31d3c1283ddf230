//! A ventilator gives out work, workers do it, a sink adds up. Nobody starts before all are there,
//! which is a barrier and not a sleep, and a broadcast stops the workers:
//!
//! ```sh
//! cargo run --example ventilator
//! ```
//!
//! ```text
//! ventilator ─push─▶ workers ─push─▶ sink
//!      └─ control, to all ─▶ workers
//! ```

use std::time::Duration;

use treewire::prelude::*;
use treewire::{Receiver, Sender, Socket};

const WORKERS: usize = 4;

/// From 1 to this; they sum to 5,050.
const TASKS: u64 = 100;

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let node = Node::builder("ventilator").start().await?;
    let tasks = node
        .spawn(Push::new("tasks").listen("tcp://127.0.0.1:0"))
        .await?;
    let sink = node
        .spawn(Pull::new("sink").listen("tcp://127.0.0.1:0"))
        .await?;
    // Whoever listens, it sends to all of them, and hears nothing.
    let control = Socket::new("control", "control").sender(Sender::All);
    let control = control
        .receiver(Receiver::Nobody)
        .listen("tcp://127.0.0.1:0");
    let control = node.spawn(control).await?;
    let endpoints = Endpoints {
        tasks: tasks.endpoints()[0].to_string(),
        sink: sink.endpoints()[0].to_string(),
        control: control.endpoints()[0].to_string(),
    };

    let floor = Node::builder("workers").start().await?;
    let mut workers = Vec::new();
    for number in 1..=WORKERS {
        workers.push(actix::spawn(work(floor.clone(), endpoints.clone(), number)));
    }
    tasks.ready(WORKERS).await;
    sink.ready(WORKERS).await;
    control.ready(WORKERS).await;
    println!("{WORKERS} workers are there: go");

    for task in 1..=TASKS {
        tasks.send(task.to_string()).await?;
    }
    let mut sum = 0;
    for _ in 0..TASKS {
        let result = sink.recv().await?.ok_or("the sink closed")?;
        sum += number(&result)?;
    }
    println!("the sink has {sum}");
    assert_eq!(sum, 5_050);

    control.send("stop").await?;
    let mut done = 0;
    for (number, worker) in (1..).zip(workers) {
        let count = worker.await??;
        println!("worker {number} did {count}");
        assert!(count > 0, "worker {number} was there from the start");
        done += count;
    }
    assert_eq!(done, TASKS);
    floor.stop().await?;
    node.stop().await?;
    Ok(())
}

#[derive(Clone)]
struct Endpoints {
    tasks: String,
    sink: String,
    control: String,
}

/// Works until it is told to stop; how many tasks it did.
async fn work(floor: Node, endpoints: Endpoints, number_of: usize) -> treewire::Result<u64> {
    let name = |part: &str| format!("{part} {number_of}");
    let tasks = floor
        .spawn(Pull::new(name("tasks")).dial(endpoints.tasks))
        .await?;
    let results = floor
        .spawn(Push::new(name("results")).dial(endpoints.sink))
        .await?;
    let control = Socket::new(name("control"), "control").receiver(Receiver::All);
    let control = floor
        .spawn(control.sender(Sender::Nobody).dial(endpoints.control))
        .await?;
    let mut count = 0;
    loop {
        tokio::select! {
            order = control.recv() => {
                let order = order?.ok_or("the control closed")?;
                assert_eq!(*order.payload(), "stop");
                return Ok(count);
            }
            task = tasks.recv() => {
                let task = task?.ok_or("there are no more tasks")?;
                let task = number(&task)?;
                tokio::time::sleep(Duration::from_millis(task % 5)).await;
                results.send(task.to_string()).await?;
                count += 1;
            }
        }
    }
}

fn number(content: &Content) -> treewire::Result<u64> {
    Ok(std::str::from_utf8(content.first())?.parse()?)
}
