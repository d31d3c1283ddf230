//! Who subscribed to what, and until when.

use super::*;

over_every_transport! {
    iridium_10_counts_and_events_are_right_after_a_clean_close
    iridium_10_counts_and_events_are_right_after_a_lost_connection
    iridium_10_a_killed_subscriber_is_counted_once
}

/// What a publisher was told.
struct Witness {
    events: SocketEvents,
    /// `+` for a subscription, `-` for its end.
    told: Vec<String>,
}

impl Witness {
    async fn until(&mut self, what: &str, count: usize) -> &[String] {
        let events = &mut self.events;
        let told = &mut self.told;
        until(what, || {
            while let Some(event) = events.try_next() {
                match event {
                    SocketEvent::Subscribed { pattern, .. } => told.push(format!("+{pattern}")),
                    SocketEvent::Unsubscribed { pattern, .. } => told.push(format!("-{pattern}")),
                    _ => {}
                }
            }
            told.len() >= count
        })
        .await;
        self.told.sort();
        &self.told
    }
}

struct World {
    node: Node,
    publisher: PubSocket,
    witness: Witness,
    first: SubSocket,
    second: SubSocket,
}

async fn world(listen: &str) -> World {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let witness = Witness {
        events: publisher.events(),
        told: Vec::new(),
    };
    assert_eq!(
        (publisher.subscribers(), publisher.subscription_count()),
        (0, 0)
    );
    let first = Sub::new("first").dial(address(&publisher)).reconnect(false);
    let first = first.subscribe("a").subscribe("b.*").subscribe_prefix("c");
    let first = joined(&node, first).await;
    let second = Sub::new("second").dial(address(&publisher));
    let second = joined(&node, second.subscribe("a")).await;
    let mut world = World {
        node,
        publisher,
        witness,
        first,
        second,
    };
    world.counts(2, 4).await;
    let told = world.witness.until("all came", 4).await;
    assert_eq!(told, ["+a", "+a", "+b.*", "+prefix \"c\""]);
    world
}

impl World {
    async fn counts(&self, subscribers: usize, subscriptions: usize) {
        let publisher = &self.publisher;
        until("the publisher knows how many there are", || {
            publisher.subscribers() == subscribers
                && publisher.subscription_count() == subscriptions
        })
        .await;
    }

    /// The first has left, and nobody else.
    async fn without_the_first(mut self) {
        self.counts(1, 1).await;
        let told = self.witness.until("all was told", 7).await;
        let ends: Vec<_> = told.iter().filter(|one| one.starts_with('-')).collect();
        assert_eq!(ends, ["-a", "-b.*", "-prefix \"c\""]);
        publish(&self.publisher, &["b.1", "c", "a"]).await;
        assert_eq!(next(&self.second).await, "a");
        assert_eq!(self.publisher.lost(), 0, "nobody wanted the others");
        let _ = in_time(self.second.close(WATCHDOG)).await;
        self.counts(0, 0).await;
        let told = self.witness.until("the second has left, too", 8).await;
        assert_eq!(told.len(), 8);
        stop(self.node).await;
    }
}

async fn iridium_10_counts_and_events_are_right_after_a_clean_close(listen: &str) {
    let world = world(listen).await;
    assert_eq!(in_time(world.first.close(WATCHDOG)).await, Closed::Flushed);
    world.without_the_first().await;
}

async fn iridium_10_counts_and_events_are_right_after_a_lost_connection(listen: &str) {
    let world = world(listen).await;
    assert!(kill(&world.node, "first", "connection").await);
    world.without_the_first().await;
}

async fn iridium_10_a_killed_subscriber_is_counted_once(listen: &str) {
    let world = world(listen).await;
    for round in 0..3 {
        let restarts = |tree: &NodeSnapshot| tree.find("second").unwrap().restarts;
        in_time(world.node.kill("second")).await.unwrap();
        until_tree(&world.node, "it has restarted", |tree| {
            restarts(tree) == round + 1
        })
        .await;
        assert!(in_time(world.second.joined()).await);
        world.counts(2, 4).await;
        publish(&world.publisher, &["a"]).await;
        assert_eq!(next(&world.second).await, "a");
        assert_eq!(next(&world.first).await, "a");
    }
    stop(world.node).await;
}
