//! Work that is given out, done and gathered, over every transport.

use treewire::prelude::*;
use treewire::{PullSocket, PushSocket};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    distributed_01_a_hundred_pushes_sum_to_5050_and_both_sides_end
    distributed_03_ventilator_workers_and_sink_begin_together_and_stop_when_told
}

const TASKS: u64 = 100;

fn number(message: &treewire::Message) -> u64 {
    std::str::from_utf8(message.payload())
        .unwrap()
        .parse()
        .unwrap()
}

async fn sum(pull: &PullSocket) -> u64 {
    let mut sum = 0;
    for _ in 0..TASKS {
        sum += number(&in_time(pull.recv()).await.unwrap().unwrap());
    }
    sum
}

async fn give_out(push: &PushSocket) {
    for task in 1..=TASKS {
        in_time(push.send(task.to_string())).await.unwrap();
    }
}

async fn distributed_01_a_hundred_pushes_sum_to_5050_and_both_sides_end(listen: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    let ((), sum) = tokio::join!(give_out(&push), sum(&pull));
    assert_eq!(sum, 5_050);
    assert_eq!(in_time(push.close(None)).await, Closed::Flushed);
    assert_eq!(in_time(pull.close(None)).await, Closed::Flushed);
    stop(node).await;
}

/// Begins when it is told to, does what it gets and passes it on, until it is told to stop; how
/// much it did.
async fn work(node: Node, number_of_worker: usize, [tasks, sink, control]: [String; 3]) -> u64 {
    let name = |what: &str| format!("{what} of {number_of_worker}");
    let tasks = Pull::new(name("tasks")).dial(tasks);
    let results = Push::new(name("results")).dial(sink);
    let control = Sub::new(name("control")).dial(control).subscribe(">");
    let tasks = node.spawn(tasks).await.unwrap();
    let results = node.spawn(results).await.unwrap();
    let control = node.spawn(control).await.unwrap();
    let mut done = 0;
    loop {
        tokio::select! {
            task = tasks.recv() => {
                let task = task.unwrap().expect("it is open");
                results.send(number(&task).to_string()).await.unwrap();
                done += 1;
            }
            told = control.recv() => {
                let told = told.unwrap().expect("it is open");
                assert_eq!(told.payload(), &b"stop"[..]);
                return done;
            }
        }
    }
}

async fn distributed_03_ventilator_workers_and_sink_begin_together_and_stop_when_told(
    listen: &str,
) {
    const WORKERS: usize = 4;
    let (node, floor) = (node().await, node().await);
    // Places of their own beside the one that is given.
    let places = ["tasks", "sink", "control"].map(|what| match listen.strip_prefix("ipc://") {
        Some(path) => format!("ipc://{path}.{what}"),
        None if listen.starts_with("inproc") => format!("{listen}-{what}"),
        None => listen.to_owned(),
    });
    let tasks = Push::new("tasks").listen(&places[0]);
    let sink = Pull::new("sink").listen(&places[1]);
    let control = Pub::new("control").listen(&places[2]);
    let tasks = node.spawn(tasks).await.unwrap();
    let sink = node.spawn(sink).await.unwrap();
    let control = node.spawn(control).await.unwrap();
    let endpoints = [address(&tasks), address(&sink), address(&control)];
    // An inproc name is known within its node.
    let workers_live = if listen.starts_with("inproc") {
        &node
    } else {
        &floor
    };
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| tokio::spawn(work(workers_live.clone(), number, endpoints.clone())))
        .collect();
    // The barrier: each is there with all it has.
    in_time(tasks.ready(WORKERS)).await;
    in_time(sink.ready(WORKERS)).await;
    assert!(in_time(control.ready(WORKERS)).await);
    let ((), sum) = tokio::join!(give_out(&tasks), sum(&sink));
    assert_eq!(sum, 5_050);
    control.send("stop").await.unwrap();
    let mut done = 0;
    for worker in workers {
        done += in_time(worker).await.unwrap();
    }
    assert_eq!(done, TASKS);
    stop(floor).await;
    stop(node).await;
}
