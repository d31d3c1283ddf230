//! A thousand subscribers of one publisher, and a tenth of them stalls. In a binary of its own, since it measures the
//! process.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval};
use treewire::prelude::*;
use treewire::{PubSocket, SocketEvent, SocketEvents, SubSocket};

mod support;
use support::memory::resident_bytes;
use support::*;

const SUBSCRIBERS: usize = 1_000;

/// One of so many stalls.
const STALLS: usize = 10;

const SEND: u64 = 50;

/// Of those who stall. The others have room for all, so only their connections have to keep up.
const RECEIVE: u64 = 5;

/// To measure the rate, when nobody stalls.
const ROUND: u64 = 25;

const MESSAGES: u64 = 120;

const LAST: u64 = ROUND + MESSAGES;

const MESSAGE_BYTES: usize = 1_024;

/// What the process may have gained beside what may be queued. Both together are half of what is delivered.
const SLACK_BYTES: u64 = 8 * 1024 * 1024;

#[tokio::test]
async fn of_a_thousand_subscribers_a_hundred_stall_and_the_others_get_everything() {
    a_tenth_stalls("inproc://to-a-thousand", SUBSCRIBERS).await;
    #[cfg(unix)]
    a_tenth_stalls(
        &numbered("ipc:///tmp/treewire-here-{}.sock"),
        with_descriptors(),
    )
    .await;
}

/// As many as the process may have descriptors for: each end of a connection has its socket, and a duplicate to cut it.
fn with_descriptors() -> usize {
    const OF_OTHERS: usize = 200;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let limit = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let pairs = limit.unwrap_or(1_024_usize).saturating_sub(OF_OTHERS) / 4;
    pairs.min(SUBSCRIBERS)
}

async fn a_tenth_stalls(listen: &str, subscribers: usize) {
    let node = node().await;
    let publisher = Pub::new("pub").listen(listen);
    let publisher = publisher.send_bound(Bound::messages(SEND));
    let publisher = node.spawn(publisher).await.unwrap();
    let mut subs = Vec::new();
    let stall = subscribers / STALLS;
    for number in 0..subscribers {
        let sub = Sub::new(format!("sub {number}")).dial(address(&publisher));
        let sub = match number < stall {
            true => sub.receive_bound(Bound::messages(RECEIVE)),
            false => sub,
        };
        subs.push(node.spawn(sub.subscribe("tick.*")).await.unwrap());
    }
    assert!(in_time(publisher.ready(subscribers)).await);

    let started = Instant::now();
    for number in 1..=ROUND {
        publish(&publisher, number).await;
    }
    join_all(subs.iter().map(|sub| take(sub, 1, ROUND))).await;
    let each = started.elapsed() / ROUND as u32;
    assert_eq!(publisher.lost(), 0);

    let resident = resident_bytes();
    let (stalled, taking) = subs.split_at(stall);
    let mut events: Vec<_> = stalled.iter().map(|sub| sub.events()).collect();
    let taken = join_all(taking.iter().map(|sub| take(sub, ROUND + 1, LAST)));
    tokio::join!(taken, publish_paced(&publisher, 2 * each));
    let gained = resident_bytes().saturating_sub(resident);
    eprintln!("{listen}: {subscribers} take {each:?} for each message, {gained} bytes more");
    let bound = subscribers as u64 * SEND * MESSAGE_BYTES as u64 + SLACK_BYTES;
    assert!(gained < bound, "{gained} bytes more");

    let lost = publisher.lost();
    let kept = stall as u64 * MESSAGES - lost;
    until("only the stalled ones have something to come", || {
        // To each that it missed some, too.
        publisher.unflushed() == kept + stall as u64
    })
    .await;
    let drained = stalled.iter().zip(&mut events);
    let missed = join_all(drained.map(|(sub, events)| drain(sub, events))).await;
    assert_eq!(missed.iter().sum::<u64>(), lost);
    assert_eq!(publisher.lost(), lost);
    assert_eq!(publisher.subscribers(), subscribers);
    stop(node).await;
}

async fn publish(publisher: &PubSocket, number: u64) {
    let message = Content::new("tick.all").with_part(number.to_string());
    let message = message.with_part(vec![7; MESSAGE_BYTES]);
    in_time(publisher.send(message)).await.unwrap();
}

async fn publish_paced(publisher: &PubSocket, every: Duration) {
    let mut pace = interval(every);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in ROUND + 1..=LAST {
        pace.tick().await;
        publish(publisher, number).await;
    }
}

/// The next message is that one.
async fn take_one(sub: &SubSocket, wanted: u64) {
    let message = in_time(sub.recv()).await.unwrap().unwrap();
    let number = message.parts().nth(1).unwrap();
    assert_eq!(*number, wanted.to_string().as_str());
}

async fn take(sub: &SubSocket, first: u64, last: u64) {
    for wanted in first..=last {
        take_one(sub, wanted).await;
    }
}

/// Takes what was kept for one who stalled: as much as its bounds have, then all the rest was missed. How many.
async fn drain(sub: &SubSocket, events: &mut SocketEvents) -> u64 {
    let kept = ROUND + SEND + RECEIVE;
    take(sub, ROUND + 1, kept).await;
    assert_eq!(next_missed(events).await, (kept + 1, LAST));
    assert!(sub.try_recv().unwrap().is_none());
    LAST - kept
}

async fn next_missed(events: &mut SocketEvents) -> (u64, u64) {
    loop {
        match in_time(events.next()).await.expect("it is open") {
            SocketEvent::Missed { from, to, .. } => return (from, to),
            SocketEvent::Lagged { count } => panic!("{count} events were not fetched in time"),
            _ => {}
        }
    }
}
