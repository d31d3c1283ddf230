//! Publishers and subscribers: who gets what, what is missed, and what that costs others.

use std::collections::BTreeSet;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{NodeSnapshot, PubSocket, SocketEvent, SocketEvents, SubSocket};

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
use support::*;

mod bounds;
mod counts;
mod distributed;
mod greedy;
mod missed;
mod topics;

async fn publisher(node: &Node, listen: &str) -> PubSocket {
    node.spawn(Pub::new("pub").listen(listen)).await.unwrap()
}

/// One that dials, and is known with all it subscribed to.
async fn joined(node: &Node, sub: Sub) -> SubSocket {
    let sub = node.spawn(sub).await.unwrap();
    assert!(in_time(sub.joined()).await);
    sub
}

async fn publish(publisher: &PubSocket, topics: &[&str]) {
    for topic in topics {
        in_time(publisher.send(*topic)).await.unwrap();
    }
}

/// The next message as text.
async fn next(sub: &SubSocket) -> String {
    let message = in_time(sub.recv()).await.unwrap().expect("it is open");
    String::from_utf8(message.payload().to_vec()).unwrap()
}

/// What comes until `last` does, that included.
async fn until_last(sub: &SubSocket, last: &str) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.last().map(String::as_str) != Some(last) {
        texts.push(next(sub).await);
    }
    texts
}

/// The ranges that were missed, told so far.
fn missed(events: &mut SocketEvents) -> Vec<(u64, u64)> {
    let mut missed = Vec::new();
    while let Some(event) = events.try_next() {
        match event {
            SocketEvent::Missed { from, to, .. } => missed.push((from, to)),
            SocketEvent::Lagged { count } => panic!("{count} events were not fetched in time"),
            _ => {}
        }
    }
    missed
}

/// The next range that is told to be missed.
async fn next_missed(events: &mut SocketEvents) -> (u64, u64) {
    loop {
        match in_time(events.next()).await.expect("it is open") {
            SocketEvent::Missed { from, to, .. } => return (from, to),
            SocketEvent::Lagged { count } => panic!("{count} events were not fetched in time"),
            _ => {}
        }
    }
}

/// The path of the one child of that kind below the socket, if it is there.
fn below(tree: &NodeSnapshot, socket: &str, kind: &str) -> Option<String> {
    let below = format!("{socket}/");
    let mut found = of_kind(tree, kind).filter(|child| child.path.starts_with(&below));
    found.next().map(|child| child.path.clone())
}

/// Kills that child; whether it was there.
async fn kill(node: &Node, socket: &str, kind: &str) -> bool {
    let tree = in_time(node.snapshot()).await.unwrap();
    match below(&tree, socket, kind) {
        Some(path) => in_time(node.kill(&path)).await.is_ok(),
        None => false,
    }
}
