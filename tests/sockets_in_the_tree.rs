//! Sockets as supervised children: their tree, their restarts, their ends.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::time::Duration;

use treewire::prelude::*;
use treewire::runtime::{ChildSnapshot, EventKind};
use treewire::{NodeSnapshot, PullSocket, PushSocket, SpawnError};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    a_killed_connection_is_made_again_by_its_dialer
    a_killed_dialer_dials_again
    a_killed_listener_binds_where_it_was
    a_killed_listening_socket_comes_back_where_it_was
    a_killed_dialing_socket_comes_back
    kills_in_a_row_do_not_escalate
    what_was_received_survives_the_socket_actor
    an_address_in_use_fails_the_spawn_and_leaves_nothing_behind
    multisocket_07_a_peer_above_the_limit_is_told_and_a_free_slot_is_taken
    a_wrong_socket_type_is_told_to_the_dialer
    a_wrong_service_is_told_to_the_dialer
    a_stop_flushes_what_was_sent
    handles_after_the_stop_give_errors
    zeromq_16_a_stop_wakes_every_blocked_call
    zeromq_16_ten_rounds_of_many_that_connect_and_close_end_cleanly
}

/// Restarts far apart in time and kind all end here: a message goes through.
async fn talk(push: &PushSocket, pull: &PullSocket, text: &str) {
    in_time(push.send(text)).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), text);
}

async fn pair(node: &Node, listen: &str) -> (PushSocket, PullSocket) {
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let push = node.spawn(Push::new("push").dial(address(&pull))).await;
    let push = push.unwrap();
    in_time(pull.ready(1)).await;
    talk(&push, &pull, "before").await;
    // All is confirmed, so nothing can be lost by what follows.
    until("all is confirmed", || push.unflushed() == 0).await;
    (push, pull)
}

/// The one child of that kind below the socket.
fn only<'a>(tree: &'a NodeSnapshot, socket: &str, kind: &'a str) -> &'a ChildSnapshot {
    let below = format!("{socket}/");
    let mut found = of_kind(tree, kind).filter(|child| child.path.starts_with(&below));
    let first = found.next().expect(kind);
    assert!(found.next().is_none(), "one {kind} only");
    first
}

async fn kill(node: &Node, socket: &str, kind: &str) {
    let tree = node.snapshot().await.unwrap();
    let path = only(&tree, socket, kind).path.clone();
    in_time(node.kill(&path)).await.unwrap();
}

#[tokio::test]
async fn the_tree_is_the_one_of_the_design() {
    struct Quotes;
    impl Actor for Quotes {
        type Context = Context<Self>;
    }
    let node = node().await;
    node.spawn(Child::new("quotes", || Quotes)).await.unwrap();
    let rep = Rep::new("quotes-in").listen("tcp://127.0.0.1:0");
    let rep = node.spawn(rep).await.unwrap();
    let req = Req::new("market").dial(address(&rep));
    let req = node.spawn(req).await.unwrap();
    in_time(rep.ready(1)).await;
    in_time(req.ready(1)).await;
    let dialed = address(&rep);
    let at = dialed.strip_prefix("tcp://").unwrap();
    let tree = until_tree(&node, "both ends are in the tree", |tree| {
        of_kind(tree, "connection").count() == 2
    })
    .await;
    let found: Vec<(&str, &str)> = tree
        .walk()
        .map(|child| (child.path.as_str(), child.kind.as_str()))
        .collect();
    let local = &only(&tree, "market", "connection").details["local"];
    assert_eq!(
        found,
        [
            ("quotes", "actor"),
            ("quotes-in", "rep"),
            ("quotes-in/listener tcp://127.0.0.1:0", "listener"),
            (
                &*format!("quotes-in/listener tcp://127.0.0.1:0/connection {local}"),
                "connection"
            ),
            ("market", "req"),
            (&*format!("market/dialer {dialed}"), "dialer"),
            (
                &*format!("market/dialer {dialed}/connection {at}"),
                "connection"
            ),
        ]
    );
    let listener = only(&tree, "quotes-in", "listener");
    assert_eq!(
        listener.details["endpoint"], dialed,
        "the wildcard reports itself"
    );
    let connection = only(&tree, "quotes-in", "connection");
    assert_eq!(connection.details["peer node"], "test");
    assert_eq!(connection.details["peer socket"], "req");
    assert!(tree.walk().all(|child| child.restarts == 0));
    stop(node).await;
}

async fn a_killed_connection_is_made_again_by_its_dialer(listen: &str) {
    for end in ["pull", "push"] {
        let node = node().await;
        let (push, pull) = pair(&node, listen).await;
        kill(&node, end, "connection").await;
        let tree = until_tree(&node, "the dialer has restarted", |tree| {
            only(tree, "push", "dialer").restarts > 0
        })
        .await;
        talk(&push, &pull, "after").await;
        let dialer = only(&tree, "push", "dialer");
        assert!(dialer.exits[0].reason.is_abnormal(), "{dialer:?}");
        let tree = until_tree(&node, "the counters go on", |tree| {
            messages_out(tree, "push") == 2 && messages_in(tree, "pull") == 2
        })
        .await;
        for path in ["push", "pull"] {
            assert_eq!(tree.find(path).unwrap().restarts, 0);
        }
        assert_eq!(only(&tree, "pull", "listener").restarts, 0);
        assert_eq!((push.lost(), pull.lost()), (0, 0));
        stop(node).await;
    }
}

async fn a_killed_dialer_dials_again(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    kill(&node, "push", "dialer").await;
    let tree = until_tree(&node, "the dialer has restarted", |tree| {
        only(tree, "push", "dialer").restarts == 1
    })
    .await;
    let exit = &only(&tree, "push", "dialer").exits[0].reason;
    assert_eq!(exit.to_string(), "killed by the operator");
    talk(&push, &pull, "after").await;
    stop(node).await;
}

async fn a_killed_listener_binds_where_it_was(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    let before = address(&pull);
    kill(&node, "pull", "listener").await;
    until_tree(&node, "the listener has restarted", |tree| {
        only(tree, "pull", "listener").restarts > 0
    })
    .await;
    talk(&push, &pull, "after").await;
    assert_eq!(address(&pull), before);
    let tree = node.snapshot().await.unwrap();
    assert_eq!(tree.find("pull").unwrap().restarts, 0);
    stop(node).await;
}

async fn a_killed_listening_socket_comes_back_where_it_was(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    let before = address(&pull);
    in_time(node.kill("pull")).await.unwrap();
    until_tree(&node, "the socket has restarted", |tree| {
        tree.find("pull").unwrap().restarts == 1
    })
    .await;
    talk(&push, &pull, "after").await;
    assert_eq!(address(&pull), before);
    stop(node).await;
}

async fn a_killed_dialing_socket_comes_back(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    in_time(node.kill("push")).await.unwrap();
    until_tree(&node, "the socket has restarted", |tree| {
        tree.find("push").unwrap().restarts == 1
    })
    .await;
    talk(&push, &pull, "after").await;
    assert_eq!(push.peers(), 1);
    until("the earlier connection is gone", || pull.peers() == 1).await;
    stop(node).await;
}

async fn kills_in_a_row_do_not_escalate(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    for round in 0..12 {
        let path = {
            let tree = node.snapshot().await.unwrap();
            match round % 4 {
                0 => "push".to_owned(),
                1 => "pull".to_owned(),
                2 => only(&tree, "pull", "listener").path.clone(),
                _ => only(&tree, "push", "dialer").path.clone(),
            }
        };
        let mut events = node.events();
        in_time(node.kill(&path)).await.unwrap();
        let restarted = async {
            while let Some(event) = events.next().await {
                if event.path == path && event.kind == EventKind::Started {
                    break;
                }
            }
        };
        in_time(restarted).await;
        until_tree(&node, "all is up again", |tree| {
            of_kind(tree, "connection").count() == 2
        })
        .await;
        // What left for a connection that was just killed is lost, and counted.
        until_heard(&push, &pull, &round.to_string()).await;
    }
    stop(node).await;
}

/// Sends until a text is heard.
async fn until_heard(push: &PushSocket, pull: &PullSocket, text: &str) {
    let sending = async {
        loop {
            push.send(text).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let hearing = async { while *pull.recv().await.unwrap().unwrap().payload() != text {} };
    in_time(async {
        tokio::select! {
            () = sending => {}
            () = hearing => {}
        }
    })
    .await;
}

async fn what_was_received_survives_the_socket_actor(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    for number in 0..100 {
        push.send(number.to_string()).await.unwrap();
    }
    until_tree(&node, "all are there", |tree| {
        messages_in(tree, "pull") == 101
    })
    .await;
    in_time(node.kill("pull")).await.unwrap();
    until_tree(&node, "the socket has restarted", |tree| {
        tree.find("pull").unwrap().restarts == 1
    })
    .await;
    for number in 0..100 {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
    talk(&push, &pull, "after").await;
    stop(node).await;
}

async fn an_address_in_use_fails_the_spawn_and_leaves_nothing_behind(listen: &str) {
    let node = node().await;
    let (push, pull) = pair(&node, listen).await;
    let used = address(&pull);
    let error = in_time(node.spawn(Pull::new("second").listen(&used))).await;
    let error = error.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("{used} is in use")), "{text}");
    assert!(matches!(error, SpawnError::Failed { .. }), "{error:?}");
    assert!(node.snapshot().await.unwrap().find("second").is_none());
    let later = address_for_later(&listen.replace("here", "there"));
    let second = node.spawn(Pull::new("second").listen(later)).await;
    second.expect("the name is free again");
    talk(&push, &pull, "the first goes on").await;
    stop(node).await;
}

#[tokio::test]
async fn a_bad_endpoint_fails_the_spawn_with_a_text_that_names_the_part() {
    let node = node().await;
    for (endpoint, parts) in [
        ("nonsense", &["nonsense", "transport://"][..]),
        ("tcp://", &["no address"]),
        (
            "pigeon://loft",
            &["\"pigeon\"", "allowed are", "inproc", "tcp"],
        ),
        (
            "smoke+tcp://127.0.0.1:1",
            &["\"smoke\"", "allowed are", "tw"],
        ),
        ("tcp://127.0.0.1", &["127.0.0.1"]),
        ("tcp://127.0.0.1:99999", &["127.0.0.1:99999"]),
        (
            "tcp://127.0.0.1:1?speed=9",
            &["\"speed\"", "allowed are", "service"],
        ),
        (
            "tcp://127.0.0.1:1?nodelay=maybe",
            &["\"maybe\"", "\"nodelay\""],
        ),
        ("tcp://me:secret@127.0.0.1:1", &["secret never stands"]),
        (
            "tcp://127.0.0.1:1?service=a&service=b",
            &["\"service\"", "twice"],
        ),
    ] {
        let listening = node.spawn(Pull::new("bad").listen(endpoint));
        let dialing = node.spawn(Pull::new("bad").dial(endpoint));
        let listening = in_time(listening).await.unwrap_err().to_string();
        let dialing = in_time(dialing).await.unwrap_err().to_string();
        for part in parts {
            assert!(listening.contains(part), "{part} in {listening}");
            assert!(dialing.contains(part), "{part} in {dialing}");
        }
    }
    let twice = Pull::new("bad").dial("inproc://a").dial("inproc://a");
    let error = in_time(node.spawn(twice)).await.unwrap_err().to_string();
    assert!(error.contains("inproc://a"), "{error}");
    assert!(node.snapshot().await.unwrap().children.is_empty());
    stop(node).await;
}

#[tokio::test]
async fn an_absent_peer_does_not_escalate() {
    let node = node().await;
    let later = address_for_later("tcp://127.0.0.1:0");
    let push = node.spawn(Push::new("push").dial(&later)).await.unwrap();
    push.send("patience").await.unwrap();
    let tree = until_tree(&node, "it failed more often than the intensity", |tree| {
        only(tree, "push", "dialer").restarts >= 5
    })
    .await;
    assert_eq!(tree.find("push").unwrap().restarts, 0);
    let exit = only(&tree, "push", "dialer").exits[0].reason.to_string();
    assert!(exit.contains(&format!("{later} refused")), "{exit}");
    let pull = node.spawn(Pull::new("pull").listen(&later)).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "patience");
    stop(node).await;
}

async fn multisocket_07_a_peer_above_the_limit_is_told_and_a_free_slot_is_taken(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(listen).peers_max(2);
    let pull = node.spawn(pull).await.unwrap();
    let mut pushes = Vec::new();
    for number in 0..2 {
        let push = Push::new(format!("push {number}")).dial(address(&pull));
        pushes.push(node.spawn(push).await.unwrap());
    }
    in_time(pull.ready(2)).await;
    let third = Push::new("third").dial(address(&pull));
    let third = node.spawn(third).await.unwrap();
    let tree = until_tree(&node, "the third is refused", |tree| {
        !only(tree, "third", "dialer").exits.is_empty()
    })
    .await;
    let exit = only(&tree, "third", "dialer").exits[0].reason.to_string();
    assert!(exit.contains("limit of 2 peers"), "{exit}");
    assert_eq!(pull.peers(), 2);
    let first = pushes.remove(0);
    assert_eq!(in_time(first.close(WATCHDOG)).await, Closed::Flushed);
    talk(&third, &pull, "there was a free slot").await;
    stop(node).await;
}

async fn a_wrong_socket_type_is_told_to_the_dialer(listen: &str) {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(listen)).await.unwrap();
    let push = node.spawn(Push::new("push").dial(address(&rep))).await;
    let push = push.unwrap();
    let tree = until_tree(&node, "it is refused", |tree| {
        !only(tree, "push", "dialer").exits.is_empty()
    })
    .await;
    let dialer = only(&tree, "push", "dialer");
    let exit = dialer.exits[0].reason.to_string();
    assert!(
        exit.contains("a rep socket talks to req, not to push"),
        "{exit}"
    );
    assert_eq!((rep.peers(), push.peers()), (0, 0));
    assert_eq!(tree.find("push").unwrap().restarts, 0);
    stop(node).await;
}

async fn a_wrong_service_is_told_to_the_dialer(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(format!("{listen}?service=orders"));
    let pull = node.spawn(pull).await.unwrap();
    let plain = address(&pull).split('?').next().unwrap().to_owned();
    let lost = Push::new("lost").dial(format!("{plain}?service=quotes"));
    node.spawn(lost).await.unwrap();
    let tree = until_tree(&node, "it is refused", |tree| {
        !only(tree, "lost", "dialer").exits.is_empty()
    })
    .await;
    let exit = only(&tree, "lost", "dialer").exits[0].reason.to_string();
    assert!(
        exit.contains("\"quotes\"") && exit.contains("\"orders\""),
        "{exit}"
    );
    let right = Push::new("right").dial(format!("{plain}?service=orders"));
    let right = node.spawn(right).await.unwrap();
    talk(&right, &pull, "orders").await;
    stop(node).await;
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
