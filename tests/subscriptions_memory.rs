//! A million subscriptions by one peer: those beyond its bound are refused, and cost nothing that
//! stays. In a binary of its own, since it measures the process.

use treewire::prelude::*;

mod support;
use support::greedy::*;
use support::memory::resident_bytes;
use support::*;

const SUBSCRIPTIONS: u64 = 1_000_000;

/// How many a publisher takes of one peer.
const SUBSCRIPTIONS_MAX: u64 = 100_000;

/// What may be queued for all peers together: answers that wait to leave cost credit.
const QUEUED_MAX: u64 = 4_000;

/// What the process may have gained by what was refused: the answers have ten times as much.
const GAIN_BYTES_MAX: u64 = 8 * 1024 * 1024;

#[tokio::test]
async fn of_a_million_subscriptions_by_one_peer_those_beyond_its_bound_are_refused_and_cost_nothing()
 {
    let node = node().await;
    let publisher = Pub::new("pub").listen("tcp://127.0.0.1:0");
    let publisher = node.spawn(publisher).await.unwrap();
    let honest = Sub::new("honest").dial(address(&publisher));
    let honest = node.spawn(honest.subscribe("honest")).await.unwrap();
    assert!(in_time(honest.joined()).await);

    let mut greedy = Greedy::new(&publisher, true).await;
    let mut wishes = (1..=SUBSCRIPTIONS).map(|number| {
        let pattern = format!("a{number}.*.b");
        subscribe(number, (number % 2) as u8, pattern.as_bytes())
    });
    let (mut refused, mut answer_bytes, mut served) = (0, 0, 0);
    let mut before = None;
    while refused < SUBSCRIPTIONS - SUBSCRIPTIONS_MAX {
        if greedy.says(&mut wishes).await {
            greedy
                .listens_until(|greedy| greedy.may_send > greedy.sent)
                .await;
        } else {
            greedy
                .listens_until(|greedy| !greedy.refusals.is_empty())
                .await;
        }
        for reason in greedy.refusals.drain(..) {
            assert!(
                reason.contains("100000 subscriptions, which is the limit"),
                "{reason}"
            );
            refused += 1;
            answer_bytes += reason.len() as u64;
        }
        assert!(publisher.unflushed() < QUEUED_MAX);
        if refused > 0 && before.is_none() {
            before = Some(resident_bytes());
        }
        if greedy.sent / 50_000 > served {
            served += 1;
            in_time(publisher.send("honest")).await.unwrap();
            let message = in_time(honest.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), "honest");
        }
    }
    let gained = resident_bytes().saturating_sub(before.expect("some were refused"));
    println!(
        "refused {refused} in {answer_bytes} bytes, served {served} meanwhile, gained {gained} bytes"
    );
    assert_eq!((greedy.sent, served), (SUBSCRIPTIONS, 20));
    assert_eq!(refused, SUBSCRIPTIONS - SUBSCRIPTIONS_MAX);
    assert_eq!(publisher.subscription_count() as u64, SUBSCRIPTIONS_MAX + 1);
    assert!(
        answer_bytes > 10 * GAIN_BYTES_MAX && gained < GAIN_BYTES_MAX,
        "{gained}"
    );
    stop(node).await;
}
