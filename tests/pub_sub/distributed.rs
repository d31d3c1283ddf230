//! One publisher and many subscribers.

use super::*;

over_every_transport! {
    distributed_01_many_subscribers_of_different_topics_get_their_own
    distributed_02_a_synchronised_publish_starts_when_all_are_there
}

async fn distributed_01_many_subscribers_of_different_topics_get_their_own(listen: &str) {
    const SUBSCRIBERS: usize = 20;
    const ROUNDS: usize = 50;
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let mut subs = Vec::new();
    for number in 0..SUBSCRIBERS {
        let sub = Sub::new(format!("sub {number}")).dial(address(&publisher));
        let sub = match number % 2 {
            0 => sub.subscribe(&format!("weather.{number}.*")),
            _ => sub.subscribe_prefix(format!("weather.{number}.")),
        };
        subs.push(joined(&node, sub).await);
    }
    for round in 0..ROUNDS {
        for number in 0..SUBSCRIBERS {
            publish(&publisher, &[&format!("weather.{number}.{round}")]).await;
        }
    }
    for (number, sub) in subs.iter().enumerate() {
        for round in 0..ROUNDS {
            assert_eq!(next(sub).await, format!("weather.{number}.{round}"));
        }
        assert!(sub.try_recv().unwrap().is_none());
    }
    assert_eq!(publisher.lost(), 0);
    stop(node).await;
}

async fn distributed_02_a_synchronised_publish_starts_when_all_are_there(listen: &str) {
    const SUBSCRIBERS: usize = 10;
    const MESSAGES: usize = 500;
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let dialed = address(&publisher);
    let publishing = tokio::spawn(async move {
        assert!(publisher.ready(SUBSCRIBERS).await);
        for number in 0..MESSAGES {
            publisher.send(number.to_string()).await.unwrap();
        }
        publisher
    });
    let mut receiving = Vec::new();
    for number in 0..SUBSCRIBERS {
        assert!(!publishing.is_finished(), "not all are there");
        let sub = Sub::new(format!("sub {number}")).dial(&dialed);
        let sub = node.spawn(sub.subscribe(">")).await.unwrap();
        receiving.push(tokio::spawn(async move {
            for number in 0..MESSAGES {
                assert_eq!(next(&sub).await, number.to_string());
            }
        }));
    }
    let publisher = in_time(publishing).await.unwrap();
    for receiving in receiving {
        in_time(receiving).await.unwrap();
    }
    assert_eq!(publisher.lost(), 0);
    stop(node).await;
}
