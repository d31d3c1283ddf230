//! What was sent before an end, and what it was told.

use super::*;

over_every_transport! {
    multisocket_04_what_was_sent_before_a_close_is_received
    a_close_says_how_much_it_dropped_and_counts_it
    a_stop_of_the_node_counts_what_it_dropped
    a_patient_close_waits_for_a_late_peer
    a_drain_waits_until_all_is_handled
}

async fn multisocket_04_what_was_sent_before_a_close_is_received(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    for number in 0..256 {
        push.send(number.to_string()).await.unwrap();
    }
    let receiving = async {
        for number in 0..256 {
            assert_eq!(next(&pull).await, number.to_string());
        }
    };
    let (closed, ()) = in_time(async { tokio::join!(push.close(WATCHDOG), receiving) }).await;
    assert_eq!(closed, Closed::Flushed);
    assert_eq!(push.lost(), 0);
    stop(node).await;
}

async fn a_drain_waits_until_all_is_handled(listen: &str) {
    let node = node().await;
    let pull = pull(&node, listen).await;
    let push = push(&node, &address(&pull)).await;
    push.send("first").await.unwrap();
    push.send("last").await.unwrap();
    assert_eq!(next(&pull).await, "first");
    let last = in_time(pull.recv()).await.unwrap().unwrap();
    let mut drained = pin!(push.drain());
    until("the first is known to be handled", || push.unflushed() == 1).await;
    assert!(poll_once(drained.as_mut()).await.is_pending());
    drop(last);
    in_time(drained).await;
    assert_eq!(push.unflushed(), 0);
    stop(node).await;
}

async fn a_close_says_how_much_it_dropped_and_counts_it(listen: &str) {
    let node = node().await;
    let push = push(&node, &address_for_later(listen)).await;
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    assert_eq!(
        in_time(push.close(Duration::ZERO)).await,
        Closed::Dropped(5)
    );
    assert_eq!(push.lost(), 5, "nothing is lost without being counted");
    let refused = in_time(push.send("late")).await.unwrap_err();
    assert!(refused.is_closed(), "{refused}");
    stop(node).await;
}

async fn a_stop_of_the_node_counts_what_it_dropped(listen: &str) {
    let node = node().await;
    let push = Push::new("push")
        .dial(address_for_later(listen))
        .linger(Duration::from_millis(20));
    let push = node.spawn(push).await.unwrap();
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    stop(node).await;
    assert_eq!(push.lost(), 5, "nothing is lost without being counted");
}

async fn a_patient_close_waits_for_a_late_peer(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let push = push(&node, &later).await;
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    let mut closing = pin!(push.close(None));
    assert!(poll_once(closing.as_mut()).await.is_pending());
    let pull = pull(&node, &later).await;
    for number in 0..5 {
        assert_eq!(next(&pull).await, number.to_string());
    }
    assert_eq!(in_time(closing).await, Closed::Flushed);
    stop(node).await;
}
