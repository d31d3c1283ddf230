//! Options that are changed while the socket runs.

use std::pin::pin;

use treewire::options::{self, Changes, OptionRow};
use treewire::prelude::*;
use treewire::transports::OptionKind;
use treewire::{OptionError, PullSocket, PushSocket, SocketHandle, World, driven};

use crate::support::*;

over_every_transport! {
    zeromq_10_raising_the_bound_takes_effect_at_once_and_lowering_it_keeps_what_is_queued
    zeromq_10_raising_the_bound_of_what_is_received_takes_effect_at_once
    multisocket_10_changing_queue_sizes_while_messages_flow_loses_nothing
    multisocket_07_lowering_the_limit_keeps_the_peers_that_are_there
}

async fn receive(pull: &PullSocket, expected: &str) {
    let message = in_time(pull.recv()).await.unwrap().expect("it is open");
    assert_eq!(*message.payload(), expected);
}

async fn zeromq_10_raising_the_bound_takes_effect_at_once_and_lowering_it_keeps_what_is_queued(
    listen: &str,
) {
    let node = node().await;
    let later = address_for_later(listen);
    let push = Push::new("push").dial(&later).send_messages_max(2);
    // No attempt of the dialer is to wake who waits for room.
    let push = node.spawn(push.reconnect(false)).await.unwrap();
    until("nobody is there", || push.pipes()[0].reason.is_some()).await;
    push.try_send("0").unwrap();
    push.try_send("1").unwrap();
    let mut sending = pin!(push.send("2"));
    assert!(poll_once(sending.as_mut()).await.is_pending());

    push.set("send-messages-max", "4").unwrap();
    in_time(sending).await.unwrap();
    push.try_send("3").unwrap();
    assert!(push.try_send("too many").unwrap_err().is_full());

    push.set_send_bound(Bound::messages(1));
    assert_eq!((push.unflushed(), push.lost()), (4, 0));
    assert!(push.try_send("too many").unwrap_err().is_full());
    let pull = node.spawn(Pull::new("pull").listen(&later)).await.unwrap();
    until("it dials", || {
        push.redial();
        push.peers() == 1
    })
    .await;
    for number in 0..4 {
        receive(&pull, &number.to_string()).await;
    }
    stop(node).await;
}

async fn zeromq_10_raising_the_bound_of_what_is_received_takes_effect_at_once(listen: &str) {
    for delivery in [BestEffort, Reliable] {
        let node = node().await;
        let pull = Pull::new("pull").listen(listen).delivery(delivery);
        let pull = node.spawn(pull.receive_messages_max(2)).await.unwrap();
        let push = Push::new("push").dial(address(&pull)).delivery(delivery);
        let push = node.spawn(push).await.unwrap();
        for number in 0..9 {
            in_time(push.send(number.to_string())).await.unwrap();
        }
        let arrived = async |count| {
            until_tree(&node, "as many arrive as may", |tree| {
                messages_in(tree, "pull") == count
            })
            .await
        };
        arrived(2).await;
        pull.set("receive-messages-max", "5").unwrap();
        arrived(5).await;
        // One byte has been reached long ago.
        pull.set_receive_bound(Bound::messages(7).bytes(1));
        let kept: Vec<_> = std::iter::from_fn(|| pull.try_recv().unwrap()).collect();
        assert_eq!(kept.len(), 5);
        drop(kept);
        for number in 5..9 {
            receive(&pull, &number.to_string()).await;
        }
        in_time(push.drain()).await;
        stop(node).await;
    }
}

/// Draws new sizes again and again.
async fn resize_for_ever(push: &PushSocket, pull: &PullSocket) {
    let mut dice = Dice::new(7);
    loop {
        push.set_send_bound(Bound::messages(1 + dice.below(50)).bytes(1 + dice.below(500)));
        pull.set_receive_bound(Bound::messages(1 + dice.below(50)).bytes(1 + dice.below(500)));
        tokio::task::yield_now().await;
    }
}

async fn multisocket_10_changing_queue_sizes_while_messages_flow_loses_nothing(listen: &str) {
    const MESSAGES: u32 = 5_000;
    for delivery in [BestEffort, Reliable] {
        let node = node().await;
        let pull = Pull::new("pull").listen(listen).delivery(delivery);
        let pull = node.spawn(pull).await.unwrap();
        let push = Push::new("push").dial(address(&pull)).delivery(delivery);
        let push = node.spawn(push).await.unwrap();
        let send = async {
            for number in 0..MESSAGES {
                in_time(push.send(number.to_string())).await.unwrap();
            }
        };
        let receive = async {
            for number in 0..MESSAGES {
                receive(&pull, &number.to_string()).await;
            }
        };
        tokio::select! {
            biased;
            _ = async { tokio::join!(send, receive) } => {}
            () = resize_for_ever(&push, &pull) => {}
        }
        in_time(push.drain()).await;
        assert_eq!((push.lost(), pull.lost()), (0, 0));
        stop(node).await;
    }
}

async fn multisocket_07_lowering_the_limit_keeps_the_peers_that_are_there(listen: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let push = |name: &'static str| {
        let push = Push::new(name).dial(address(&pull));
        async { node.spawn(push).await.unwrap() }
    };
    let (first, second) = (push("first").await, push("second").await);
    in_time(pull.ready(2)).await;
    pull.set("peers-max", "1").unwrap();
    let third = push("third").await;
    until_tree(&node, "the third is refused", |tree| {
        let mut exits = tree.walk().flat_map(|child| &child.exits);
        exits.any(|exit| exit.reason.to_string().contains("limit of 2 peers"))
    })
    .await;
    assert_eq!((pull.peers(), third.peers()), (2, 0));
    for push in [&first, &second] {
        in_time(push.send("still there")).await.unwrap();
        receive(&pull, "still there").await;
    }
    pull.set("peers-max", "none").unwrap();
    in_time(third.ready(1)).await;
    stop(node).await;
}

/// Something else than the default.
fn other_value(row: &OptionRow) -> &'static str {
    fn of(kind: OptionKind) -> &'static str {
        match kind {
            OptionKind::Bool => "off",
            OptionKind::Integer { .. } => "7",
            OptionKind::Time { .. } => "7s",
            OptionKind::Bytes { .. } => "70KiB",
            OptionKind::OneOf(words) => words.last().expect("there are some"),
            OptionKind::OrNone(kind) => of(*kind),
            _ => "seven",
        }
    }
    match (of(row.allowed()), row.default()) {
        ("off", "off") => "on",
        (other, _) => other,
    }
}

#[tokio::test]
async fn a_change_outlives_the_actors_of_the_socket_and_shows_in_the_tree() {
    let node = node().await;
    let push = node.spawn(Push::new("Push")).await.unwrap();
    let req = node.spawn(Req::new("Req")).await.unwrap();
    let sockets: [(&str, &SocketHandle); 2] = [("Push", &push), ("Req", &req)];
    let live = |row: &&OptionRow| !matches!(row.changes(), Changes::Never(_));
    for (name, socket) in sockets {
        for row in options::all()
            .iter()
            .filter(|row| row.is_of(name))
            .filter(live)
        {
            let value = other_value(row);
            assert_eq!(socket.get(row.name()).unwrap(), row.default());
            socket.set(row.name(), value).unwrap();
        }
        node.kill(name).await.unwrap();
        until_tree(&node, "it is back", |tree| {
            let socket = tree.find(name).expect("it is there");
            socket.restarts == 1
                && socket
                    .details
                    .get("lease")
                    .is_some_and(|lease| lease == "7s")
        })
        .await;
        for row in options::all()
            .iter()
            .filter(|row| row.is_of(name))
            .filter(live)
        {
            assert_eq!(socket.get(row.name()).unwrap(), other_value(row));
        }
    }
    stop(node).await;
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_with_what_to_do() {
    let node = node().await;
    let push = node.spawn(Push::new("push")).await.unwrap();
    let refused = |name: &str, value: &str, says: &str| {
        let before = push.get(name);
        let error = push.set(name, value).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert_eq!(push.get(name), before);
    };
    refused(
        "delivery",
        "reliable",
        r#"option "delivery" is fixed when the socket is spawned: the peers know it: spawn another socket"#,
    );
    refused(
        "send-messages-max",
        "0",
        r#"bad value "0" for option "send-messages-max": allowed is an integer from 1 to 16777215"#,
    );
    let unknown = push.set("lingr", "1s").unwrap_err();
    assert!(matches!(unknown, OptionError::Unknown { allowed, .. } if allowed.contains(&"linger")));
    stop(node).await;
}

#[tokio::test]
async fn options_that_do_not_fit_keep_the_socket_from_starting() {
    let node = node().await;
    let refused = async |pull: Pull, says: &str| {
        let error = node.spawn(pull).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    let zero = Pull::new("zero").dead_after(std::time::Duration::ZERO);
    refused(zero, r#"bad value "0s" for option "dead-after""#).await;
    let pull = |url: &str| Pull::new("pull").listen(url);
    refused(pull("inproc://a?linger=1s"), r#"unknown option "linger""#).await;
    refused(
        pull("inproc://a?reconnect=off"),
        r#"unknown option "reconnect""#,
    )
    .await;
    refused(
        pull("inproc://a?linger=1s"),
        "dead-after, handshake-deadline",
    )
    .await;
    refused(
        pull("inproc://a?dead-after=5"),
        "allowed is a time from 1ms",
    )
    .await;
    stop(node).await;
}

#[test]
fn a_stop_and_an_undial_take_the_linger_of_their_moment() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let nobody = "inproc://nobody";
        let push = node.spawn(Push::new("push").dial(nobody)).await.unwrap();
        push.send("one").await.unwrap();
        push.set("linger", "20s").unwrap();
        let begun = world.now();
        push.undial(nobody).await.unwrap();
        assert_eq!((world.now() - begun).as_secs(), 20);

        push.dial(nobody).await.unwrap();
        push.send("two").await.unwrap();
        push.set("linger", "25s").unwrap();
        let begun = world.now();
        node.stop().await.unwrap();
        assert_eq!((world.now() - begun).as_secs(), 25);
    });
}
