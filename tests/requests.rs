//! Requests and answers: each answer to its asker, and an end for every request.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use treewire::prelude::*;
use treewire::{RepSocket, ReqSocket, Request, RequestError};

#[macro_use]
mod support;
use support::threads::block_on;
use support::*;

over_every_transport! {
    distributed_05_each_of_many_parallel_requests_gets_its_own_answer
    a_deadline_ends_the_wait_and_what_is_queued_is_not_handled
    a_dropped_request_is_cancelled
    distributed_05_a_sent_request_fails_at_once_when_its_peer_goes
    distributed_05_an_idempotent_request_is_sent_to_another_peer
    distributed_05_many_idempotent_requests_find_room_at_the_other_peer
    distributed_05_an_idempotent_request_is_sent_again_when_the_peer_is_back
    distributed_04_an_unsent_request_waits_for_a_peer
    distributed_05_no_request_waits_at_an_absent_peer_while_another_is_there
    zeromq_03_without_a_peer_a_request_waits
    a_late_answer_is_dropped_and_counted
    a_request_dropped_without_a_reply_fails
    a_failed_request_has_the_text_of_its_handler
    zeromq_16_closing_wakes_every_asker
    a_request_that_was_never_sent_comes_back_when_the_socket_closes
    a_request_that_was_given_up_makes_room
    a_request_that_overflow_drops_fails
    zeromq_01_an_answer_never_reaches_the_next_peer_of_a_dialing_rep
    an_answer_too_large_for_its_asker_fails
    a_request_in_hand_is_answered_while_its_rep_closes
    headers_go_both_ways
    requests_work_without_a_runtime
}

async fn rep(node: &Node, name: &str, listen: &str) -> RepSocket {
    node.spawn(Rep::new(name).listen(listen)).await.unwrap()
}

async fn req(node: &Node, address: &str) -> ReqSocket {
    node.spawn(Req::new("req").dial(address)).await.unwrap()
}

/// The next request.
async fn next(rep: &RepSocket) -> Request {
    in_time(rep.recv()).await.unwrap().expect("it is open")
}

fn text(content: &Content) -> String {
    String::from_utf8(content.first().to_vec()).unwrap()
}

/// Answers everything with its name and what was asked.
fn answer_all(rep: &RepSocket, name: &'static str) {
    let rep = rep.clone();
    tokio::spawn(async move {
        while let Some(request) = rep.recv().await.unwrap() {
            let answer = format!("{name}: {}", text(request.content()));
            request.reply(answer);
        }
    });
}

/// Asks in a task of its own.
fn ask(
    req: &ReqSocket,
    content: impl Into<Content>,
) -> tokio::task::JoinHandle<Result<Content, RequestError>> {
    tokio::spawn(req.request(content).into_future())
}

fn ask_idempotent(
    req: &ReqSocket,
    content: impl Into<Content>,
) -> tokio::task::JoinHandle<Result<Content, RequestError>> {
    tokio::spawn(req.request(content).idempotent().into_future())
}

async fn kill_connections(node: &Node, of: &str) {
    let tree = node.snapshot().await.unwrap();
    let below = format!("{of}/");
    for connection in of_kind(&tree, "connection").filter(|child| child.path.starts_with(&below)) {
        node.kill(&connection.path).await.unwrap();
    }
}

async fn distributed_05_each_of_many_parallel_requests_gets_its_own_answer(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    tokio::spawn(async move {
        let mut dice = Dice::new(5);
        while let Some(request) = rep.recv().await.unwrap() {
            let delay = Duration::from_millis(dice.below(30));
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let answer = request.content().clone();
                request.reply(answer);
            });
        }
    });
    let asked = (0..500).map(|number| {
        let asking = req.request(number.to_string());
        async move { assert_eq!(text(&asking.await.unwrap()), number.to_string()) }
    });
    in_time(join_all(asked)).await;
    stop(node).await;
}

async fn a_deadline_ends_the_wait_and_what_is_queued_is_not_handled(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let hasty = req.request("hasty").deadline(Duration::from_millis(50));
    let error = in_time(hasty.into_future()).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut), "{error:?}");

    let patient = ask(&req, "patient");
    until_tree(&node, "request, cancel and request are there", |tree| {
        messages_in(tree, "rep") == 3
    })
    .await;
    let request = next(&rep).await;
    assert_eq!(text(request.content()), "patient");
    request.reply("ok");
    assert_eq!(text(&in_time(patient).await.unwrap().unwrap()), "ok");
    let tree = node.snapshot().await.unwrap();
    assert_eq!(drops(&tree, "rep", "cancelled"), 1);
    stop(node).await;
}

async fn a_dropped_request_is_cancelled(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asking = ask(&req, "dropped");
    let request = next(&rep).await;
    assert!(request.is_wanted());
    asking.abort();
    until("the cancel has arrived", || !request.is_wanted()).await;
    drop(request);
    answer_all(&rep, "rep");
    let answer = in_time(req.request("next").into_future()).await.unwrap();
    assert_eq!(text(&answer), "rep: next");
    stop(node).await;
}

async fn distributed_05_a_sent_request_fails_at_once_when_its_peer_goes(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asked: Vec<_> = (0..10)
        .map(|number| ask(&req, number.to_string()))
        .collect();
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(next(&rep).await);
    }
    kill_connections(&node, "rep").await;
    for asking in asked {
        let error = in_time(asking).await.unwrap().unwrap_err();
        assert!(matches!(error, RequestError::PeerGone), "{error:?}");
    }
    drop(held);
    answer_all(&rep, "rep");
    let answer = in_time(req.request("again").into_future()).await.unwrap();
    assert_eq!(text(&answer), "rep: again");
    stop(node).await;
}

async fn distributed_05_an_idempotent_request_is_sent_to_another_peer(listen: &str) {
    let node = node().await;
    let req = node.spawn(Req::new("req").listen(listen)).await.unwrap();
    let first = Rep::new("first").dial(address(&req));
    let first = node.spawn(first).await.unwrap();
    in_time(req.ready(1)).await;
    let asking = ask_idempotent(&req, "x");
    let held = next(&first).await;
    let second = Rep::new("second").dial(address(&req));
    let second = node.spawn(second).await.unwrap();
    in_time(req.ready(2)).await;
    answer_all(&second, "second");
    let _ = in_time(first.close(Duration::ZERO)).await;
    let answer = in_time(asking).await.unwrap().unwrap();
    assert_eq!(text(&answer), "second: x");
    drop(held);
    stop(node).await;
}

/// More of them than the other peer's queue takes at once: the rest must not be forgotten.
async fn distributed_05_many_idempotent_requests_find_room_at_the_other_peer(listen: &str) {
    let node = node().await;
    let req = Req::new("req")
        .listen(listen)
        .send_bound(Bound::messages(1));
    let req = node.spawn(req).await.unwrap();
    let first = Rep::new("first").dial(address(&req));
    let first = node.spawn(first).await.unwrap();
    in_time(req.ready(1)).await;
    let asked: Vec<_> = (0..5)
        .map(|number| ask_idempotent(&req, number.to_string()))
        .collect();
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(next(&first).await);
    }
    let second = Rep::new("second").dial(address(&req));
    let second = node.spawn(second).await.unwrap();
    in_time(req.ready(2)).await;
    answer_all(&second, "second");
    let _ = in_time(first.close(Duration::ZERO)).await;
    for (number, asking) in asked.into_iter().enumerate() {
        let answer = in_time(asking).await.unwrap().unwrap();
        assert_eq!(text(&answer), format!("second: {number}"));
    }
    stop(node).await;
}

async fn distributed_05_an_idempotent_request_is_sent_again_when_the_peer_is_back(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asking = ask_idempotent(&req, "x");
    let held = next(&rep).await;
    kill_connections(&node, "rep").await;
    let again = next(&rep).await;
    assert_eq!(text(again.content()), "x");
    held.reply("too late");
    again.reply("in time");
    assert_eq!(text(&in_time(asking).await.unwrap().unwrap()), "in time");
    stop(node).await;
}

async fn distributed_04_an_unsent_request_waits_for_a_peer(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let req = req(&node, &later).await;
    let asked: Vec<_> = (0..10)
        .map(|number| ask(&req, number.to_string()))
        .collect();
    until("all are queued", || req.unflushed() == 10).await;
    let rep = rep(&node, "rep", &later).await;
    answer_all(&rep, "rep");
    for (number, asking) in asked.into_iter().enumerate() {
        let answer = in_time(asking).await.unwrap().unwrap();
        assert_eq!(text(&answer), format!("rep: {number}"));
    }
    stop(node).await;
}

/// One of two dialed peers is there: what was asked before it came must not wait for the other.
async fn distributed_05_no_request_waits_at_an_absent_peer_while_another_is_there(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let never = address_for_later(&listen.replace("here", "nowhere"));
    let req = Req::new("req").dial(&later).dial(never);
    let req = node.spawn(req).await.unwrap();
    let asked: Vec<_> = (0..4).map(|number| ask(&req, number.to_string())).collect();
    until("all are queued", || req.unflushed() == 4).await;
    let rep = rep(&node, "rep", &later).await;
    answer_all(&rep, "rep");
    for (number, asking) in asked.into_iter().enumerate() {
        let answer = in_time(asking).await.unwrap().unwrap();
        assert_eq!(text(&answer), format!("rep: {number}"));
    }
    stop(node).await;
}

async fn zeromq_03_without_a_peer_a_request_waits(listen: &str) {
    let node = node().await;
    let req = node.spawn(Req::new("req").listen(listen)).await.unwrap();
    let asking = ask(&req, "early");
    let hasty = req.request("hasty").deadline(Duration::from_millis(20));
    let error = in_time(hasty.into_future()).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut), "{error:?}");
    let rep = Rep::new("rep").dial(address(&req));
    let rep = node.spawn(rep).await.unwrap();
    answer_all(&rep, "rep");
    let answer = in_time(asking).await.unwrap().unwrap();
    assert_eq!(text(&answer), "rep: early");
    stop(node).await;
}

async fn a_late_answer_is_dropped_and_counted(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let hasty = req.request("hasty").deadline(Duration::from_millis(200));
    let (error, request) =
        in_time(async { tokio::join!(hasty.into_future(), async { next(&rep).await }) }).await;
    assert!(matches!(error, Err(RequestError::TimedOut)), "{error:?}");
    request.reply("late");
    until_tree(&node, "the late answer is counted", |tree| {
        drops(tree, "req", "late answer") == 1
    })
    .await;
    answer_all(&rep, "rep");
    let answer = in_time(req.request("next").into_future()).await.unwrap();
    assert_eq!(text(&answer), "rep: next");
    stop(node).await;
}

async fn a_request_dropped_without_a_reply_fails(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asking = ask(&req, "x");
    drop(next(&rep).await);
    match in_time(asking).await.unwrap() {
        Err(RequestError::Failed(failure)) => {
            assert_eq!(failure.text, "the request was dropped without a reply");
        }
        other => panic!("{other:?}"),
    }
    stop(node).await;
}

async fn a_failed_request_has_the_text_of_its_handler(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asking = ask(&req, "x");
    next(&rep).await.fail("no such symbol");
    match in_time(asking).await.unwrap() {
        Err(RequestError::Failed(failure)) => assert_eq!(failure.text, "no such symbol"),
        other => panic!("{other:?}"),
    }
    stop(node).await;
}

async fn zeromq_16_closing_wakes_every_asker(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asked: Vec<_> = (0..10)
        .map(|number| ask(&req, number.to_string()))
        .collect();
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(next(&rep).await);
    }
    let closed = in_time(req.close(Duration::from_millis(20))).await;
    assert_eq!(closed, Closed::Dropped(10));
    for asking in asked {
        assert!(in_time(asking).await.unwrap().is_err());
    }
    let after = in_time(req.request("after").into_future()).await;
    assert!(matches!(after, Err(RequestError::NotTaken(_))), "{after:?}");
    drop(held);
    let mut receiving = pin!(rep.recv());
    assert!(poll_once(receiving.as_mut()).await.is_pending());
    let _ = in_time(rep.close(Duration::ZERO)).await;
    assert!(in_time(receiving).await.unwrap().is_none());
    stop(node).await;
}

async fn a_request_that_was_never_sent_comes_back_when_the_socket_closes(listen: &str) {
    let node = node().await;
    let req = req(&node, &address_for_later(listen)).await;
    let asking = ask(&req, "never sent");
    until("it is queued", || req.unflushed() == 1).await;
    let closed = in_time(req.close(Duration::ZERO)).await;
    assert_eq!(closed, Closed::Dropped(1));
    match in_time(asking).await.unwrap() {
        Err(RequestError::NotSent(content)) => assert_eq!(content, "never sent".into()),
        other => panic!("{other:?}"),
    }
    stop(node).await;
}

async fn a_request_that_was_given_up_makes_room(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let req = Req::new("req")
        .dial(&later)
        .send_bound(Bound::messages(1))
        .overflow(Overflow::Refuse);
    let req = node.spawn(req).await.unwrap();
    for _ in 0..3 {
        let hasty = req.request("hasty").deadline(Duration::from_millis(20));
        let error = in_time(hasty.into_future()).await.unwrap_err();
        assert!(matches!(error, RequestError::TimedOut), "{error:?}");
    }
    assert_eq!(req.unflushed(), 0);
    let asking = ask(&req, "patient");
    let rep = rep(&node, "rep", &later).await;
    answer_all(&rep, "rep");
    let answer = in_time(asking).await.unwrap().unwrap();
    assert_eq!(text(&answer), "rep: patient");
    stop(node).await;
}

async fn a_request_that_overflow_drops_fails(listen: &str) {
    for policy in [
        Overflow::DropNewest,
        Overflow::DropOldest,
        Overflow::Conflate,
    ] {
        let node = node().await;
        let req = Req::new("req")
            .dial(address_for_later(listen))
            .send_bound(Bound::messages(1))
            .overflow(policy);
        let req = node.spawn(req).await.unwrap();
        let first = ask(&req, "first");
        until("it is queued", || req.unflushed() == 1).await;
        let second = ask(&req, "second");
        let dropped = match policy {
            Overflow::DropNewest => second,
            _ => first,
        };
        let error = in_time(dropped).await.unwrap();
        assert!(error.is_err(), "{policy:?}");
        stop(node).await;
    }
    let node = node().await;
    let req = Req::new("lonely")
        .listen(listen)
        .overflow(Overflow::DropNewest);
    let req = node.spawn(req).await.unwrap();
    assert!(in_time(req.request("x").into_future()).await.is_err());
    stop(node).await;
}

/// A rep that dials keeps its pipe; what it was asked over an earlier connection must not be
/// answered to whoever is there now, whose requests are numbered alike.
async fn zeromq_01_an_answer_never_reaches_the_next_peer_of_a_dialing_rep(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let rep = node.spawn(Rep::new("rep").dial(&later)).await.unwrap();
    let first = Req::new("first").listen(&later);
    let first = node.spawn(first).await.unwrap();
    let asked_first = ask(&first, "of the first");
    let of_first = next(&rep).await;
    let _ = in_time(first.close(Duration::ZERO)).await;
    assert!(in_time(asked_first).await.unwrap().is_err());

    let second = Req::new("second").listen(&later);
    let second = node.spawn(second).await.unwrap();
    let asked_second = ask(&second, "of the second");
    let of_second = next(&rep).await;
    assert_eq!(text(of_second.content()), "of the second");
    of_first.reply("to the first");
    of_second.reply("to the second");
    let answer = in_time(asked_second).await.unwrap().unwrap();
    assert_eq!(text(&answer), "to the second");
    stop(node).await;
}

async fn an_answer_too_large_for_its_asker_fails(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = Req::new("req").dial(address(&rep)).message_bytes_max(1_000);
    let req = node.spawn(req).await.unwrap();
    let asking = ask(&req, "how much?");
    next(&rep).await.reply(vec![0; 1_001]);
    match in_time(asking).await.unwrap() {
        Err(RequestError::Failed(failure)) => assert!(failure.text.contains("1001"), "{failure:?}"),
        other => panic!("{other:?}"),
    }
    answer_all(&rep, "rep");
    let answer = in_time(req.request("next").into_future()).await.unwrap();
    assert_eq!(text(&answer), "rep: next");
    stop(node).await;
}

async fn headers_go_both_ways(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asking = ask(&req, Content::new("x").with_header("trace", "7"));
    let request = next(&rep).await;
    let headers = request.content().headers().unwrap().clone();
    assert_eq!(**headers.get("trace").unwrap(), *b"7");
    request.reply(Content::new("y").with_part("z").with_headers(headers));
    let answer = in_time(asking).await.unwrap().unwrap();
    let expected = Content::new("y").with_part("z").with_header("trace", "7");
    assert_eq!(answer, expected);
    stop(node).await;
}

/// Handles work from any task of any runtime: here there is none.
async fn requests_work_without_a_runtime(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    answer_all(&rep, "rep");
    let asking = std::thread::spawn(move || {
        let plain = block_on(req.request("plain").into_future());
        let hurried = req.request("hurried").deadline(WATCHDOG);
        (plain, block_on(hurried.into_future()))
    });
    until("the thread has ended", || asking.is_finished()).await;
    let (plain, hurried) = asking.join().unwrap();
    assert_eq!(text(&plain.unwrap()), "rep: plain");
    assert_eq!(text(&hurried.unwrap()), "rep: hurried");
    stop(node).await;
}

async fn a_request_in_hand_is_answered_while_its_rep_closes(listen: &str) {
    let node = node().await;
    let rep = rep(&node, "rep", listen).await;
    let req = req(&node, &address(&rep)).await;
    let asking = ask(&req, "in hand");
    let request = next(&rep).await;
    let closing = tokio::spawn({
        let rep = rep.clone();
        async move { rep.close(WATCHDOG).await }
    });
    until("the socket is closing", || rep.unflushed() == 1).await;
    request.reply("answered");
    assert_eq!(text(&in_time(asking).await.unwrap().unwrap()), "answered");
    assert_eq!(in_time(closing).await.unwrap(), Closed::Flushed);
    stop(node).await;
}
