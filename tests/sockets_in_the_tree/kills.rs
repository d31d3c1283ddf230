//! Whoever is killed comes back where it was.

use super::*;

over_every_transport! {
    a_killed_connection_is_made_again_by_its_dialer
    a_killed_dialer_dials_again
    a_killed_listener_binds_where_it_was
    a_killed_listening_socket_comes_back_where_it_was
    a_killed_dialing_socket_comes_back
    kills_in_a_row_do_not_escalate
    what_was_received_survives_the_socket_actor
    iridium_05_nothing_reliable_is_lost_or_doubled_by_kills
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

async fn iridium_05_nothing_reliable_is_lost_or_doubled_by_kills(listen: &str) {
    const MESSAGES: u32 = 20_000;
    let node = node().await;
    let pull = Pull::new("pull").listen(listen).delivery(Reliable);
    let pull = node.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull)).delivery(Reliable);
    let push = node.spawn(push).await.unwrap();
    let sending = tokio::spawn(async move {
        for number in 0..MESSAGES {
            push.send(number.to_be_bytes().to_vec()).await.unwrap();
        }
        push
    });
    let ends = [
        ("pull", "connection"),
        ("push", "connection"),
        ("push", "dialer"),
        ("pull", "listener"),
    ];
    for number in 0..MESSAGES {
        // Evenly over the whole row, whatever is under way.
        if number % (MESSAGES / 16) == 0 {
            let (socket, kind) = ends[(number / (MESSAGES / 16)) as usize % ends.len()];
            let beginning = format!("{socket}/");
            let tree = in_time(node.snapshot()).await.unwrap();
            let found = of_kind(&tree, kind).find(|child| child.path.starts_with(&beginning));
            if let Some(child) = found {
                // It may end by itself meanwhile.
                let _ = in_time(node.kill(&child.path)).await;
            }
        }
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), number.to_be_bytes()[..]);
    }
    let push = in_time(sending).await.unwrap();
    in_time(push.drain()).await;
    stop(node).await;
}
