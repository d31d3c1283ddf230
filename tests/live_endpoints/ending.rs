//! The end of a socket or its node while endpoints come and go.

use treewire::Closed;

use super::*;

over_every_transport! {
    zeromq_16_rounds_of_many_that_dial_and_close_end_cleanly
    zeromq_16_nothing_hangs_with_any_linger
}

async fn zeromq_16_rounds_of_many_that_dial_and_close_end_cleanly(place: &str) {
    const ROUNDS: usize = 10;
    const PEERS: usize = 100;
    let node = node().await;
    let pull = pull(&node, "pull").await;
    for _ in 0..ROUNDS {
        let endpoint = listen(&pull, place).await;
        let mut peers = tokio::task::JoinSet::new();
        for number in 0..PEERS {
            let (node, endpoint) = (node.clone(), endpoint.clone());
            peers.spawn(async move {
                let push = push(&node, &format!("push {number}")).await;
                push.dial(&endpoint).await.unwrap();
                push.send("one").await.unwrap();
                // Some wait for the other side, some undial first.
                if number % 3 == 0 {
                    push.undial(&endpoint).await.unwrap();
                    assert_eq!(push.lost(), 0);
                }
                assert_eq!(push.close(WATCHDOG).await, Closed::Flushed);
            });
        }
        for _ in 0..PEERS {
            in_time(pull.recv()).await.unwrap().unwrap();
        }
        in_time(peers.join_all()).await;
        in_time(pull.unlisten(&endpoint)).await.unwrap();
    }
    let tree = until_tree(&node, "only the pull is left", |tree| {
        tree.walk().count() == 1
    })
    .await;
    assert!(tree.zombies.is_empty(), "{:?}", tree.zombies);
    stop(node).await;
}

async fn zeromq_16_nothing_hangs_with_any_linger(place: &str) {
    let lingers = [
        Duration::ZERO,
        Duration::from_millis(20),
        Duration::from_secs(31_536_000),
    ];
    for linger in lingers {
        let node = node().await;
        let pull = pull(&node, "pull").await;
        let endpoint = listen(&pull, place).await;
        let req = node.spawn(Req::new("req").linger(linger)).await.unwrap();
        let push = Push::new("push").linger(linger);
        let push = node.spawn(push).await.unwrap();
        dial(&push, &endpoint).await;
        let nobody = address_for_later(&place.replace("here", "nowhere"));
        dial(&push, &nobody).await;
        dial(&req, &nobody).await;
        for _ in 0..10 {
            in_time(push.send("some")).await.unwrap();
        }
        // Half of it waits for nobody, and for ever with the last linger.
        let (at_push, at_req) = (push.clone(), req.clone());
        let there = nobody.clone();
        let undialing = tokio::spawn(async move { at_push.undial(there).await });
        let asking = tokio::spawn(async move { at_req.request("?").into_future().await });
        until("the request waits", || req.unflushed() == 1).await;
        let listening = pull.clone();
        let taken = endpoint.clone();
        let late = tokio::spawn(async move { listening.listen(taken).await });
        assert!(in_time(late).await.unwrap().is_err());
        let pushed = in_time(push.close(Duration::from_millis(20))).await;
        assert!(matches!(pushed, Closed::Flushed | Closed::Dropped(_)));
        in_time(undialing).await.unwrap().unwrap();
        in_time(node.kill("req")).await.unwrap();
        let _ = in_time(req.close(Duration::ZERO)).await;
        assert!(in_time(asking).await.unwrap().is_err());
        stop(node).await;
    }
}

/// Of those that wait for an endpoint, none waits beyond the node.
#[tokio::test]
async fn zeromq_16_a_stop_wakes_whoever_waits_for_an_endpoint() {
    let node = node().await;
    let push = Push::new("push").linger(Duration::from_millis(10));
    let push = node.spawn(push).await.unwrap();
    let mut blocked = tokio::task::JoinSet::new();
    for number in 0..20 {
        let endpoint = format!("inproc://nobody-{number}");
        dial(&push, &endpoint).await;
        in_time(push.send("waits")).await.unwrap();
        let push = push.clone();
        blocked.spawn(async move { push.undial(endpoint).await.is_ok() });
    }
    stop(node).await;
    in_time(blocked.join_all()).await;
}
