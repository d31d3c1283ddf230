//! Threads that know no runtime: they block on their sockets, and each of them ends.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::JoinHandle;

use tokio::sync::watch;

use super::support::threads::block_on;
use super::*;

over_every_transport! {
    zeromq_16_ten_rounds_of_a_hundred_threads_that_connect_and_close_end_cleanly
    zeromq_16_ten_stops_amid_a_hundred_threads_that_connect_and_close_wake_them_all
}

const ROUNDS: usize = 10;
const THREADS: usize = 100;

/// So many threads, each with its number.
fn threads(work: impl Fn(usize) + Clone + Send + 'static) -> Vec<JoinHandle<()>> {
    let thread = |number| {
        let work = work.clone();
        std::thread::spawn(move || work(number))
    };
    (0..THREADS).map(thread).collect()
}

async fn all_end(threads: Vec<JoinHandle<()>>) {
    until("all threads have ended", || {
        threads.iter().all(JoinHandle::is_finished)
    })
    .await;
    for thread in threads {
        thread.join().unwrap();
    }
}

/// What the threads of a round share.
#[derive(Clone)]
struct Round {
    node: Node,
    pull: PullSocket,
    nobody: String,
    /// Whether everybody is there.
    complete: watch::Receiver<bool>,
    /// How many calls did not return at once.
    blocked: Arc<AtomicUsize>,
}

async fn zeromq_16_ten_rounds_of_a_hundred_threads_that_connect_and_close_end_cleanly(
    listen: &str,
) {
    for _ in 0..ROUNDS {
        let node = node().await;
        let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
        let (complete, told) = watch::channel(false);
        let round = Round {
            node: node.clone(),
            pull: pull.clone(),
            nobody: address_for_later(&listen.replace("here", "nowhere")),
            complete: told,
            blocked: Arc::default(),
        };
        let blocked = round.blocked.clone();
        let threads = threads(move |number| block_on(connect(&round, number)));
        let mut heard = HashSet::new();
        for _ in 0..THREADS {
            let message = in_time(pull.recv()).await.unwrap().expect("it is open");
            assert!(heard.insert(message.payload().to_vec()), "none comes twice");
        }
        complete.send(true).unwrap();
        let blocks = |number: &usize| number % WAYS >= CLOSES;
        let expected = (0..THREADS).filter(blocks).count();
        until("who blocks does", || blocked.load(SeqCst) == expected).await;
        let tree = until_tree(&node, "who closed is gone", |tree| {
            let pushes = of_kind(tree, "push");
            pushes
                .filter(|push| push.name.starts_with("closes"))
                .count()
                == 0
        })
        .await;
        assert!(tree.zombies.is_empty(), "{:?}", tree.zombies);
        stop(node).await;
        all_end(threads).await;
    }
}

/// In how many ways threads end, and how many of these are of their own accord.
const WAYS: usize = 7;
const CLOSES: usize = 2;

async fn connect(round: &Round, number: usize) {
    let way = number % WAYS;
    let word = if way < CLOSES { "closes" } else { "stays" };
    let push = Push::new(format!("{word} {number}")).dial(address(&round.pull));
    let push = round.node.spawn(push).await.unwrap();
    push.send(number.to_string()).await.unwrap();
    let mut complete = round.complete.clone();
    complete.wait_for(|complete| *complete).await.unwrap();
    match way {
        0 => assert_eq!(push.close(WATCHDOG).await, Closed::Flushed),
        // What is not confirmed yet may count as dropped.
        1 => drop(push.close(Duration::ZERO).await),
        2 => round.blocks(push.ready(2)).await,
        3 => assert!(round.blocks(round.pull.recv()).await.unwrap().is_none()),
        4 => {
            let lonely = Push::new(format!("lonely {number}"));
            let lonely = round.node.spawn(lonely).await.unwrap();
            let refused = round.blocks(lonely.send("x")).await.unwrap_err();
            assert!(refused.is_closed(), "{refused}");
        }
        5 => {
            let req = Req::new(format!("req {number}")).linger(Duration::ZERO);
            let req = round.node.spawn(req).await.unwrap();
            let asking = req.request("x").into_future();
            assert!(round.blocks(asking).await.is_err());
        }
        _ => {
            let patient = Push::new(format!("patient {number}")).dial(&round.nobody);
            let patient = patient.linger(Duration::from_millis(10));
            let patient = round.node.spawn(patient).await.unwrap();
            patient.send("x").await.unwrap();
            let closed = round.blocks(patient.close(None)).await;
            assert_eq!(closed, Closed::Dropped(1));
        }
    }
}

impl Round {
    /// Counts a call that does not return at once.
    async fn blocks<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        let mut is_new = true;
        std::future::poll_fn(|task| {
            let polled = call.as_mut().poll(task);
            if polled.is_pending() && std::mem::take(&mut is_new) {
                self.blocked.fetch_add(1, SeqCst);
            }
            polled
        })
        .await
    }
}

async fn zeromq_16_ten_stops_amid_a_hundred_threads_that_connect_and_close_wake_them_all(
    listen: &str,
) {
    for _ in 0..ROUNDS {
        let node = node().await;
        let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
        let (churning, dialed) = (node.clone(), address(&pull));
        let threads = threads(move |number| block_on(churn(&churning, &dialed, number)));
        let heard = Arc::<AtomicUsize>::default();
        let hearing = tokio::spawn({
            let heard = heard.clone();
            async move {
                while pull.recv().await.unwrap().is_some() {
                    heard.fetch_add(1, SeqCst);
                }
            }
        });
        until("they are amid it", || heard.load(SeqCst) >= THREADS).await;
        stop(node).await;
        all_end(threads).await;
        in_time(hearing).await.unwrap();
    }
}

/// Connects and closes until the node stops.
async fn churn(node: &Node, dialed: &str, number: usize) {
    for attempt in 0.. {
        let push = Push::new(format!("push {number} {attempt}")).dial(dialed);
        let Ok(push) = node.spawn(push).await else {
            return;
        };
        if let Err(refused) = push.send("x").await {
            assert!(refused.is_closed(), "{refused}");
            return;
        }
        let _ = push.close(WATCHDOG).await;
    }
}
