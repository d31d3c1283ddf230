//! Stops, and what they tell whoever calls.

use super::*;

over_every_transport! {
    a_stop_flushes_what_was_sent
    handles_after_the_stop_give_errors
    zeromq_16_a_stop_wakes_every_blocked_call
    zeromq_16_ten_rounds_of_many_that_connect_and_close_end_cleanly
}

async fn a_stop_flushes_what_was_sent(listen: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let push = Push::new("push").dial(address(&pull)).linger(WATCHDOG);
    let push = node.spawn(push).await.unwrap();
    let mut events = node.events();
    for number in 0..1_000 {
        push.send(number.to_string()).await.unwrap();
    }
    let receiving = async {
        let mut count = 0;
        while let Some(message) = pull.recv().await.unwrap() {
            assert_eq!(*message.payload(), count.to_string().as_str());
            count += 1;
        }
        count
    };
    let (stopped, count) = in_time(async { tokio::join!(node.stop(), receiving) }).await;
    stopped.unwrap();
    assert_eq!((count, push.lost()), (1_000, 0));
    // In reverse order of the starts: push is gone before pull is asked to go.
    drop(node);
    let mut removed = Vec::new();
    while removed.len() < 2 {
        let event = in_time(events.next()).await.unwrap();
        if event.kind == EventKind::Removed && !event.path.contains('/') {
            removed.push(event.path);
        }
    }
    assert_eq!(removed, ["push", "pull"]);
}

#[tokio::test]
async fn two_nodes_of_one_process_talk_and_end_apart() {
    let first = Node::builder("first").start().await.unwrap();
    let second = Node::builder("second").start().await.unwrap();
    assert_ne!(first.identity().instance, second.identity().instance);
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = first.spawn(pull).await.unwrap();
    let push = second.spawn(Push::new("push").dial(address(&pull))).await;
    let push = push.unwrap();
    talk(&push, &pull, "hello").await;
    let tree = first.snapshot().await.unwrap();
    let peer = &only(&tree, "pull", "connection").details["peer node"];
    assert_eq!(peer, "second");
    stop(second).await;
    until("the peer went", || pull.peers() == 0).await;
    let third = Node::builder("third").start().await.unwrap();
    let push = third.spawn(Push::new("push").dial(address(&pull))).await;
    let push = push.unwrap();
    talk(&push, &pull, "hello again").await;
    stop(first).await;
    stop(third).await;
}

async fn handles_after_the_stop_give_errors(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    let rep = Rep::new("rep").listen(listen.replace("here", "there"));
    let rep = node.spawn(rep).await.unwrap();
    let req = node.spawn(Req::new("req").dial(address(&rep))).await;
    let req = req.unwrap();
    stop(node.clone()).await;
    assert!(in_time(push.send("x")).await.unwrap_err().is_closed());
    assert!(push.try_send("x").unwrap_err().is_closed());
    assert!(in_time(pull.recv()).await.unwrap().is_none());
    assert!(in_time(rep.recv()).await.unwrap().is_none());
    assert!(in_time(req.request("x").into_future()).await.is_err());
    assert_eq!(in_time(push.close(None)).await, Closed::Flushed);
    assert_eq!(in_time(req.close(None)).await, Closed::Flushed);
    assert!(in_time(node.spawn(Pull::new("late"))).await.is_err());
    assert!(in_time(node.kill("pull")).await.is_err());
    assert!(in_time(node.snapshot()).await.is_err());
    in_time(push.ready(1)).await;
}

async fn zeromq_16_a_stop_wakes_every_blocked_call(listen: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let lonely = address_for_later(&listen.replace("here", "nowhere"));
    let push = Push::new("push")
        .dial(&lonely)
        .send_bound(Bound::messages(1))
        .linger(Duration::from_millis(10));
    let push = node.spawn(push).await.unwrap();
    let req = Req::new("req").dial(&lonely).linger(Duration::ZERO);
    let req = node.spawn(req).await.unwrap();
    push.send("fills the queue").await.unwrap();

    let mut blocked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (push, pull, req) = (push.clone(), pull.clone(), req.clone());
        let closing = push.clone();
        blocked.spawn(async move { assert!(push.send("x").await.unwrap_err().is_closed()) });
        blocked.spawn(async move { assert!(pull.recv().await.unwrap().is_none()) });
        blocked.spawn(async move { assert!(req.request("x").await.is_err()) });
        blocked.spawn(async move { closing.ready(1).await });
    }
    until("the requests are queued", || req.unflushed() == 20).await;
    stop(node).await;
    in_time(async {
        while let Some(call) = blocked.join_next().await {
            call.unwrap();
        }
    })
    .await;
}

async fn zeromq_16_ten_rounds_of_many_that_connect_and_close_end_cleanly(listen: &str) {
    for round in 0..10 {
        let node = node().await;
        let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
        let mut peers = tokio::task::JoinSet::new();
        for number in 0..100 {
            let (node, dialed) = (node.clone(), address(&pull));
            peers.spawn(async move {
                let push = Push::new(format!("push {number}")).dial(dialed);
                let push = node.spawn(push).await.unwrap();
                push.send(number.to_string()).await.unwrap();
                // A third close with patience, a third at once, a third with the node.
                match number % 3 {
                    0 => assert_eq!(push.close(WATCHDOG).await, Closed::Flushed),
                    1 => drop(push.close(Duration::ZERO).await),
                    _ => {}
                }
            });
        }
        let mut heard = HashSet::new();
        in_time(async {
            while peers.join_next().await.is_some_and(|peer| {
                peer.unwrap();
                true
            }) {
                while let Some(message) = pull.try_recv().unwrap() {
                    let text = String::from_utf8(message.payload().to_vec()).unwrap();
                    assert!(heard.insert(text), "no message comes twice");
                }
                if peers.len() < 50 && round % 2 == 1 {
                    break;
                }
                if let Ok(message) =
                    tokio::time::timeout(Duration::from_millis(1), pull.recv()).await
                {
                    let text = message.unwrap().unwrap().payload().to_vec();
                    assert!(heard.insert(String::from_utf8(text).unwrap()));
                }
            }
        })
        .await;
        let tree = node.snapshot().await.unwrap();
        assert!(tree.zombies.is_empty(), "{:?}", tree.zombies);
        peers.abort_all();
        stop(node).await;
    }
}
