//! What queues and peers take, and what becomes of the rest.

use super::*;

over_every_transport! {
    zeromq_10_bounds_are_exact
    zeromq_10_bounds_are_exact_with_a_peer_that_does_not_take
    a_full_queue_refuses_drops_or_conflates_as_it_was_told
    zeromq_10_a_large_message_takes_the_room_of_as_many_old_ones_as_it_needs
    without_a_peer_the_dropping_policies_drop_and_count
    what_is_too_large_or_has_too_many_parts_comes_back
    what_is_too_large_for_the_peer_is_counted_and_the_rest_goes_on
}

async fn zeromq_10_bounds_are_exact(listen: &str) {
    let node = node().await;
    for bound in [1, 2, 1_000] {
        let push = Push::new(format!("push {bound}"))
            .dial(address_for_later(listen))
            .send_bound(Bound::messages(bound));
        let push = node.spawn(push).await.unwrap();
        for _ in 0..bound {
            push.try_send("kept").unwrap();
        }
        let refused = push.try_send("too many").unwrap_err();
        assert!(refused.is_full(), "{refused}");
        assert_eq!(refused.into_content(), "too many".into());
        let mut sending = pin!(push.send("waits"));
        assert!(poll_once(sending.as_mut()).await.is_pending());
        assert_eq!(push.unflushed(), bound);
        assert_eq!(
            in_time(push.close(Duration::ZERO)).await,
            Closed::Dropped(bound)
        );
    }
    stop(node).await;
}

/// Credit lets as much leave as the peer is willing to hold: the bounds of both ends add up.
async fn zeromq_10_bounds_are_exact_with_a_peer_that_does_not_take(listen: &str) {
    for (send, receive) in [(1, 1), (2, 1), (1, 2), (1_000, 2), (2, 1_000)] {
        let node = node().await;
        let pull = Pull::new("pull")
            .listen(listen)
            .receive_bound(Bound::messages(receive));
        let pull = node.spawn(pull).await.unwrap();
        let push = Push::new("push")
            .dial(address(&pull))
            .send_bound(Bound::messages(send));
        let push = node.spawn(push).await.unwrap();
        for number in 0..send + receive {
            in_time(push.send(number.to_string())).await.unwrap();
        }
        until_tree(&node, "the bound has arrived", |tree| {
            messages_in(tree, "pull") == receive
        })
        .await;
        let refused = push.try_send("too many").unwrap_err();
        assert!(refused.is_full(), "{refused}");

        let mut sending = pin!(push.send("last"));
        assert!(poll_once(sending.as_mut()).await.is_pending());
        assert_eq!(next(&pull).await, "0");
        in_time(sending).await.unwrap();
        for number in 1..send + receive {
            assert_eq!(next(&pull).await, number.to_string());
        }
        assert_eq!(next(&pull).await, "last");
        stop(node).await;
    }
}

async fn a_full_queue_refuses_drops_or_conflates_as_it_was_told(listen: &str) {
    for (policy, cause, kept) in [
        (Overflow::Refuse, "", &["0", "1"][..]),
        (Overflow::DropNewest, "queue full", &["0", "1"]),
        (Overflow::DropOldest, "queue full", &["3", "4"]),
        (Overflow::Conflate, "conflated", &["4"]),
    ] {
        let node = node().await;
        let later = address_for_later(listen);
        let push = Push::new("push")
            .dial(&later)
            .send_bound(Bound::messages(2))
            .overflow(policy);
        let push = node.spawn(push).await.unwrap();
        for number in 0..5 {
            let sent = in_time(push.send(number.to_string())).await;
            match sent {
                Ok(()) => assert!(policy != Overflow::Refuse || number < 2),
                Err(error) => {
                    assert!(policy == Overflow::Refuse && number >= 2 && error.is_full());
                    assert_eq!(error.into_content(), number.to_string().into());
                }
            }
        }
        let dropped = match policy {
            Overflow::Refuse => 0,
            _ => 5 - kept.len() as u64,
        };
        assert_eq!(push.lost(), dropped, "{policy:?}");
        let tree = node.snapshot().await.unwrap();
        assert_eq!(drops(&tree, "push", cause), dropped, "{policy:?}");

        let pull = pull(&node, &later).await;
        for text in kept {
            assert_eq!(next(&pull).await, *text, "{policy:?}");
        }
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        assert!(pull.try_recv().unwrap().is_none(), "{policy:?}");
        stop(node).await;
    }
}

async fn zeromq_10_a_large_message_takes_the_room_of_as_many_old_ones_as_it_needs(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let push = Push::new("push")
        .dial(&later)
        .send_bound(Bound::messages(100).bytes(10_000))
        .overflow(Overflow::DropOldest);
    let push = node.spawn(push).await.unwrap();
    for _ in 0..100 {
        push.try_send("").unwrap();
    }
    for number in 0..50 {
        push.try_send(vec![number; 1_000]).unwrap();
    }
    // Ten are as much as there may be, and no small one is left.
    assert_eq!((push.unflushed(), push.lost()), (10, 140));
    let pull = pull(&node, &later).await;
    for number in 40..50 {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(**message.payload(), [number; 1_000]);
    }
    stop(node).await;
}

async fn without_a_peer_the_dropping_policies_drop_and_count(listen: &str) {
    for policy in [
        Overflow::DropNewest,
        Overflow::DropOldest,
        Overflow::Conflate,
    ] {
        let node = node().await;
        let push = Push::new("push").listen(listen).overflow(policy);
        let push = node.spawn(push).await.unwrap();
        for _ in 0..3 {
            in_time(push.send("nobody is there")).await.unwrap();
        }
        assert_eq!(push.lost(), 3);
        let tree = node.snapshot().await.unwrap();
        assert_eq!(drops(&tree, "push", "no peer"), 3);
        stop(node).await;
    }
}

async fn what_is_too_large_or_has_too_many_parts_comes_back(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = Push::new("push")
        .dial(address(&pull))
        .message_bytes_max(1_000);
    let push = node.spawn(push).await.unwrap();
    let too_large = Content::new(vec![1; 1_001]);
    let too_many = Content::from_parts(vec![Payload::new(); PARTS_MAX + 1]);
    for content in [too_large, too_many] {
        let refused = push.try_send(content.clone()).unwrap_err();
        assert!(!refused.is_full() && !refused.is_closed() && !refused.is_no_peer());
        let refused = in_time(push.send(refused.into_content()))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("the limit is"), "{refused}");
        assert!(refused.into_content() == content);
    }
    push.send(vec![1; 1_000]).await.unwrap();
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(message.payload().len(), 1_000);
    assert_eq!(push.lost(), 0);
    stop(node).await;
}

async fn what_is_too_large_for_the_peer_is_counted_and_the_rest_goes_on(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(listen).message_bytes_max(1_000);
    let pull = node.spawn(pull).await.unwrap();
    let push = push(&node, &address(&pull)).await;
    push.send("before").await.unwrap();
    push.send(vec![1; 1_001]).await.unwrap();
    push.send("after").await.unwrap();
    assert_eq!(next(&pull).await, "before");
    assert_eq!(next(&pull).await, "after");
    let tree = node.snapshot().await.unwrap();
    assert_eq!(drops(&tree, "push", "too large for the peer"), 1);
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    stop(node).await;
}
