//! What a call that is dropped, or a peer that goes, leaves behind.

use super::*;

over_every_transport! {
    a_dropped_receive_takes_nothing
    a_dropped_send_sends_nothing
    zeromq_05_the_queue_of_an_accepted_peer_that_went_is_dropped_and_counted
    zeromq_05_a_dialed_pipe_keeps_its_queue
}

async fn a_dropped_receive_takes_nothing(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    let sender = tokio::spawn(async move {
        for number in 0..2_000 {
            push.send(number.to_string()).await.unwrap();
            if number % 10 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut cancelled = 0;
    in_time(async {
        for number in 0..2_000 {
            let message = loop {
                tokio::select! {
                    biased;
                    message = pull.recv() => break message,
                    () = tokio::task::yield_now() => cancelled += 1,
                }
            };
            let message = message.unwrap().unwrap();
            assert_eq!(*message.payload(), number.to_string().as_str());
        }
    })
    .await;
    assert!(cancelled > 0);
    in_time(sender).await.unwrap();
    stop(node).await;
}

async fn a_dropped_send_sends_nothing(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull")
        .listen(listen)
        .receive_bound(Bound::messages(1));
    let pull = node.spawn(pull).await.unwrap();
    let push = Push::new("push")
        .dial(address(&pull))
        .send_bound(Bound::messages(1));
    let push = node.spawn(push).await.unwrap();
    let receiver = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Some(message) = pull.recv().await.unwrap() {
            let text = String::from_utf8(message.payload().to_vec()).unwrap();
            if text == "end" {
                break;
            }
            received.push(text);
        }
        received
    });
    let mut sent = Vec::new();
    let mut cancelled = 0;
    while sent.len() < 200 {
        let text = (sent.len() + cancelled).to_string();
        tokio::select! {
            biased;
            result = push.send(text.clone()) => {
                result.unwrap();
                sent.push(text);
            }
            () = tokio::task::yield_now() => cancelled += 1,
        }
    }
    assert!(cancelled > 0);
    in_time(push.send("end")).await.unwrap();
    assert_eq!(in_time(receiver).await.unwrap(), sent);
    stop(node).await;
}

async fn zeromq_05_the_queue_of_an_accepted_peer_that_went_is_dropped_and_counted(listen: &str) {
    let node = node().await;
    let push = node.spawn(Push::new("push").listen(listen)).await.unwrap();
    let gone = Pull::new("gone")
        .dial(address(&push))
        .receive_bound(Bound::messages(1));
    let gone = node.spawn(gone).await.unwrap();
    in_time(push.ready(1)).await;
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    until_tree(&node, "the bound has arrived", |tree| {
        messages_in(tree, "gone") == 1
    })
    .await;
    assert_eq!(in_time(gone.close(Duration::ZERO)).await, Closed::Flushed);
    let tree = until_tree(&node, "the peer went", |_| push.peers() == 0).await;
    assert_eq!(drops(&tree, "push", "peer gone"), 4);
    assert_eq!(drops(&tree, "push", "unconfirmed"), 1);
    assert_eq!(push.lost(), 5);

    let back = Pull::new("back").dial(address(&push));
    let back = node.spawn(back).await.unwrap();
    in_time(push.send("fresh")).await.unwrap();
    assert_eq!(next(&back).await, "fresh");
    stop(node).await;
}

async fn zeromq_05_a_dialed_pipe_keeps_its_queue(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let push = push(&node, &later).await;
    let gone = Pull::new("gone")
        .listen(&later)
        .receive_bound(Bound::messages(1));
    let gone = node.spawn(gone).await.unwrap();
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    until_tree(&node, "the bound has arrived", |tree| {
        messages_in(tree, "gone") == 1
    })
    .await;
    assert_eq!(in_time(gone.close(Duration::ZERO)).await, Closed::Flushed);
    until("the peer went", || push.peers() == 0).await;
    assert_eq!(push.unflushed(), 4);
    assert_eq!(push.lost(), 1, "what had left is not confirmed");

    let pull = pull(&node, &later).await;
    for number in 1..5 {
        assert_eq!(next(&pull).await, number.to_string());
    }
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    stop(node).await;
}
