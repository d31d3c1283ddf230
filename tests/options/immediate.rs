//! Whether messages are queued for endpoints that are not connected.

use std::pin::pin;
use std::time::Duration;

use treewire::PullSocket;
use treewire::prelude::*;

use crate::support::*;

over_every_transport! {
    zeromq_09_with_immediate_only_connected_peers_have_queues
    zeromq_05_with_immediate_the_queue_of_a_dialed_peer_that_went_is_dropped_and_counted
}

async fn next(pull: &PullSocket) -> String {
    let message = in_time(pull.recv()).await.unwrap().expect("it is open");
    String::from_utf8(message.payload().to_vec()).unwrap()
}

async fn zeromq_09_with_immediate_only_connected_peers_have_queues(listen: &str) {
    let node = node().await;
    for immediate in [false, true] {
        let later = address_for_later(listen);
        let one = Bound::messages(1);
        let push = Push::new(format!("push {immediate}"))
            .dial(&later)
            .send_bound(one)
            .immediate(immediate);
        let push = node.spawn(push).await.unwrap();
        let sent = push.try_send("first");
        let mut sending = pin!(push.send("first, later"));
        if immediate {
            let refused = sent.unwrap_err();
            assert!(refused.is_no_peer(), "{refused}");
            assert!(poll_once(sending.as_mut()).await.is_pending());
            assert_eq!(push.unflushed(), 0);
        } else {
            sent.unwrap();
            assert_eq!(push.unflushed(), 1);
        }
        let pull = Pull::new(format!("pull {immediate}")).listen(&later);
        let pull = node.spawn(pull).await.unwrap();
        if immediate {
            in_time(sending).await.unwrap();
        }
        let expected = if immediate { "first, later" } else { "first" };
        assert_eq!(next(&pull).await, expected);
        let _ = in_time(push.close(Duration::ZERO)).await;
        let _ = in_time(pull.close(Duration::ZERO)).await;
    }
    stop(node).await;
}

async fn zeromq_05_with_immediate_the_queue_of_a_dialed_peer_that_went_is_dropped_and_counted(
    listen: &str,
) {
    let node = node().await;
    let later = address_for_later(listen);
    let gone = Pull::new("gone")
        .listen(&later)
        .receive_bound(Bound::messages(1));
    let gone = node.spawn(gone).await.unwrap();
    let push = node
        .spawn(Push::new("push").dial(&later).immediate(true))
        .await
        .unwrap();
    for number in 0..5 {
        in_time(push.send(number.to_string())).await.unwrap();
    }
    until_tree(&node, "the bound has arrived", |tree| {
        messages_in(tree, "gone") == 1
    })
    .await;
    assert_eq!(in_time(gone.close(Duration::ZERO)).await, Closed::Flushed);
    until("the peer went", || push.peers() == 0).await;
    let tree = until_tree(&node, "the queue is dropped", |tree| {
        drops(tree, "push", "peer gone") == 4
    })
    .await;
    assert_eq!(drops(&tree, "push", "unconfirmed"), 1);
    assert_eq!(push.unflushed(), 0);

    let back = node.spawn(Pull::new("back").listen(&later)).await.unwrap();
    in_time(push.send("fresh")).await.unwrap();
    assert_eq!(next(&back).await, "fresh");
    stop(node).await;
}
