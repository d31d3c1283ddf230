use treewire::prelude::*;
use treewire::{PubSocket, SocketEvent, StreamId, StreamPosition, SubSocket};

use super::way::{At, Way};
use crate::support::*;

async fn publisher(way: Way, node: &Node, socket: Pub, option: (&str, &str)) -> PubSocket {
    let listen = At::Listen("tcp://127.0.0.1:0");
    way.spawn(node, socket, listen, option).await
}

/// Where the stream is that it publishes.
async fn stream(node: &Node, publisher: &PubSocket) -> StreamId {
    let first = Sub::new("first").dial(address(publisher)).subscribe(">");
    let first = node.spawn(first).await.unwrap();
    in_time(first.joined()).await;
    first.positions()[0].stream
}

/// What comes of three messages that were published before it was there.
async fn late(node: &Node, publisher: &PubSocket) -> Vec<String> {
    let stream = stream(node, publisher).await;
    for text in ["one", "two", "three"] {
        publisher.send(text).await.unwrap();
    }
    let late = Sub::new("late").dial(address(publisher)).subscribe(">");
    let start = StreamPosition {
        stream,
        sequence: 0,
    };
    let late = node.spawn(late.resume_from([start])).await.unwrap();
    in_time(late.joined()).await;
    publisher.send("last").await.unwrap();
    let mut came = Vec::new();
    while came.last().is_none_or(|text| text != "last") {
        came.push(next(&late).await);
    }
    came
}

async fn next(sub: &SubSocket) -> String {
    let message = in_time(sub.recv()).await.unwrap().expect("it is open");
    String::from_utf8(message.payload().to_vec()).unwrap()
}

pub(super) async fn replay_messages_max(way: Way) {
    let node = node().await;
    let option = ("replay-messages-max", "2");
    let publisher = publisher(way, &node, Pub::new("pub"), option).await;
    assert_eq!(late(&node, &publisher).await, ["two", "three", "last"]);
    stop(node).await;
}

pub(super) async fn replay_bytes_max(way: Way) {
    let node = node().await;
    let socket = Pub::new("pub").replay_messages_max(100);
    let publisher = publisher(way, &node, socket, ("replay-bytes-max", "3B")).await;
    // A queue is at its bound when it has so many bytes, or more.
    assert_eq!(late(&node, &publisher).await, ["three", "last"]);
    stop(node).await;
}

pub(super) async fn invert_matching(way: Way) {
    let node = node().await;
    let option = ("invert-matching", "on");
    let publisher = publisher(way, &node, Pub::new("pub"), option).await;
    let sub = Sub::new("sub").dial(address(&publisher));
    let sub = sub.subscribe("a").subscribe_prefix("b");
    let sub = node.spawn(sub).await.unwrap();
    let mut events = sub.events();
    in_time(publisher.ready(1)).await;
    for topic in ["a", "b.c", "c", "a.b", "b"] {
        publisher.send(topic).await.unwrap();
    }
    assert_eq!([next(&sub).await, next(&sub).await], ["c", "a.b"]);
    while let Some(event) = events.try_next() {
        assert!(!matches!(event, SocketEvent::Missed { .. }), "{event:?}");
    }
    stop(node).await;
}
