//! A reliable sender whose peer is away: memory stays flat, however often it tries to send. In a
//! binary of its own, since it measures the process.

use treewire::PushSocket;
use treewire::prelude::*;

mod support;
use support::memory::resident_bytes;
use support::*;

const ATTEMPTS: u64 = 1_000_000;

const MESSAGE_BYTES: usize = 1_024;

/// As a socket has it by default.
const BOUND: u64 = 1_000;

/// How many left before the peer went, and were not handled: some, and all that may be kept.
const LEFT: [u64; 2] = [400, BOUND];

/// What the process may have gained: less than a hundredth of what was to be sent.
const GAIN_BYTES_MAX: u64 = 8 * 1024 * 1024;

const POLICIES: [Overflow; 4] = [
    Overflow::Refuse,
    Overflow::DropNewest,
    Overflow::DropOldest,
    Overflow::Conflate,
];

fn numbered(number: u64) -> Vec<u8> {
    let mut bytes = vec![7; MESSAGE_BYTES];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn number_of(payload: &[u8]) -> u64 {
    u64::from_be_bytes(payload[..8].try_into().unwrap())
}

/// Tries to send the numbers from `first` on. Those that it kept.
fn try_all(push: &PushSocket, policy: Overflow, first: u64) -> Vec<u64> {
    let before = resident_bytes();
    let mut taken = 0;
    for number in first..first + ATTEMPTS {
        taken += u64::from(push.try_send(numbered(number)).is_ok());
    }
    let gained = resident_bytes().saturating_sub(before);
    eprintln!("{policy:?} after {first} that left: {gained} bytes more");
    assert!(gained < GAIN_BYTES_MAX, "{policy:?}: {gained} bytes more");

    let (room, end) = (BOUND - first, first + ATTEMPTS);
    // The newest is kept even if what left before is as much as there may be.
    let newest = room.max(1);
    let (accepted, kept) = match policy {
        Overflow::Wait | Overflow::Refuse => (room, first..first + room),
        Overflow::DropNewest => (ATTEMPTS, first..first + room),
        Overflow::DropOldest => (ATTEMPTS, end - newest..end),
        // Each time that it was full everything that waited went.
        Overflow::Conflate => (ATTEMPTS, end - 1 - (ATTEMPTS - 1) % newest..end),
    };
    assert_eq!(taken, accepted, "{policy:?}");
    assert_eq!(push.lost(), taken - (kept.end - kept.start), "{policy:?}");
    kept.collect()
}

#[tokio::test]
async fn a_million_attempts_to_send_to_a_peer_that_is_away_leave_memory_flat() {
    for policy in POLICIES {
        never_there(policy).await;
        for left in LEFT {
            gone_after_a_while(policy, left).await;
        }
    }
}

async fn never_there(policy: Overflow) {
    let node = node().await;
    let later = address_for_later("tcp://127.0.0.1:0");
    let push = Push::new("push").dial(&later).delivery(Reliable);
    let push = node.spawn(push.overflow(policy)).await.unwrap();
    let kept = try_all(&push, policy, 0);
    // The bound was not met by sending nothing at all.
    let pull = Pull::new("pull").listen(&later).delivery(Reliable);
    let pull = node.spawn(pull).await.unwrap();
    for number in kept {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(number_of(message.payload()), number, "{policy:?}");
    }
    in_time(push.drain()).await;
    stop(node).await;
}

async fn gone_after_a_while(policy: Overflow, left: u64) {
    let (near, far) = (node().await, node().await);
    let pull = Pull::new("pull").listen(address_for_later("tcp://127.0.0.1:0"));
    let (spec, pull) = pull.delivery(Reliable).into_spec();
    let group = Supervisor::new("group").child(spec);
    far.spawn(group).await.unwrap();
    let push = Push::new("push").dial(address(&pull)).delivery(Reliable);
    let push = near.spawn(push.overflow(policy)).await.unwrap();
    for number in 0..left {
        in_time(push.send(numbered(number))).await.unwrap();
    }
    until_tree(&far, "all have arrived", |tree| {
        messages_in(tree, "group/pull") == left
    })
    .await;
    far.stop_child("group/pull").await.unwrap();
    in_time(until("it is gone", || push.peers() == 0)).await;
    let kept = try_all(&push, policy, left);
    far.start_child("group/pull").await.unwrap();
    for number in (0..left).chain(kept) {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(number_of(message.payload()), number, "{policy:?}");
    }
    in_time(push.drain()).await;
    stop(near).await;
    stop(far).await;
}
