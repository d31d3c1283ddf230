//! Lines as messages: pull, push and composed sockets.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use treewire::prelude::*;
use treewire::{OfflineReason, Receiver, Sender, Socket, SocketEvent, SocketHandle};

use crate::LINES;
use crate::peer::{Peer, server};
use crate::support::*;

/// The next reason for which a peer went.
async fn offline(events: &mut treewire::SocketEvents) -> OfflineReason {
    loop {
        if let SocketEvent::Offline { reason, .. } = in_time(events.next()).await.unwrap() {
            return reason;
        }
    }
}

async fn received(pull: &treewire::PullSocket, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        lines.push(String::from_utf8(message.payload().to_vec()).unwrap());
    }
    lines
}

#[tokio::test]
async fn each_line_is_a_message_and_the_last_one_needs_no_end() {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(LINES)).await.unwrap();
    let mut events = pull.events();
    let mut peer = Peer::of(&pull).await;
    peer.say("one\r\ntwo\n\nlast").await;
    peer.finish().await;
    assert_eq!(received(&pull, 4).await, ["one", "two", "", "last"]);
    assert_eq!(
        peer.hear_all().await,
        "",
        "it is let go when all is handled"
    );
    assert_eq!(offline(&mut events).await, OfflineReason::PeerClosed);
    stop(node).await;
}

#[tokio::test]
async fn each_message_is_a_line_to_one_peer_and_a_close_waits_until_it_is_written() {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(LINES)).await.unwrap();
    let mut peers = [Peer::of(&push).await, Peer::of(&push).await];
    in_time(push.ready(2)).await;
    for number in 0..1_000 {
        in_time(push.send(format!("line {number}"))).await.unwrap();
    }
    let closed = tokio::spawn(async move { push.close(WATCHDOG).await });
    let mut all = Vec::new();
    for peer in &mut peers {
        let text = peer.hear_all().await;
        let lines: Vec<u32> = text
            .lines()
            .map(|line| line.strip_prefix("line ").unwrap().parse().unwrap())
            .collect();
        assert!(lines.is_sorted() && !lines.is_empty());
        all.extend(lines);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1_000));
    drop(peers);
    assert_eq!(in_time(closed).await.unwrap(), Closed::Flushed);
    stop(node).await;
}

#[tokio::test]
async fn what_no_line_carries_is_a_dead_letter_and_the_rest_goes_on() {
    let node = node().await;
    let (listener, address) = server().await;
    let push = node.spawn(Push::new("push").dial(address)).await.unwrap();
    let mut letters = push.dead_letters();
    let refused = [
        (Content::new("a\nb"), "not for the peer's wire"),
        (Content::new("a\r"), "not for the peer's wire"),
        (
            Content::new("a").with_header("name", "b"),
            "not for the peer's wire",
        ),
        (Content::new("a").with_part("b"), "too large for the peer"),
    ];
    for (content, _) in &refused {
        in_time(push.send(content.clone())).await.unwrap();
    }
    let tracked = in_time(push.send_tracked("a line")).await.unwrap();
    let mut peer = Peer::accept(&listener).await;
    for (content, cause) in refused {
        let letter = in_time(letters.next()).await.unwrap();
        assert_eq!((letter.content, letter.cause), (content, cause));
    }
    assert_eq!(peer.hear().await, "a line\n");
    let fate = in_time(tracked.final_fate()).await;
    assert_eq!(fate, treewire::Fate::Acknowledged);
    stop(node).await;
}

#[tokio::test]
async fn what_takes_acknowledgements_or_numbers_is_not_done_over_lines() {
    let node = node().await;
    let pull = Pull::new("pull").delivery(Reliable);
    let error = node.spawn(pull.listen(LINES)).await.unwrap_err();
    let text = error.to_string();
    let said =
        r#""lines" in "lines+tcp://127.0.0.1:0" cannot keep the promise of delivery Reliable"#;
    assert!(text.contains(said), "{text}");
    let error = node.spawn(Sub::new("sub").listen(LINES)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("does not speak for sub sockets"), "{text}");
    let push = Push::new("push").delivery(Reliable);
    let error = node.spawn(push.dial("lines+ipc:///tmp/nobody.sock")).await;
    assert!(error.is_err());
    stop(node).await;
}

#[tokio::test]
async fn a_line_that_is_too_long_ends_its_connection_and_no_other() {
    let node = node().await;
    let pull = Pull::new("pull").listen(LINES).message_bytes_max(100);
    let pull = node.spawn(pull).await.unwrap();
    let mut events = pull.events();
    let mut good = Peer::of(&pull).await;
    in_time(pull.ready(1)).await;
    let mut bad = Peer::of(&pull).await;
    bad.say(&format!("fine\n{}", "x".repeat(101))).await;
    assert_eq!(bad.hear_all().await, "");
    let reason = offline(&mut events).await;
    let OfflineReason::Misbehaved(text) = &reason else {
        panic!("{reason:?}");
    };
    assert!(text.contains("exceeds the limit of 100"), "{text}");
    good.say(&format!("{}\n", "y".repeat(100))).await;
    assert_eq!(
        received(&pull, 2).await,
        ["fine".to_owned(), "y".repeat(100)]
    );
    stop(node).await;
}

#[tokio::test]
async fn a_receiver_at_its_bound_reads_no_more_and_loses_nothing() {
    const LINES_SENT: u64 = 3_000;
    let node = node().await;
    let pull = Pull::new("pull").listen(LINES);
    let pull = pull.receive_bound(Bound::messages(10));
    let pull = node.spawn(pull).await.unwrap();
    let mut peer = Peer::of(&pull).await;
    let saying = tokio::spawn(async move {
        for number in 0..LINES_SENT {
            peer.say(&format!("{number}\n")).await;
        }
        peer.finish().await;
        peer
    });
    until_tree(&node, "ten lines came", |tree| {
        messages_in(tree, "pull") == 10
    })
    .await;
    for number in 0..LINES_SENT {
        if number % 100 == 0 {
            let tree = node.snapshot().await.unwrap();
            assert!(
                messages_in(&tree, "pull") <= number + 10,
                "{}",
                drawn(&tree)
            );
        }
        assert_eq!(received(&pull, 1).await, [number.to_string()]);
    }
    let mut peer = in_time(saying).await.unwrap();
    assert_eq!(peer.hear_all().await, "");
    stop(node).await;
}

/// Nothing is asked of a peer that has nothing to say, nor of one that does not read for a while.
#[tokio::test]
async fn a_peer_that_is_silent_or_slow_is_not_taken_for_dead() {
    const DEAD_AFTER: Duration = Duration::from_millis(40);
    let node = node().await;
    let pull = Pull::new("pull").listen(LINES);
    let pull = pull.heartbeat(DEAD_AFTER / 2, DEAD_AFTER);
    let pull = node.spawn(pull).await.unwrap();
    let mut silent = Peer::of(&pull).await;
    silent.say("one ").await;

    let (listener, address) = server().await;
    let push = Push::new("push").dial(address);
    let push = push.heartbeat(DEAD_AFTER / 2, DEAD_AFTER);
    let push = node.spawn(push).await.unwrap();
    let mut slow = Peer::accept(&listener).await;
    let line = "x".repeat(100_000);
    let sending = tokio::spawn(async move {
        for _ in 0..300 {
            push.send(&*line).await.unwrap();
        }
        push.close(WATCHDOG).await
    });
    // The buffers between the two are full after a part of that.
    tokio::time::sleep(5 * DEAD_AFTER).await;
    silent.say("line\n").await;
    assert_eq!(received(&pull, 1).await, ["one line"]);
    for _ in 0..300 {
        assert_eq!(slow.hear().await.len(), 100_001);
    }
    drop(slow);
    assert_eq!(in_time(sending).await.unwrap(), Closed::Flushed);
    stop(node).await;
}

#[tokio::test]
async fn a_push_lets_go_of_who_ends_its_direction() {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(LINES)).await.unwrap();
    let mut events = push.events();
    let mut leaver = Peer::of(&push).await;
    in_time(push.ready(1)).await;
    leaver.finish().await;
    assert_eq!(leaver.hear_all().await, "");
    assert_eq!(offline(&mut events).await, OfflineReason::PeerClosed);
    // What is sent then goes to who is there.
    let mut stayer = Peer::of(&push).await;
    in_time(push.send("for who stays")).await.unwrap();
    assert_eq!(stayer.hear().await, "for who stays\n");
    stop(node).await;
}

#[tokio::test]
async fn a_composed_socket_speaks_lines_with_all_and_with_one() {
    let node = node().await;
    let room = Socket::new("room", "chat").sender(Sender::All);
    let room = node.spawn(room.listen(LINES)).await.unwrap();
    let mut peers = [Peer::of(&room).await, Peer::of(&room).await];
    in_time(room.ready(2)).await;
    peers[0].say("hello\n").await;
    let message = in_time(room.recv()).await.unwrap().unwrap();
    in_time(room.send(message.into_content())).await.unwrap();
    for peer in &mut peers {
        assert_eq!(peer.hear().await, "hello\n");
    }

    let echo = Socket::new("echo", "echo").sender(Sender::Source);
    let echo = echo.receiver(Receiver::All).listen(LINES);
    let echo = node.spawn(echo).await.unwrap();
    let mut peer = Peer::of(&echo).await;
    peer.say("one\ntwo").await;
    peer.finish().await;
    for text in ["one", "two"] {
        let message = in_time(echo.recv()).await.unwrap().unwrap();
        let source = message.source();
        // While it is held its peer is not let go.
        in_time(echo.send_to(source, text)).await.unwrap();
        drop(message);
    }
    assert_eq!(peer.hear_all().await, "one\ntwo\n");
    stop(node).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_peers_that_never_end() {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(LINES)).await.unwrap();
    let push = node.spawn(Push::new("push").listen(LINES)).await.unwrap();
    let handle: &SocketHandle = &push;
    let (mut talker, mut reader) = (Peer::of(&pull).await, Peer::of(handle).await);
    in_time(push.ready(1)).await;
    in_time(push.send("the last")).await.unwrap();
    talker.say("one\n").await;
    assert_eq!(received(&pull, 1).await, ["one"]);
    let talking = tokio::spawn(async move {
        while talker.writes.write_all(b"more\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    in_time(node.stop()).await.unwrap();
    assert_eq!(reader.hear_all().await, "the last\n");
    in_time(talking).await.unwrap();
}

#[tokio::test]
async fn who_connects_to_a_publisher_gets_every_message_as_topic_and_payload() {
    let node = node().await;
    for narrow in [Bound::default(), Bound::messages(1)] {
        let publisher = Pub::new("pub").listen(LINES).receive_bound(narrow);
        let publisher = node.spawn(publisher).await.unwrap();
        let mut peers = [Peer::of(&publisher).await, Peer::of(&publisher).await];
        assert!(in_time(publisher.ready(2)).await);
        let price = Content::new("fx.eurusd").with_part("109");
        let three = price.clone().with_part("too many");
        for content in [
            price,
            three,
            Content::new("alone"),
            Content::new("").with_part(""),
        ] {
            in_time(publisher.send(content)).await.unwrap();
        }
        for peer in &mut peers {
            for line in ["fx.eurusd 109\n", "alone\n", " \n"] {
                assert_eq!(peer.hear().await, line);
            }
        }
        // One that goes, or says something, is nobody's trouble.
        peers[0].finish().await;
        peers[1].say("hello\n").await;
        assert_eq!(peers[0].hear_all().await, "");
        in_time(publisher.send("more")).await.unwrap();
        assert_eq!(peers[1].hear().await, "more\n");
        assert_eq!(in_time(publisher.close(WATCHDOG)).await, Closed::Flushed);
    }
    stop(node).await;
}
