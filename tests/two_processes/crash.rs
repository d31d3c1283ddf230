//! A subscriber's process that is killed: nothing of what it wanted is left at the publisher.

use std::future::pending;

use treewire::prelude::*;
use treewire::{PubSocket, SocketEvent, SocketEvents};

use crate::second::{Other, dials};
use crate::support::*;

const SUBSCRIPTIONS: usize = 3;

/// How often one is started and killed.
const ROUNDS: usize = 2;

/// The process that is killed.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn second() {
    let mut first = Other::first();
    let node = node().await;
    let sub = Sub::new("sub").dial(dials());
    let sub = sub.subscribe("a").subscribe("b.*").subscribe_prefix("c");
    let sub = node.spawn(sub).await.unwrap();
    let message = sub.recv().await.unwrap().unwrap();
    assert_eq!(*message.payload(), "a");
    first.say("received");
    pending().await
}

/// What a publisher is told of subscriptions.
struct Witness {
    events: SocketEvents,
    told: Vec<String>,
}

impl Witness {
    /// What was told since the last time, once it is so much: `+` and `-` and the pattern, sorted.
    async fn next(&mut self, count: usize) -> Vec<String> {
        let (events, told) = (&mut self.events, &mut self.told);
        until("the publisher is told", || {
            while let Some(event) = events.try_next() {
                match event {
                    SocketEvent::Subscribed { pattern, .. } => told.push(format!("+{pattern}")),
                    SocketEvent::Unsubscribed { pattern, .. } => told.push(format!("-{pattern}")),
                    SocketEvent::Lagged { count } => panic!("{count} events were missed"),
                    _ => {}
                }
            }
            told.len() >= count
        })
        .await;
        told.sort();
        std::mem::take(told)
    }
}

async fn counts(publisher: &PubSocket, subscribers: usize, subscriptions: usize) {
    until("the publisher knows how many there are", || {
        (publisher.subscribers(), publisher.subscription_count()) == (subscribers, subscriptions)
    })
    .await;
}

async fn iridium_10_a_subscriber_whose_process_crashes_is_unsubscribed_from_everything(
    listen: &str,
) {
    let node = node().await;
    let publisher = Pub::new("pub").listen(listen);
    let publisher = node.spawn(publisher).await.unwrap();
    let mut witness = Witness {
        events: publisher.events(),
        told: Vec::new(),
    };
    for _ in 0..ROUNDS {
        let mut other = Other::start("subscriber", &address(&publisher));
        counts(&publisher, 1, SUBSCRIPTIONS).await;
        let came = witness.next(SUBSCRIPTIONS).await;
        assert_eq!(came, ["+a", "+b.*", "+prefix \"c\""]);
        in_time(publisher.send("a")).await.unwrap();
        in_time(other.hear("received")).await;
        other.crash();
        counts(&publisher, 0, 0).await;
        let went = witness.next(SUBSCRIPTIONS).await;
        assert_eq!(went, ["-a", "-b.*", "-prefix \"c\""]);
    }
    // What was under way to the killed ones may be; what nobody wants is not lost.
    let lost = publisher.lost();
    in_time(publisher.send("a")).await.unwrap();
    assert_eq!(publisher.lost(), lost);
    stop(node).await;
}

over_every_wire! {
    iridium_10_a_subscriber_whose_process_crashes_is_unsubscribed_from_everything
}
