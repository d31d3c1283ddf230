//! A pool of actors that share a heap of work over two threads; one of them
//! panics, and no work is lost:
//!
//! ```sh
//! cargo run --example actor_pool
//! ```

use futures_util::stream::{FuturesUnordered, StreamExt};
use treewire::prelude::*;
use treewire::runtime::SendError;
use treewire::{Placement, Ref};

const WORKERS: usize = 4;
const JOBS: u64 = 1_000;

/// Is it a prime? One of them is too much for whoever gets it first.
#[derive(Clone, Copy)]
struct Job {
    number: u64,
    first_try: bool,
}

impl Message for Job {
    type Result = bool;
}

struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Job> for Worker {
    type Result = bool;

    fn handle(&mut self, job: Job, _: &mut Context<Self>) -> bool {
        assert!(!(job.first_try && job.number == 500), "500 is too much");
        let number = job.number;
        number >= 2
            && (2..)
                .take_while(|divisor| divisor * divisor <= number)
                .all(|divisor| !number.is_multiple_of(divisor))
    }
}

/// A job is done by one of the workers; what was lost in a crash is given out again.
async fn ask(pool: &[Ref<Worker>], job: Job) -> treewire::Result<bool> {
    let worker = &pool[job.number as usize % pool.len()];
    match worker.send(job).await {
        Ok(prime) => Ok(prime),
        Err(SendError::LostInCrash(exit)) => {
            println!(
                "job {} was lost ({exit}); another worker gets it",
                job.number
            );
            let another = &pool[(job.number as usize + 1) % pool.len()];
            let again = Job {
                first_try: false,
                ..job
            };
            Ok(another.send(again).await?)
        }
        Err(other) => Err(other.into()),
    }
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let node = Node::builder("example").arbiters(2).start().await?;
    let pool = node.spawn(Supervisor::new("pool")).await?;
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        let worker = Child::new(format!("worker-{number}"), || Worker);
        // Each on the thread with the fewest children.
        workers.push(pool.spawn(worker.placement(Placement::spread())).await?);
    }

    let jobs = (0..JOBS).map(|number| {
        let first_try = true;
        ask(&workers, Job { number, first_try })
    });
    let mut answers: FuturesUnordered<_> = jobs.collect();
    let mut primes = 0;
    while let Some(prime) = answers.next().await {
        primes += u64::from(prime?);
    }
    println!("{primes} primes below {JOBS}");
    assert_eq!(primes, 168);

    let children = pool.children().await?;
    let arbiters: Vec<_> = children.iter().map(|child| child.arbiter).collect();
    println!("workers ran on arbiters {arbiters:?}");
    assert_eq!(
        arbiters.iter().filter(|&&arbiter| arbiter == 0).count(),
        WORKERS / 2
    );
    let restarts: u64 = children.iter().map(|child| child.restarts).sum();
    assert_eq!(restarts, 1);
    node.stop().await?;
    Ok(())
}
