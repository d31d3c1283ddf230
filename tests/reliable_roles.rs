//! Reliable sockets the other way round, and shared: a push that listens, and pulls that dial.

use std::collections::BTreeSet;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{PullSocket, PushSocket};

mod support;
use support::*;

const MESSAGES: u32 = 30_000;

async fn send_all(push: &PushSocket) {
    for number in 0..MESSAGES {
        in_time(push.send(number.to_string())).await.unwrap();
    }
    in_time(push.drain()).await;
}

/// Everything that one pull receives, for as long as it is asked.
async fn receive_into(pull: &PullSocket, received: &mut Vec<u32>) {
    while let Some(message) = pull.recv().await.unwrap() {
        let text = String::from_utf8_lossy(message.payload()).into_owned();
        received.push(text.parse().unwrap());
    }
}

/// Kills any child of these nodes every few milliseconds.
async fn kill_for_ever(nodes: &[&Node], seed: u64) {
    let mut dice = Dice::new(seed);
    loop {
        let node = nodes[dice.below(nodes.len() as u64) as usize];
        let tree = node.snapshot().await.unwrap();
        let paths: Vec<_> = tree.walk().map(|child| child.path.clone()).collect();
        // It may be gone by now.
        let _ = node
            .kill(&paths[dice.below(paths.len() as u64) as usize])
            .await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

#[tokio::test]
async fn killed_pulls_that_dial_lose_and_double_nothing_and_share_it() {
    for seed in 1..4 {
        let (near, one, two) = (node().await, node().await, node().await);
        let push = Push::new("push").listen("tcp://127.0.0.1:0");
        let push = near.spawn(push.delivery(Reliable)).await.unwrap();
        let pull = || Pull::new("pull").dial(address(&push)).delivery(Reliable);
        let first = one.spawn(pull()).await.unwrap();
        let second = two.spawn(pull()).await.unwrap();
        in_time(push.ready(2)).await;
        let nodes = [&near, &one, &two];
        let (mut ones, mut twos) = (Vec::new(), Vec::new());
        tokio::select! {
            biased;
            () = send_all(&push) => {}
            () = receive_into(&first, &mut ones) => {}
            () = receive_into(&second, &mut twos) => {}
            () = kill_for_ever(&nodes, seed) => {}
        }
        assert_eq!(push.lost(), 0);
        assert_eq!(ones.len() + twos.len(), MESSAGES as usize);
        let all: BTreeSet<u32> = ones.iter().chain(&twos).copied().collect();
        assert_eq!(all.len(), MESSAGES as usize);
        assert!(!ones.is_empty() && !twos.is_empty());
        stop(near).await;
        stop(one).await;
        stop(two).await;
    }
}

#[tokio::test]
async fn sockets_that_are_stopped_and_started_in_order_lose_and_double_nothing() {
    for listens in [true, false] {
        let (near, far) = (node().await, node().await);
        let later = address_for_later("tcp://127.0.0.1:0");
        let (push, pull) = (Push::new("push"), Pull::new("pull"));
        let (push, pull) = match listens {
            true => (push.listen(&later), pull.dial(&later)),
            false => (push.dial(&later), pull.listen(&later)),
        };
        let (push_spec, push) = push.delivery(Reliable).into_spec();
        let (pull_spec, pull) = pull.delivery(Reliable).into_spec();
        let group = |spec| Supervisor::new("group").child(spec);
        near.spawn(group(push_spec)).await.unwrap();
        far.spawn(group(pull_spec)).await.unwrap();
        let mut received = Vec::new();
        let restart = async {
            let mut rounds = 0;
            loop {
                let (node, path) = match rounds % 2 {
                    0 => (&near, "group/push"),
                    _ => (&far, "group/pull"),
                };
                in_time(node.stop_child(path)).await.unwrap();
                in_time(node.start_child(path)).await.unwrap();
                rounds += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // A closed handle says so at once; the socket is started again.
        let receive = async {
            loop {
                receive_into(&pull, &mut received).await;
                tokio::task::yield_now().await;
            }
        };
        let send = async {
            let mut next = 0;
            while next < MESSAGES {
                match push.send(next.to_string()).await {
                    Ok(()) => next += 1,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
            while push.unflushed() > 0 {
                in_time(push.drain()).await;
                tokio::task::yield_now().await;
            }
        };
        let all = async {
            tokio::select! {
                () = send => {}
                () = receive => {}
                () = restart => {}
            }
        };
        in_time(all).await;
        assert_eq!(received, Vec::from_iter(0..MESSAGES), "listens: {listens}");
        stop(near).await;
        stop(far).await;
    }
}
