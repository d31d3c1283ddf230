//! Push and pull sockets: what arrives, in which order, and what becomes of the rest.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use treewire::prelude::*;
use treewire::transports::dialect::tw::PARTS_MAX;
use treewire::{PullSocket, PushSocket};

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
use support::*;

mod bounds;
mod closing;
mod giving_up;

over_every_transport! {
    many_messages_of_one_peer_arrive_in_order
    multisocket_01_a_thousand_messages_of_random_size_arrive_unchanged
    zeromq_06_parts_and_headers_arrive_as_they_were
    zeromq_04_the_first_of_each_peer_comes_before_the_second_of_any
    zeromq_04_two_messages_each_for_equal_peers
    the_peer_with_the_least_outstanding_gets_the_next_message
    zeromq_03_without_a_peer_send_waits_and_try_send_gives_back
    several_receivers_get_each_message_once
    sockets_on_different_threads_lose_nothing
    messages_as_a_stream_until_the_socket_closes
    iridium_04_what_was_sent_before_the_first_connection_arrives_in_order
}

async fn pull(node: &Node, listen: &str) -> PullSocket {
    node.spawn(Pull::new("pull").listen(listen)).await.unwrap()
}

async fn push(node: &Node, address: &str) -> PushSocket {
    node.spawn(Push::new("push").dial(address)).await.unwrap()
}

/// The next message as text.
async fn next(pull: &PullSocket) -> String {
    let message = in_time(pull.recv()).await.unwrap().expect("it is open");
    String::from_utf8(message.payload().to_vec()).unwrap()
}

async fn many_messages_of_one_peer_arrive_in_order(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    let sender = tokio::spawn(async move {
        for number in 0..20_000_u32 {
            push.send(&number.to_be_bytes()).await.unwrap();
        }
    });
    for number in 0..20_000_u32 {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), &number.to_be_bytes());
    }
    in_time(sender).await.unwrap();
    stop(node).await;
}

async fn multisocket_01_a_thousand_messages_of_random_size_arrive_unchanged(listen: &str) {
    const LARGEST: u64 = 128 * 1024;
    let mut dice = Dice::new(7);
    let block: Vec<u8> = (0..2 * LARGEST).map(|_| dice.roll() as u8).collect();
    let pieces: Vec<_> = (0..1_000)
        .map(|number| {
            let size = match number {
                0 => 0,
                1 => LARGEST,
                _ => dice.below(LARGEST + 1),
            };
            let from = dice.below(LARGEST);
            from as usize..(from + size) as usize
        })
        .collect();

    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    let sending = async {
        for piece in &pieces {
            push.send(&block[piece.clone()]).await.unwrap();
        }
    };
    let receiving = async {
        for (number, piece) in pieces.iter().enumerate() {
            let message = pull.recv().await.unwrap().unwrap();
            assert!(
                message.payload()[..] == block[piece.clone()],
                "message {number} of {} bytes came as {} bytes",
                piece.len(),
                message.payload().len()
            );
        }
    };
    in_time(async { tokio::join!(sending, receiving) }).await;
    stop(node).await;
}

async fn zeromq_06_parts_and_headers_arrive_as_they_were(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    let large = vec![7; 3 * 1024 * 1024];
    let many = (0..PARTS_MAX).map(|part| Payload::from(part.to_string()));
    let contents = [
        Content::from_parts(vec!["".into(), "a".into(), "".into()]),
        Content::new("").with_header("empty", ""),
        Content::new("one")
            .with_header("trace", "17")
            .with_header("b", vec![0; 60_000]),
        Content::from_parts(vec![large.clone().into(), "x".into(), large.into()])
            .with_header("large", "yes"),
        Content::from_parts(many.collect()),
        Content::new(""),
    ];
    for content in &contents {
        push.send(content.clone()).await.unwrap();
    }
    for content in contents {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert!(
            *message == content,
            "sent {} parts of {} bytes, got {} of {}",
            content.part_count(),
            content.byte_len(),
            message.part_count(),
            message.byte_len()
        );
    }
    stop(node).await;
}

async fn zeromq_04_the_first_of_each_peer_comes_before_the_second_of_any(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    for peer in 0..5 {
        let push = Push::new(format!("push {peer}")).dial(address(&pull));
        let push = node.spawn(push).await.unwrap();
        for number in 0..3 {
            push.send(format!("{peer}:{number}")).await.unwrap();
        }
    }
    until_tree(&node, "all are there", |tree| {
        messages_in(tree, "pull") == 15
    })
    .await;
    for round in 0..3 {
        let mut sources = HashSet::new();
        for _ in 0..5 {
            let message = pull.try_recv().unwrap().unwrap();
            sources.insert(message.source());
            let text = String::from_utf8(message.payload().to_vec()).unwrap();
            assert!(text.ends_with(&format!(":{round}")), "{text} in {round}");
        }
        assert_eq!(sources.len(), 5);
    }
    stop(node).await;
}

async fn zeromq_04_two_messages_each_for_equal_peers(listen: &str) {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(listen)).await.unwrap();
    let mut pulls = Vec::new();
    for peer in 0..4 {
        let pull = Pull::new(format!("pull {peer}")).dial(address(&push));
        pulls.push(node.spawn(pull).await.unwrap());
    }
    in_time(push.ready(4)).await;
    for number in 0..8 {
        push.send(number.to_string()).await.unwrap();
    }
    for pull in &pulls {
        let first: u32 = next(pull).await.parse().unwrap();
        let second: u32 = next(pull).await.parse().unwrap();
        assert_eq!(second, first + 4, "in turn");
        assert!(pull.try_recv().unwrap().is_none());
    }
    stop(node).await;
}

async fn the_peer_with_the_least_outstanding_gets_the_next_message(listen: &str) {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(listen)).await.unwrap();
    let slow = Pull::new("slow").dial(address(&push));
    let slow = node.spawn(slow).await.unwrap();
    let quick = Pull::new("quick").dial(address(&push));
    let quick = node.spawn(quick).await.unwrap();
    in_time(push.ready(2)).await;
    push.send("").await.unwrap();
    push.send("").await.unwrap();
    let held = in_time(slow.recv()).await.unwrap().unwrap();
    drop(in_time(quick.recv()).await.unwrap());
    for number in 0..10 {
        until("only the held one is unconfirmed", || push.unflushed() == 1).await;
        push.send(number.to_string()).await.unwrap();
        assert_eq!(next(&quick).await, number.to_string());
    }
    drop(held);
    stop(node).await;
}

async fn zeromq_03_without_a_peer_send_waits_and_try_send_gives_back(listen: &str) {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(listen)).await.unwrap();
    let content = Content::new("early").with_header("a", "b");
    let refused = push.try_send(content.clone()).unwrap_err();
    assert!(refused.is_no_peer(), "{refused}");
    assert_eq!(refused.into_content(), content);

    let mut sending = pin!(push.send("waited"));
    assert!(poll_once(sending.as_mut()).await.is_pending());
    let pull = Pull::new("pull").dial(address(&push));
    let pull = node.spawn(pull).await.unwrap();
    in_time(sending).await.unwrap();
    assert_eq!(next(&pull).await, "waited");
    assert_eq!(push.lost(), 0);
    stop(node).await;
}

/// The receivers are on threads and runtimes of their own.
async fn several_receivers_get_each_message_once(listen: &str) {
    const COUNT: u32 = 20_000;
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    let receivers: Vec<_> = (0..4)
        .map(|_| {
            let pull = pull.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let mut numbers = Vec::new();
                    while let Some(message) = pull.recv().await.unwrap() {
                        let bytes = message.payload()[..].try_into().unwrap();
                        numbers.push(u32::from_be_bytes(bytes));
                    }
                    numbers
                })
            })
        })
        .collect();
    for number in 0..COUNT {
        in_time(push.send(&number.to_be_bytes())).await.unwrap();
    }
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    assert_eq!(in_time(pull.close(WATCHDOG)).await, Closed::Flushed);
    let mut all = Vec::new();
    for receiver in receivers {
        let numbers = receiver.join().unwrap();
        assert!(numbers.is_sorted(), "each receiver sees them in order");
        all.extend(numbers);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..COUNT));
    stop(node).await;
}

async fn sockets_on_different_threads_lose_nothing(listen: &str) {
    let node = Node::builder("test").arbiters(3).start().await.unwrap();
    let pull = Pull::new("pull")
        .listen(listen)
        .receive_bound(Bound::messages(100))
        .placement(Placement::pin(1));
    let pull = node.spawn(pull).await.unwrap();
    let mut senders = Vec::new();
    for sender in 0..4 {
        let push = Push::new(format!("push {sender}"))
            .dial(address(&pull))
            .send_bound(Bound::messages(10))
            .placement(Placement::pin(sender % 3));
        let push = node.spawn(push).await.unwrap();
        senders.push(tokio::spawn(async move {
            for number in 0..5_000 {
                push.send(format!("{sender}:{number}")).await.unwrap();
            }
            assert_eq!(push.close(WATCHDOG).await, Closed::Flushed);
        }));
    }
    let mut expected = [0; 4];
    for _ in 0..20_000 {
        let text = next(&pull).await;
        let (sender, number) = text.split_once(':').unwrap();
        let expected = &mut expected[sender.parse::<usize>().unwrap()];
        assert_eq!(number, expected.to_string());
        *expected += 1;
    }
    for sender in senders {
        in_time(sender).await.unwrap();
    }
    assert!(pull.try_recv().unwrap().is_none());
    stop(node).await;
}

async fn messages_as_a_stream_until_the_socket_closes(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    for number in 0..100 {
        push.send(number.to_string()).await.unwrap();
    }
    let mut stream = pull.stream();
    for number in 0..50 {
        let message = in_time(stream.next()).await.unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
    drop(stream);
    let mut stream = pull.stream();
    for number in 50..100 {
        let message = in_time(stream.next()).await.unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
    assert!(poll_once(pin!(stream.next())).await.is_pending());
    assert_eq!(in_time(pull.close(WATCHDOG)).await, Closed::Flushed);
    assert!(in_time(stream.next()).await.is_none());
    assert!(in_time(pull.recv()).await.unwrap().is_none());
    stop(node).await;
}

async fn iridium_04_what_was_sent_before_the_first_connection_arrives_in_order(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let push = push(&node, &later).await;
    for number in 0..1_000 {
        push.try_send(number.to_string()).unwrap();
    }
    let pull = pull(&node, &later).await;
    for number in 0..1_000 {
        assert_eq!(next(&pull).await, number.to_string());
    }
    stop(node).await;
}
