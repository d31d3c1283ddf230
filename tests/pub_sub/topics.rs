//! Which messages come, and how often.

use super::*;

over_every_transport! {
    a_prefix_gets_only_what_begins_with_it
    conat_04_tokens_match_by_wildcards
    overlapping_subscriptions_deliver_once
    subscriptions_change_while_it_runs
    conat_01_an_empty_message_and_parts_arrive_as_they_were
    subscriptions_come_back_with_their_publisher
    multisocket_04_what_was_published_before_a_close_is_received
    a_subscriber_of_two_publishers_tells_both
    a_typed_message_reaches_the_actor_that_wants_its_topic
}

async fn a_prefix_gets_only_what_begins_with_it(listen: &str) {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let dial = Sub::new("sub").dial(address(&publisher));
    let sub = joined(&node, dial.subscribe_prefix("fx.").subscribe_prefix("b")).await;
    let all = Sub::new("all").dial(address(&publisher));
    let all = joined(&node, all.subscribe_prefix("")).await;
    let topics = [
        "fx", "fx.", "fx.usd", "a", "b", "bond", "", "Fx.usd", "fx.end",
    ];
    publish(&publisher, &topics).await;
    let wanted = ["fx.", "fx.usd", "b", "bond", "fx.end"];
    assert_eq!(until_last(&sub, "fx.end").await, wanted);
    assert_eq!(until_last(&all, "fx.end").await, topics);
    stop(node).await;
}

async fn conat_04_tokens_match_by_wildcards(listen: &str) {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let mut subs = Vec::new();
    for (pattern, wanted) in [
        ("a.*", &["a.b", "a.c"][..]),
        ("a.>", &["a.b", "a.c", "a.b.c"]),
        ("*.b.*", &["a.b.c", "x.b.c"]),
        ("a", &["a"]),
        (">", &["a", "a.b", "ab.c", "a.c", "a.b.c", "x.b.c"]),
    ] {
        let sub = Sub::new(pattern.replace('.', "-")).dial(address(&publisher));
        let sub = sub.subscribe(pattern).subscribe("end");
        subs.push((joined(&node, sub).await, pattern, wanted));
    }
    publish(
        &publisher,
        &["a", "a.b", "ab.c", "a.c", "a.b.c", "x.b.c", "end"],
    )
    .await;
    for (sub, pattern, wanted) in subs {
        let mut got = until_last(&sub, "end").await;
        got.pop();
        assert_eq!(got, wanted, "{pattern}");
    }
    stop(node).await;
}

async fn overlapping_subscriptions_deliver_once(listen: &str) {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let sub = Sub::new("sub")
        .dial(address(&publisher))
        .subscribe(">")
        .subscribe("a.*")
        .subscribe("a.>")
        .subscribe("a.b")
        .subscribe("a.b")
        .subscribe_prefix("a")
        .subscribe_prefix("a.")
        .subscribe_prefix("");
    let sub = joined(&node, sub).await;
    assert_eq!(
        publisher.subscription_count(),
        7,
        "one of them is there twice"
    );
    let topics = ["a.b", "a.c", "a.b.c", "b", "end"];
    publish(&publisher, &topics).await;
    assert_eq!(until_last(&sub, "end").await, topics);
    assert!(sub.try_recv().unwrap().is_none());
    stop(node).await;
}

async fn subscriptions_change_while_it_runs(listen: &str) {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let sub = Sub::new("sub").dial(address(&publisher)).subscribe("end");
    let sub = joined(&node, sub).await;
    publish(&publisher, &["a.1", "b.1", "end"]).await;
    assert_eq!(until_last(&sub, "end").await, ["end"]);

    sub.subscribe("a.*").unwrap();
    sub.subscribe("a.*").unwrap();
    sub.subscribe_prefix("b").unwrap();
    assert!(in_time(sub.joined()).await);
    publish(&publisher, &["a.2", "b.2", "end"]).await;
    assert_eq!(until_last(&sub, "end").await, ["a.2", "b.2", "end"]);

    assert!(sub.unsubscribe("a.*") && sub.unsubscribe_prefix("b"));
    assert!(!sub.unsubscribe_prefix("b"), "it is gone");
    until("the publisher knows", || {
        publisher.subscription_count() == 2
    })
    .await;
    publish(&publisher, &["a.3", "b.3", "end"]).await;
    assert_eq!(until_last(&sub, "end").await, ["a.3", "end"], "once more");

    assert!(sub.unsubscribe("a.*"));
    until("the publisher knows", || {
        publisher.subscription_count() == 1
    })
    .await;
    publish(&publisher, &["a.4", "b.4", "end"]).await;
    assert_eq!(until_last(&sub, "end").await, ["end"]);

    for no_pattern in ["", "a..b", "a b", ">.a"] {
        assert!(sub.subscribe(no_pattern).is_err(), "{no_pattern:?}");
        assert!(!sub.unsubscribe(no_pattern), "{no_pattern:?}");
    }
    let refused = sub.subscribe_prefix([0; 1_025]).unwrap_err().to_string();
    assert!(refused.contains("1025 bytes"), "{refused}");
    assert_eq!(sub.subscriptions(), [Pattern::tokens("end").unwrap()]);
    stop(node).await;
}

async fn conat_01_an_empty_message_and_parts_arrive_as_they_were(listen: &str) {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let sub = Sub::new("sub").dial(address(&publisher));
    let sub = joined(&node, sub.subscribe_prefix("")).await;
    let contents = [
        Content::new(""),
        Content::new("topic")
            .with_part("")
            .with_part(vec![7; 100_000]),
        Content::new([0xff, 0, b'.'].to_vec()).with_header("trace", "17"),
    ];
    for content in &contents {
        in_time(publisher.send(content.clone())).await.unwrap();
    }
    for (sent, number) in contents.iter().zip(1..) {
        let message = in_time(sub.recv()).await.unwrap().unwrap();
        assert!(*message == *sent, "{:?}", message.headers());
        assert_eq!(message.position().unwrap().sequence, number);
    }
    stop(node).await;
}

/// The subscriber comes first, and is never told to subscribe again.
async fn subscriptions_come_back_with_their_publisher(listen: &str) {
    let node = node().await;
    let later = address_for_later(listen);
    let sub = Sub::new("sub").dial(&later).subscribe("a").subscribe("b");
    let sub = node.spawn(sub).await.unwrap();
    for round in 0..3 {
        let name = format!("pub {round}");
        let publisher = Pub::new(&name).listen(&later);
        let publisher = node.spawn(publisher).await.unwrap();
        assert!(in_time(publisher.ready(1)).await);
        assert_eq!(publisher.subscription_count(), 2 - usize::from(round == 2));
        publish(&publisher, &["a", "b", "c", "a"]).await;
        let wanted = match round {
            2 => &["a", "a"][..],
            _ => &["a", "b", "a"],
        };
        for topic in wanted {
            assert_eq!(next(&sub).await, *topic, "{round}");
        }
        let _ = in_time(publisher.close(WATCHDOG)).await;
        if round == 1 {
            assert!(sub.unsubscribe("b"), "while nobody is there");
        }
    }
    stop(node).await;
}

async fn multisocket_04_what_was_published_before_a_close_is_received(listen: &str) {
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let sub = Sub::new("sub").dial(address(&publisher)).subscribe(">");
    let sub = joined(&node, sub).await;
    for number in 0..256 {
        publish(&publisher, &[&number.to_string()]).await;
    }
    let receiving = async {
        for number in 0..256 {
            assert_eq!(next(&sub).await, number.to_string());
        }
    };
    let (closed, ()) = in_time(async { tokio::join!(publisher.close(WATCHDOG), receiving) }).await;
    assert_eq!(closed, Closed::Flushed);
    assert_eq!(publisher.lost(), 0);
    stop(node).await;
}

async fn a_subscriber_of_two_publishers_tells_both(listen: &str) {
    let node = node().await;
    let first = publisher(&node, listen).await;
    // Two listen at the same place only where the system gives each a port.
    if !listen.ends_with(":0") {
        return stop(node).await;
    }
    let second = node.spawn(Pub::new("second").listen(listen)).await.unwrap();
    let sub = Sub::new("sub").dial(address(&first)).dial(address(&second));
    let sub = node.spawn(sub.subscribe("a")).await.unwrap();
    for publisher in [&first, &second] {
        assert!(in_time(publisher.ready(1)).await);
        publish(publisher, &["b", "a"]).await;
    }
    let mut streams = BTreeSet::new();
    for _ in 0..2 {
        let message = in_time(sub.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), "a");
        let position = message.position().unwrap();
        assert_eq!(position.sequence, 2);
        streams.insert(position.to_string());
    }
    assert_eq!(streams.len(), 2);
    stop(node).await;
}

mod typed {
    use serde::{Deserialize, Serialize};
    use treewire::prelude::*;

    #[derive(Serialize, Deserialize, WireMessage)]
    #[wire(name = "test.Tick", reply = ())]
    pub(super) struct Tick {
        pub(super) cents: u64,
    }

    pub(super) struct Desk(pub(super) tokio::sync::mpsc::UnboundedSender<u64>);

    impl Actor for Desk {
        type Context = Context<Self>;
    }

    impl Handler<Tick> for Desk {
        type Result = ();

        fn handle(&mut self, tick: Tick, _: &mut Context<Self>) {
            self.0.send(tick.cents).unwrap();
        }
    }
}

async fn a_typed_message_reaches_the_actor_that_wants_its_topic(listen: &str) {
    use typed::{Desk, Tick};
    let node = node().await;
    let publisher = publisher(&node, listen).await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let desk = Child::new("desk", move || Desk(told.clone()));
    let desk = node.spawn(desk).await.unwrap();
    let sub = Sub::new("sub").dial(address(&publisher));
    joined(&node, sub.subscribe("fx.*").deliver::<Tick>(&desk)).await;
    for (topic, cents) in [("fx.usd", 1), ("bond", 2), ("fx.eur", 3)] {
        in_time(publisher.publish(topic, &Tick { cents }))
            .await
            .unwrap();
    }
    assert_eq!(in_time(heard.recv()).await, Some(1));
    assert_eq!(in_time(heard.recv()).await, Some(3));
    stop(node).await;
}
