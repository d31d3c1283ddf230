//! Messages that sockets send and receive by themselves when peers come and go.

use std::time::Duration;

use treewire::prelude::*;
use treewire::{ComposedSocket, Message, PullSocket, Receiver, Sender, Socket};

use crate::support::*;

over_every_transport! {
    zeromq_22_each_peer_that_connects_is_greeted_first
    zeromq_22_a_receiver_hears_after_its_messages_that_a_peer_went
    zeromq_22_a_receiver_that_dials_hears_of_a_hiccup_and_goes_on
    zeromq_22_composed_sockets_greet_and_hear_of_ends
}

async fn next(pull: &PullSocket) -> Message {
    in_time(pull.recv()).await.unwrap().expect("it is open")
}

fn text(message: &Message) -> &str {
    str::from_utf8(message.payload()).unwrap()
}

/// Kills the connections of that socket.
async fn cut(node: &Node, socket: &str) {
    let tree = node.snapshot().await.unwrap();
    let beginning = format!("{socket}/");
    for connection in of_kind(&tree, "connection") {
        if connection.path.starts_with(&beginning) {
            node.kill(&connection.path).await.unwrap();
        }
    }
}

async fn zeromq_22_each_peer_that_connects_is_greeted_first(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let push = Push::new("push").dial(&later).hello_message("hello");
    let push = node.spawn(push).await.unwrap();
    for number in 0..3 {
        in_time(push.send(number.to_string())).await.unwrap();
    }
    let pull = node.spawn(Pull::new("pull").listen(&later)).await.unwrap();
    for expected in ["hello", "0", "1", "2"] {
        assert_eq!(text(&next(&pull).await), expected);
    }
    in_time(push.drain()).await;
    cut(&node, "push").await;
    assert_eq!(text(&next(&pull).await), "hello", "of the next connection");
    in_time(push.send("again")).await.unwrap();
    assert_eq!(text(&next(&pull).await), "again");

    let other = numbered("inproc://other-{}");
    let push = Push::new("greets who dials")
        .listen(&other)
        .hello_message("hi");
    let _push = node.spawn(push).await.unwrap();
    for name in ["one", "another"] {
        let pull = node.spawn(Pull::new(name).dial(&other)).await.unwrap();
        assert_eq!(text(&next(&pull).await), "hi");
    }
    stop(node).await;
}

async fn zeromq_22_a_receiver_hears_after_its_messages_that_a_peer_went(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull")
        .listen(listen)
        .disconnect_message("gone")
        .hiccup_message("hiccup");
    let pull = node.spawn(pull).await.unwrap();
    for (name, in_all) in [("first", 2), ("second", 4)] {
        let push = Push::new(name).dial(address(&pull));
        let push = node.spawn(push).await.unwrap();
        for text in ["from me", "and more"] {
            in_time(push.send(text)).await.unwrap();
        }
        until_tree(&node, "both have arrived", |tree| {
            messages_in(tree, "pull") == in_all
        })
        .await;
        let _ = in_time(push.close(Duration::ZERO)).await;
        until("the peer went", || pull.peers() == 0).await;
        let first = next(&pull).await;
        let source = first.source();
        assert_eq!(text(&first), "from me");
        for expected in ["and more", "gone"] {
            let message = next(&pull).await;
            assert_eq!(text(&message), expected);
            assert_eq!(message.source(), source);
        }
    }
    assert!(pull.try_recv().unwrap().is_none());
    stop(node).await;
}

async fn zeromq_22_a_receiver_that_dials_hears_of_a_hiccup_and_goes_on(listen: &str) {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(listen)).await.unwrap();
    for reconnect in [true, false] {
        let pull = Pull::new(format!("pull {reconnect}"))
            .dial(address(&push))
            .reconnect(reconnect)
            .disconnect_message("gone")
            .hiccup_message("hiccup");
        let pull = node.spawn(pull).await.unwrap();
        in_time(pull.ready(1)).await;
        cut(&node, &format!("pull {reconnect}")).await;
        let expected = if reconnect { "hiccup" } else { "gone" };
        assert_eq!(text(&next(&pull).await), expected);
        if reconnect {
            in_time(pull.ready(1)).await;
            in_time(push.send("and on")).await.unwrap();
            assert_eq!(text(&next(&pull).await), "and on");
        }
        let _ = in_time(pull.close(Duration::ZERO)).await;
        until("it is gone", || push.peers() == 0).await;
    }
    stop(node).await;
}

async fn zeromq_22_composed_sockets_greet_and_hear_of_ends(listen: &str) {
    let node = node().await;
    let talk = |name: &str| {
        let talk = Socket::new(name, "talk");
        let talk = talk.sender(Sender::All).receiver(Receiver::All);
        talk.hello_message("hello").disconnect_message("gone")
    };
    let near: ComposedSocket = node.spawn(talk("near").listen(listen)).await.unwrap();
    let far = node.spawn(talk("far").dial(address(&near))).await.unwrap();
    for socket in [&near, &far] {
        let message = in_time(socket.recv()).await.unwrap().unwrap();
        assert_eq!(text(&message), "hello");
    }
    let _ = in_time(far.close(Duration::ZERO)).await;
    let message = in_time(near.recv()).await.unwrap().unwrap();
    assert_eq!(text(&message), "gone");
    stop(node).await;
}

#[tokio::test]
async fn what_does_not_go_together_is_said_at_the_start() {
    let node = node().await;
    let refused = async |socket: Socket, text: &str| {
        let error = in_time(node.spawn(socket)).await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    let socket = || Socket::new("x", "x");
    let reliable = socket().hello_message("x").delivery(Reliable);
    refused(
        reliable,
        "hello-message goes with best effort: leave it out",
    )
    .await;
    let mute = socket().sender(Sender::Nobody).hello_message("x");
    refused(mute, "hello-message goes with sockets that send").await;
    let deaf = socket().receiver(Receiver::Nobody).hiccup_message("x");
    refused(deaf, "hiccup-message goes with sockets that receive").await;
    let large = socket().disconnect_message("xyz").message_bytes_max(2);
    refused(
        large,
        "disconnect-message cannot be used: the message has 3 bytes",
    )
    .await;
    stop(node).await;
}
