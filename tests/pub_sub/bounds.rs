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
