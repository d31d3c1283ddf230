//! What queues take, and who feels it.

use super::*;

over_every_transport! {
    zeromq_10_at_its_bound_it_delivers_exactly_its_bound_and_counts_the_rest
}

/// The queues of both ends add up, as credit has it.
async fn zeromq_10_at_its_bound_it_delivers_exactly_its_bound_and_counts_the_rest(listen: &str) {
    for (send, receive) in [(1, 1), (2, 3), (1_000, 2), (2, 1_000)] {
        let node = node().await;
        let publisher = Pub::new("pub").listen(listen);
        let publisher = publisher.send_bound(Bound::messages(send));
        let publisher = node.spawn(publisher).await.unwrap();
        let sub = Sub::new("sub").dial(address(&publisher));
        let sub = sub.receive_bound(Bound::messages(receive)).subscribe(">");
        let sub = joined(&node, sub).await;
        let mut events = sub.events();
        for number in 1..=receive {
            publish(&publisher, &[&number.to_string()]).await;
            until("it has arrived", || sub.positions()[0].sequence == number).await;
        }
        for number in receive + 1..=receive + send + 7 {
            publish(&publisher, &[&number.to_string()]).await;
        }
        assert_eq!(publisher.lost(), 7, "{send} and {receive}");
        let tree = in_time(node.snapshot()).await.unwrap();
        assert_eq!(drops(&tree, "pub", "queue full"), 7);
        for number in 1..=receive + send {
            assert_eq!(next(&sub).await, number.to_string());
        }
        let gap = (receive + send + 1, receive + send + 7);
        assert_eq!(next_missed(&mut events).await, gap);
        assert!(sub.try_recv().unwrap().is_none());
        stop(node).await;
    }
}

/// A tenth of them never takes anything.
#[tokio::test]
async fn of_a_thousand_subscribers_a_hundred_stall_and_the_others_get_everything() {
    const SUBSCRIBERS: usize = 1_000;
    const STALLED: usize = 100;
    const MESSAGES: u64 = 100;
    const BATCH: u64 = 10;
    const SEND: u64 = 20;
    const RECEIVE: u64 = 5;
    let node = node().await;
    let publisher = Pub::new("pub").listen("inproc://to-a-thousand");
    let publisher = publisher.send_bound(Bound::messages(SEND));
    let publisher = node.spawn(publisher).await.unwrap();
    let mut subs = Vec::new();
    for number in 0..SUBSCRIBERS {
        let sub = Sub::new(format!("sub {number}")).dial(address(&publisher));
        let sub = match number < STALLED {
            true => sub.receive_bound(Bound::messages(RECEIVE)),
            false => sub,
        };
        subs.push(node.spawn(sub.subscribe("tick.*")).await.unwrap());
    }
    assert!(in_time(publisher.ready(SUBSCRIBERS)).await);
    let (stalled, taking) = subs.split_at(STALLED);
    let mut lagging = stalled[0].events();
    for number in 0..MESSAGES {
        let message = Content::new("tick.all").with_part(number.to_string());
        in_time(publisher.send(message)).await.unwrap();
        if (number + 1) % BATCH > 0 {
            continue;
        }
        for sub in taking {
            for wanted in number + 1 - BATCH..=number {
                let message = in_time(sub.recv()).await.unwrap().unwrap();
                let mut parts = message.parts();
                assert_eq!(*parts.nth(1).unwrap(), wanted.to_string().as_str());
            }
        }
        // The stalled ones have taken what they take before anything is dropped.
        if number < RECEIVE + SEND {
            until("what is under way has arrived", || {
                stalled
                    .iter()
                    .all(|sub| sub.positions()[0].sequence >= RECEIVE)
            })
            .await;
        }
    }
    let kept = SEND + RECEIVE;
    let dropped = STALLED as u64 * (MESSAGES - kept);
    assert_eq!(publisher.lost(), dropped);
    until("only the stalled ones have something to come", || {
        publisher.unflushed() == STALLED as u64 * (kept + 1)
    })
    .await;
    for sub in stalled {
        for number in 0..kept {
            let message = in_time(sub.recv()).await.unwrap().unwrap();
            let mut parts = message.parts();
            assert_eq!(*parts.nth(1).unwrap(), number.to_string().as_str());
        }
    }
    assert_eq!(next_missed(&mut lagging).await, (kept + 1, MESSAGES));
    assert_eq!(publisher.lost(), dropped);
    assert_eq!(publisher.subscribers(), SUBSCRIBERS);
    stop(node).await;
}
