//! How a socket that sends to one of its peers chooses it.

use std::future::IntoFuture;
use std::time::Duration;

use tokio::task::JoinSet;
use treewire::prelude::*;
use treewire::{Balance, PullSocket};

use crate::support::*;

over_every_transport! {
    zeromq_04_round_robin_gives_each_pull_as_many_in_order_also_when_one_has_left
    zeromq_04_round_robin_passes_over_a_pull_that_is_full
    zeromq_04_round_robin_gives_each_rep_as_many_requests
    round_robin_takes_turns_within_the_lowest_priority
}

/// So many places to listen at.
fn places<const COUNT: usize>(listen: &str) -> [String; COUNT] {
    std::array::from_fn(|index| match listen.contains(":0") {
        true => address_for_later(listen),
        false => format!("{listen}-{index}"),
    })
}

async fn pulls<const COUNT: usize>(node: &Node, places: &[String; COUNT]) -> Vec<PullSocket> {
    let mut pulls = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let pull = Pull::new(format!("pull {index}")).listen(place);
        pulls.push(node.spawn(pull).await.unwrap());
    }
    pulls
}

fn in_turn() -> Push {
    Push::new("push").balance(Balance::RoundRobin)
}

/// Takes so many messages, which must be all that there are.
async fn take(pull: &PullSocket, count: usize) -> Vec<usize> {
    let mut taken = Vec::new();
    for _ in 0..count {
        let message = in_time(pull.recv()).await.unwrap().expect("it is open");
        taken.push(str::from_utf8(message.payload()).unwrap().parse().unwrap());
    }
    assert!(pull.try_recv().unwrap().is_none());
    taken
}

/// Each comes so many after the one before.
fn assert_steps(taken: &[usize], step: usize) {
    let mut pairs = taken.windows(2);
    assert!(pairs.all(|pair| pair[0] + step == pair[1]), "{taken:?}");
}

async fn zeromq_04_round_robin_gives_each_pull_as_many_in_order_also_when_one_has_left(
    listen: &str,
) {
    let node = node().await;
    let places = places::<3>(listen);
    let mut pulls = pulls(&node, &places).await;
    let push = places.iter().fold(in_turn(), Push::dial);
    let push = node.spawn(push).await.unwrap();
    in_time(push.ready(3)).await;
    let mut rounds = 0;
    while !pulls.is_empty() {
        let count = pulls.len();
        let (quick, slow) = pulls.split_first().unwrap();
        for half in [0, 1] {
            for number in 50 * half * count..50 * (half + 1) * count {
                in_time(push.send(number.to_string())).await.unwrap();
            }
            assert_steps(&take(quick, 50).await, count);
            let waiting = 50 * (half + 1) * slow.len();
            until("it has nothing before it", || {
                push.unflushed() == waiting as u64
            })
            .await;
        }
        for pull in slow {
            assert_steps(&take(pull, 100).await, count);
        }
        in_time(push.drain()).await;
        rounds += 1;
        // The second one first, so that those that stay have a gap between them.
        let leaving = pulls.remove(usize::from(count == 3));
        let _ = in_time(leaving.close(Duration::ZERO)).await;
        until("it is gone", || push.peers() == count - 1).await;
    }
    assert_eq!(rounds, 3);
    stop(node).await;
}

async fn zeromq_04_round_robin_passes_over_a_pull_that_is_full(listen: &str) {
    let node = node().await;
    let [full, others @ ..] = places::<3>(listen);
    let one = Bound::messages(1);
    let pull = Pull::new("full").listen(&full).receive_bound(one);
    let _kept = node.spawn(pull).await.unwrap();
    let pulls = pulls(&node, &others).await;
    let push = in_turn().dial(&full).send_bound(one);
    let push = node.spawn(push).await.unwrap();
    for arrived in ["under way", "queued"] {
        in_time(push.send(arrived)).await.unwrap();
        until_tree(&node, "the first has left", |tree| {
            messages_in(tree, "full") == 1
        })
        .await;
    }
    for other in others {
        in_time(push.dial(other)).await.unwrap();
    }
    in_time(push.ready(3)).await;
    for number in 0..20 {
        in_time(push.send(number.to_string())).await.unwrap();
        // Neither of the others is at its bound then.
        until_tree(&node, "it has left", |tree| {
            messages_in(tree, "pull 0") + messages_in(tree, "pull 1") == number + 1
        })
        .await;
    }
    for pull in &pulls {
        assert_steps(&take(pull, 10).await, 2);
    }
    stop(node).await;
}

async fn zeromq_04_round_robin_gives_each_rep_as_many_requests(listen: &str) {
    let node = node().await;
    let places = places::<3>(listen);
    let mut reps = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let rep = Rep::new(format!("rep {index}")).listen(place);
        reps.push(node.spawn(rep).await.unwrap());
    }
    let req = Req::new("req").balance(Balance::RoundRobin);
    let req = places.iter().fold(req, Req::dial);
    let req = node.spawn(req).await.unwrap();
    in_time(req.ready(3)).await;
    for _ in 0..10 {
        // At once, and nobody answers before all were asked.
        let mut asking = JoinSet::new();
        for _ in 0..3 {
            let asked = Box::pin(req.request("?").into_future());
            asking.spawn(asked);
        }
        for rep in &reps {
            let request = in_time(rep.recv()).await.unwrap().expect("it is open");
            request.reply("!");
        }
        while let Some(answer) = in_time(asking.join_next()).await {
            answer.unwrap().unwrap();
        }
    }
    stop(node).await;
}

async fn round_robin_takes_turns_within_the_lowest_priority(listen: &str) {
    let node = node().await;
    let places = places::<3>(listen);
    let pulls = pulls(&node, &places).await;
    let [first, second, last] = &places;
    let push = in_turn()
        .dial(format!("{first}?priority=1"))
        .dial(format!("{last}?priority=2"))
        .dial(format!("{second}?priority=1"));
    let push = node.spawn(push).await.unwrap();
    in_time(push.ready(3)).await;
    for number in 0..20 {
        in_time(push.send(number.to_string())).await.unwrap();
    }
    for pull in &pulls[..2] {
        assert_steps(&take(pull, 10).await, 2);
    }
    take(&pulls[2], 0).await;
    stop(node).await;
}
