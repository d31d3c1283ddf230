//! A server that is killed or started anew under its client, and clients that ask once and go.

use std::future::IntoFuture;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use treewire::prelude::*;
use treewire::{RepSocket, ReqSocket, Request, RequestError};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    distributed_01_one_shot_rpc_is_answered_and_both_ends_close
    distributed_04_a_server_killed_and_restarted_under_the_client_answers_everything
    distributed_04_a_server_killed_and_restarted_under_the_client_again_and_again
    distributed_04_a_server_killed_and_restarted_under_the_client_on_another_node
}

const REQUESTS: usize = 10;

async fn rep(node: &Node, listen: &str) -> RepSocket {
    node.spawn(Rep::new("rep").listen(listen)).await.unwrap()
}

async fn req(node: &Node, address: &str) -> ReqSocket {
    node.spawn(Req::new("req").dial(address)).await.unwrap()
}

fn text(content: &Content) -> String {
    String::from_utf8(content.first().to_vec()).unwrap()
}

/// Answers everything with what was asked.
fn answer_all(rep: &RepSocket) {
    let rep = rep.clone();
    tokio::spawn(async move {
        while let Some(request) = rep.recv().await.unwrap() {
            let answer = request.content().clone();
            request.reply(answer);
        }
    });
}

type Asking = JoinHandle<Result<Content, RequestError>>;

/// Asks in tasks of their own, each by its text, and again when need be.
fn ask_all(req: &ReqSocket, what: &str) -> Vec<(String, Asking)> {
    let texts = (0..REQUESTS).map(|number| format!("{what} {number}"));
    let ask = |text: String| {
        let asking = req.request(text.clone()).idempotent().into_future();
        (text, tokio::spawn(asking))
    };
    texts.map(ask).collect()
}

/// Takes so many requests and answers none.
async fn hold(rep: &RepSocket, count: usize) -> Vec<Request> {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(in_time(rep.recv()).await.unwrap().expect("it is open"));
    }
    held
}

async fn all_are_answered(asked: Vec<(String, Asking)>) {
    for (asked, asking) in asked {
        let answer = in_time(asking).await.unwrap();
        assert_eq!(text(&answer.unwrap()), asked);
    }
}

/// Kills the rep's child of that kind, or the rep; whether it was there.
async fn kill(node: &Node, kind: &str) -> bool {
    let tree = in_time(node.snapshot()).await.unwrap();
    match of_kind(&tree, kind).next() {
        Some(child) => in_time(node.kill(&child.path)).await.is_ok(),
        None => false,
    }
}

async fn distributed_01_one_shot_rpc_is_answered_and_both_ends_close(listen: &str) {
    let [near, far] = nodes_together().await;
    let rep = rep(&far, listen).await;
    answer_all(&rep);
    for number in 0..10 {
        let req = Req::new("one shot").dial(address(&rep));
        let req = near.spawn(req).await.unwrap();
        let asked = format!("question {number}");
        let answer = in_time(req.request(asked.clone()).into_future()).await;
        assert_eq!(text(&answer.unwrap()), asked);
        assert_eq!(in_time(req.close(WATCHDOG)).await, Closed::Flushed);
        until("it has left", || rep.peers() == 0).await;
    }
    assert_eq!(in_time(rep.close(WATCHDOG)).await, Closed::Flushed);
    assert!(near.snapshot().await.unwrap().children.is_empty());
    assert!(far.snapshot().await.unwrap().children.is_empty());
    stop(near).await;
    stop(far).await;
}

async fn distributed_04_a_server_killed_and_restarted_under_the_client_answers_everything(
    listen: &str,
) {
    for kind in ["connection", "listener", "rep"] {
        let [near, far] = nodes_together().await;
        let rep = rep(&far, listen).await;
        let req = req(&near, &address(&rep)).await;
        let mut asked = ask_all(&req, "under way");
        let once = tokio::spawn(req.request("once").into_future());
        let held = hold(&rep, REQUESTS + 1).await;
        assert!(kill(&far, kind).await, "there is no {kind}");
        asked.extend(ask_all(&req, "later"));
        // What may not be asked twice has no answer, and says so at once.
        let error = in_time(once).await.unwrap().unwrap_err();
        assert!(matches!(error, RequestError::PeerGone), "{kind}: {error:?}");
        answer_all(&rep);
        all_are_answered(asked).await;
        // The answers to what was asked before reach nobody.
        for request in held {
            request.reply("too late");
        }
        all_are_answered(ask_all(&req, "last")).await;
        stop(near).await;
        stop(far).await;
    }
}

async fn distributed_04_a_server_killed_and_restarted_under_the_client_again_and_again(
    listen: &str,
) {
    const ASKERS: usize = 8;
    const KILLS: usize = 9;
    /// Enough to be sure that they were asked after the kill before them.
    const ANSWERS: u64 = 3 * ASKERS as u64;
    let [near, far] = nodes_together().await;
    let rep = rep(&far, listen).await;
    let req = req(&near, &address(&rep)).await;
    answer_all(&rep);
    let (answered, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let askers = (0..ASKERS).map(|asker| {
        let (req, answered, is_over) = (&req, &answered, &is_over);
        async move {
            for number in 0.. {
                if is_over.load(SeqCst) {
                    return;
                }
                let asked = format!("{asker} {number}");
                let asking = req.request(asked.clone()).idempotent();
                let answer = in_time(asking.into_future()).await.unwrap();
                assert_eq!(text(&answer), asked);
                answered.fetch_add(1, SeqCst);
            }
        }
    });
    let kills = async {
        let mut kills = 0;
        for kind in ["connection", "listener", "rep"].into_iter().cycle() {
            if kills == KILLS {
                break;
            }
            kills += usize::from(kill(&far, kind).await);
            let before = answered.load(SeqCst);
            until("answers come again", || {
                answered.load(SeqCst) >= before + ANSWERS
            })
            .await;
        }
        is_over.store(true, SeqCst);
    };
    tokio::join!(join_all(askers), kills);
    stop(near).await;
    stop(far).await;
}

async fn distributed_04_a_server_killed_and_restarted_under_the_client_on_another_node(
    listen: &str,
) {
    let [near, first, second] = nodes_together().await;
    let place = address_for_later(listen);
    let killed = rep(&first, &place).await;
    let req = req(&near, &place).await;
    let mut asked = ask_all(&req, "under way");
    let held = hold(&killed, REQUESTS).await;
    // Without time for what it holds.
    let _ = in_time(killed.close(Duration::ZERO)).await;
    stop(first).await;
    asked.extend(ask_all(&req, "later"));
    let restarted = rep(&second, &place).await;
    answer_all(&restarted);
    all_are_answered(asked).await;
    drop(held);
    stop(near).await;
    stop(second).await;
}
