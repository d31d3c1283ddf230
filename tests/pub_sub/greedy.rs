//! Peers that subscribe to too much, or to what is no pattern.

use tokio::time::timeout;
use treewire::OfflineReason;

use super::support::greedy::*;
use super::support::raw::*;
use super::*;

const LISTEN: &str = "tcp://127.0.0.1:0";

/// How many subscriptions a publisher takes of one peer.
const SUBSCRIPTIONS_MAX: u64 = 100_000;

/// An honest subscriber beside the greedy one.
async fn honest(node: &Node, publisher: &PubSocket) -> SubSocket {
    let sub = Sub::new("honest").dial(address(publisher));
    joined(node, sub.subscribe("honest")).await
}

async fn is_served(publisher: &PubSocket, sub: &SubSocket) {
    publish(publisher, &["honest"]).await;
    assert_eq!(next(sub).await, "honest");
}

#[tokio::test]
async fn what_is_no_pattern_is_refused_with_a_reason_and_the_rest_goes_on() {
    let node = node().await;
    let publisher = publisher(&node, LISTEN).await;
    let sub = honest(&node, &publisher).await;
    let mut greedy = Greedy::new(&publisher, true).await;
    // The one a single frame carries, the other one does not.
    let nearly = vec![b'x'; 1024 * 1024 - 100];
    let megabyte = vec![b'x'; 1024 * 1024];
    let wishes = [
        (PREFIX, &nearly[..], "1048476 bytes, at most 1024"),
        (TOKENS, &nearly, "1048476 bytes, at most 1024"),
        (PREFIX, &megabyte, "1048576 bytes, at most 1024"),
        (TOKENS, &megabyte, "1048576 bytes, at most 1024"),
        (PREFIX, &megabyte[..1_025], "1025 bytes"),
        (TOKENS, b"", "the pattern is empty"),
        (TOKENS, b"a..b", "has an empty token"),
        (TOKENS, b"a b", "has white space"),
        (TOKENS, b">.a", "is not the last token"),
        (TOKENS, &[0xff], "is not UTF-8"),
        (7, b"a", "no pattern of kind 7"),
    ];
    for (number, (matching, pattern, reason)) in wishes.into_iter().enumerate() {
        let wish = subscribe(number as u64 + 1, matching, pattern);
        greedy.says_all([wish]).await;
        greedy
            .listens_until(|greedy| greedy.refusals.len() > number)
            .await;
        let refusal = &greedy.refusals[number];
        assert!(refusal.contains(reason), "{reason} in {refusal}");
    }
    // Neither what is no note, nor one that is not for a publisher, nor one without an id.
    let nonsense = [
        frame(0xc0, 1, &[]),
        frame(0xc0, 1, &[99, 1, 2, 3]),
        note(1, &[4]),
        note(1, &[4, 0, 0xff, 0xff]),
        note(1, &[3, 1, b'x']),
        subscribe(0, PREFIX, b"without an id"),
        note(77, &[5]),
        frame(0x10, 1, b"a message"),
    ];
    greedy.says_all(nonsense).await;
    greedy
        .says_all([subscribe(1, PREFIX, b"h"), resume()])
        .await;
    assert!(in_time(publisher.ready(2)).await);
    is_served(&publisher, &sub).await;
    greedy
        .listens_until(|greedy| !greedy.topics.is_empty())
        .await;
    assert_eq!(greedy.topics, [b"honest"]);
    assert_eq!(publisher.subscription_count(), 2);
    stop(node).await;
}

#[tokio::test]
async fn a_pattern_in_a_frame_that_is_too_long_ends_the_connection_and_no_other() {
    let node = node().await;
    let publisher = publisher(&node, LISTEN).await;
    let sub = honest(&node, &publisher).await;
    let mut events = publisher.events();
    let mut greedy = Greedy::new(&publisher, true).await;
    let length = varint(FRAME_BYTES_MAX as u64);
    let head = [&varint(1)[..], &[4, PREFIX], &length].concat();
    let whole = [head, vec![b'x'; FRAME_BYTES_MAX]].concat();
    greedy.raw.say(&frame(0xc8, 1, &whole)).await;
    greedy.raw.hear_all().await;
    let reason = loop {
        match in_time(events.next()).await.expect("it is open") {
            SocketEvent::Offline { reason, .. } => break reason,
            SocketEvent::Subscribed { pattern, .. } => panic!("{pattern}"),
            _ => {}
        }
    };
    assert!(matches!(reason, OfflineReason::Misbehaved(_)), "{reason:?}");
    assert_eq!(publisher.subscription_count(), 1);
    is_served(&publisher, &sub).await;
    stop(node).await;
}

/// As many as there may be, and 1,000 more. `subscriptions_memory` has a million.
#[tokio::test]
async fn one_peer_has_so_many_subscriptions_and_no_more() {
    const MORE: u64 = 1_000;
    let node = node().await;
    let publisher = publisher(&node, LISTEN).await;
    let sub = honest(&node, &publisher).await;
    let mut greedy = Greedy::new(&publisher, true).await;
    let wishes = (1..=SUBSCRIPTIONS_MAX + MORE).map(|number| {
        let pattern = format!("a{number}.*.b");
        subscribe(number, (number % 2) as u8, pattern.as_bytes())
    });
    greedy.says_all(wishes).await;
    greedy
        .listens_until(|greedy| greedy.refusals.len() as u64 == MORE)
        .await;
    assert!(greedy.refusals[0].contains("100000 subscriptions, which is the limit"));
    assert_eq!(publisher.subscription_count() as u64, SUBSCRIPTIONS_MAX + 1);
    is_served(&publisher, &sub).await;
    // There is room again for one that is taken back.
    greedy
        .says_all([note(1, &[5]), subscribe(1, PREFIX, b"honest"), resume()])
        .await;
    assert!(in_time(publisher.ready(2)).await);
    is_served(&publisher, &sub).await;
    greedy
        .listens_until(|greedy| !greedy.topics.is_empty())
        .await;
    assert_eq!(greedy.refusals.len() as u64, MORE);
    drop(greedy);
    until("nothing is left of it", || {
        (publisher.subscribers(), publisher.subscription_count()) == (1, 1)
    })
    .await;
    is_served(&publisher, &sub).await;
    stop(node).await;
}

/// Whoever does not listen to the answers runs out of credit, and they do not pile up.
#[tokio::test]
async fn who_does_not_take_the_answers_is_held_up() {
    const MANY: u64 = 20_000;
    /// What may be under way and waiting, both ways together.
    const BOUND: u64 = 4_000;
    let node = node().await;
    let publisher = publisher(&node, LISTEN).await;
    let sub = honest(&node, &publisher).await;
    let bad: fn(u64) -> Vec<u8> = |_| subscribe(1, TOKENS, b"a..b");
    let same: fn(u64) -> Vec<u8> = |number| match number {
        0 => resume(),
        _ => subscribe(1, TOKENS, b"a"),
    };
    for wish in [bad, same] {
        let mut greedy = Greedy::new(&publisher, false).await;
        let mut wishes = (0..MANY).map(wish);
        while greedy.says(&mut wishes).await {
            let listening = greedy.listens_until(|greedy| greedy.may_send > greedy.sent);
            if timeout(Duration::from_millis(500), listening)
                .await
                .is_err()
            {
                break;
            }
        }
        let (sent, queued) = (greedy.sent, publisher.unflushed());
        assert!(
            sent < BOUND && queued < BOUND,
            "{sent} said, {queued} queued"
        );
        is_served(&publisher, &sub).await;
    }
    stop(node).await;
}
