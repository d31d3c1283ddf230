//! Reliable sockets: whoever waits is told, whatever happens at that very moment.

use std::time::Duration;

use tokio::net::TcpListener;
use treewire::prelude::*;

mod support;
use support::raw::*;
use support::*;

fn push(url: &str) -> Push {
    Push::new("push").dial(url).delivery(Reliable)
}

fn pull(listen: &str) -> Pull {
    Pull::new("pull").listen(listen).delivery(Reliable)
}

#[tokio::test]
async fn who_waits_for_acknowledgements_is_told_that_the_peer_was_replaced() {
    let (near, far, other) = (node().await, node().await, node().await);
    let first = pull("tcp://127.0.0.1:0").linger(Duration::ZERO);
    let first = far.spawn(first).await.unwrap();
    let url = address(&first);
    let push = near.spawn(push(&url)).await.unwrap();
    in_time(push.send("handled")).await.unwrap();
    drop(in_time(first.recv()).await.unwrap().unwrap());
    in_time(push.drain()).await;
    stop(far).await;
    in_time(until("it is gone", || push.peers() == 0)).await;
    push.try_send("waits").unwrap();
    let waiting = push.clone();
    let drained = tokio::spawn(async move { waiting.drain().await });
    // It waits before the other node is there.
    tokio::task::yield_now().await;
    other.spawn(pull(&url)).await.unwrap();
    in_time(drained).await.unwrap();
    assert_eq!(push.lost(), 1);
    stop(near).await;
    stop(other).await;
}

#[tokio::test]
async fn a_message_that_is_too_large_for_the_peer_makes_room_for_the_next() {
    let node = node().await;
    let small = pull("inproc://small").message_bytes_max(1_000);
    let pull = node.spawn(small).await.unwrap();
    let push = push("inproc://small").send_bound(Bound::messages(1));
    let push = node.spawn(push).await.unwrap();
    in_time(push.ready(1)).await;
    for round in 0..20 {
        in_time(push.send(vec![0; 2_000])).await.unwrap();
        in_time(push.send("small")).await.unwrap();
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), "small");
        drop(message);
        in_time(push.drain()).await;
        assert_eq!(push.lost(), round + 1);
    }
    stop(node).await;
}

/// A push at the other end of a pull's dialer.
struct RawPush {
    listener: TcpListener,
    url: String,
}

impl RawPush {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        RawPush { listener, url }
    }

    /// The next connection, once it has asked for its channel; and for which session.
    async fn asked(&self) -> (Raw, [u8; 16]) {
        let (stream, _) = in_time(self.listener.accept()).await.unwrap();
        let mut raw = Raw::of(stream);
        raw.say(&hello()).await;
        let asks = [text(""), text("pull"), varint(1)].concat();
        let heard = raw.hear_until(&asks, 16).await;
        let session = heard.last_chunk().expect("it was waited for");
        (raw, *session)
    }
}

/// Accepts that session, having received nothing.
fn accept(session: [u8; 16], epoch: u64) -> Vec<u8> {
    frame(0x50, 1, &push_with(session, epoch))
}

/// What a push says of its channel when it has received nothing.
fn push_with(session: [u8; 16], epoch: u64) -> Vec<u8> {
    let credit = credit_figures(0, 1_000, 1 << 24);
    channel("push", Session::reliable(session, epoch), &credit)
}

#[tokio::test]
async fn what_is_handled_while_a_session_is_being_resumed_is_acknowledged() {
    let node = node().await;
    let peer = RawPush::new().await;
    let pull = Pull::new("pull").dial(&peer.url).delivery(Reliable);
    let pull = node.spawn(pull).await.unwrap();
    let (mut first, session) = peer.asked().await;
    first
        .say(&[accept(session, 1), data(b"only")].concat())
        .await;
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    drop(first);
    let (mut second, again) = peer.asked().await;
    assert_eq!(session, again);
    // It has said how much it handled, and is not connected yet.
    drop(message);
    second.say(&accept(session, 2)).await;
    // CREDIT on channel 1, of so many bytes: one message was handled.
    second.hear_until(&head(0x70, 1, 7), 0).await;
    stop(node).await;
}

/// Asks for that session as a push does.
fn asks(session: u8, epoch: u64) -> Vec<u8> {
    [hello(), frame(0x40, 1, &push_with([session; 16], epoch))].concat()
}

#[tokio::test]
async fn a_peer_comes_back_into_its_own_place_where_there_is_no_other() {
    let node = node().await;
    let pull = pull("tcp://127.0.0.1:0").peers_max(1);
    let pull = node.spawn(pull).await.unwrap();
    let address = address(&pull);
    // Nobody has noticed that its first connection is dead.
    let _dead = Raw::open_with(&address, &asks(7, 1), "pull").await;
    let _again = Raw::open_with(&address, &asks(7, 2), "pull").await;
    let mut other = Raw::connect(&address).await;
    other.say(&asks(8, 1)).await;
    other.hear_until(b"limit of 1 peers", 0).await;
    assert_eq!(pull.peers(), 1);
    stop(node).await;
}

#[tokio::test]
async fn a_connection_whose_session_was_taken_up_by_another_ends() {
    let node = node().await;
    let pull = node.spawn(pull("tcp://127.0.0.1:0")).await.unwrap();
    let mut old = Raw::open_with(&address(&pull), &asks(7, 1), "pull").await;
    let mut new = Raw::open_with(&address(&pull), &asks(7, 2), "pull").await;
    // At once, and not when its heartbeat finds that nobody answers any more.
    let heard = old.hear_all().await;
    assert!(!heard.windows(2).any(|ping| ping == [0x90, 0]), "{heard:?}");
    new.say(&data(b"still there")).await;
    assert_eq!(
        *in_time(pull.recv()).await.unwrap().unwrap().payload(),
        "still there"
    );
    stop(node).await;
}
