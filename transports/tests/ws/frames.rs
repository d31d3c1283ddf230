//! Frames after the upgrade, as a stranger may send them.

use std::future::poll_fn;
use std::io;

use treewire_transports::{Acceptor, Packet};

use super::conformance::within_a_minute;
use super::raw::{Raw, frame};
use super::subject;

async fn listen() -> Box<dyn Acceptor> {
    subject().listen().await
}

async fn receive(link: &mut dyn treewire_transports::MessageLink) -> io::Result<Option<Packet>> {
    within_a_minute(poll_fn(|cx| link.poll_receive(cx))).await
}

#[tokio::test]
async fn fragments_are_one_message() {
    let mut acceptor = listen().await;
    let (mut raw, mut link) = Raw::upgraded(acceptor.as_mut()).await;
    raw.say(&[frame(0x02, b"one "), frame(0x80, b"two"), frame(0x82, b"")].concat())
        .await;
    let message = receive(link.as_mut()).await.unwrap().unwrap();
    assert_eq!(message.into_bytes(), "one two");
    let empty = receive(link.as_mut()).await.unwrap().unwrap();
    assert!(empty.is_empty());
}

#[tokio::test]
async fn a_ping_is_answered_and_a_flood_of_them_with_little() {
    let mut acceptor = listen().await;
    let (mut raw, mut link) = Raw::upgraded(acceptor.as_mut()).await;
    raw.say(&frame(0x89, b"there?")).await;
    raw.say(&frame(0x82, b"yes")).await;
    receive(link.as_mut()).await.unwrap().unwrap();
    assert_eq!(raw.hear(8).await, b"\x8a\x06there?");
    // Far more than the system holds of answers that nobody reads.
    let pings = frame(0x89, &[7; 100]).repeat(1_000);
    let flood = async {
        for _ in 0..200 {
            raw.say(&pings).await;
        }
        raw.say(&frame(0x82, b"at last")).await;
    };
    let (message, ()) = tokio::join!(receive(link.as_mut()), flood);
    assert_eq!(message.unwrap().unwrap().into_bytes(), "at last");
}

#[tokio::test]
async fn what_breaks_the_rules_is_told_with_its_code_and_costs_itself_only() {
    let subject = subject();
    let mut acceptor = subject.listen().await;
    let (mut neighbour, mut accepted) = subject.pair(acceptor.as_mut()).await;
    let mut lie = vec![0x82, 0xff];
    lie.extend(u64::MAX.to_be_bytes());
    lie.extend([0; 4]);
    for (bytes, code) in [
        (frame(0x81, b"text"), 1003u16),
        (vec![0x82, 0x01, b'x'], 1002),
        (frame(0x80, b"of nothing"), 1002),
        (lie, 1009),
    ] {
        let (mut raw, mut link) = Raw::upgraded(acceptor.as_mut()).await;
        raw.say(&bytes).await;
        let error = receive(link.as_mut()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        assert!(poll_fn(|cx| link.poll_ready(cx)).await.is_err());
        let heard = within_a_minute(raw.hear_all()).await;
        assert_eq!(heard[0], 0x88, "{heard:?}");
        assert_eq!(heard[2..4], code.to_be_bytes(), "{error}");
    }
    neighbour.send(b"still here").await.unwrap();
    assert_eq!(accepted.receive(10).await.unwrap(), "still here");
}

#[tokio::test]
async fn a_close_is_the_end_and_is_answered_when_we_go() {
    let mut acceptor = listen().await;
    let (mut raw, mut link) = Raw::upgraded(acceptor.as_mut()).await;
    raw.say(&[frame(0x82, b"last"), frame(0x88, &[0x03, 0xe9])].concat())
        .await;
    let last = receive(link.as_mut()).await.unwrap().unwrap();
    assert_eq!(last.into_bytes(), "last");
    assert_eq!(receive(link.as_mut()).await.unwrap(), None);
    assert_eq!(receive(link.as_mut()).await.unwrap(), None);
    drop(link);
    assert_eq!(within_a_minute(raw.hear_all()).await, b"\x88\x02\x03\xe8");
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_message_is_no_end() {
    for begun in [frame(0x82, b"whole").split_at(8).0, &frame(0x02, b"half")] {
        let mut acceptor = listen().await;
        let (mut raw, mut link) = Raw::upgraded(acceptor.as_mut()).await;
        raw.say(begun).await;
        drop(raw);
        let error = receive(link.as_mut()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}
