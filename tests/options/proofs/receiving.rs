use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

use super::way::{At, Way};
use crate::support::raw::{self, Raw};
use crate::support::*;

const LISTEN: &str = "tcp://127.0.0.1:0";

/// What a pull with that option says of the credit that its peer has.
async fn credit(way: Way, option: (&str, &str), messages_max: u64, bytes_max: u64) {
    let node = node().await;
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let mut peer = Raw::connect(&address(&pull)).await;
    peer.say(&[raw::hello(), raw::open("push")].concat()).await;
    // ACCEPT: no session, and the credit.
    let accept = [
        raw::text("pull"),
        vec![0; 19],
        raw::credit_figures(0, messages_max, bytes_max),
    ];
    peer.hear_until(&accept.concat(), 0).await;
    stop(node).await;
}

pub(super) async fn receive_messages_max(way: Way) {
    credit(way, ("receive-messages-max", "7"), 7, 16 << 20).await;
}

pub(super) async fn receive_bytes_max(way: Way) {
    credit(way, ("receive-bytes-max", "5KiB"), 1_000, 5 << 10).await;
}

pub(super) async fn message_bytes_max(way: Way) {
    let node = node().await;
    let option = ("message-bytes-max", "1KiB");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    in_time(push.send(vec![0; 1_025])).await.unwrap();
    until_tree(&node, "it is not sent", |tree| {
        drops(tree, "push", "too large for the peer") == 1
    })
    .await;
    in_time(push.send(vec![0; 1_024])).await.unwrap();
    in_time(pull.recv()).await.unwrap().unwrap();
    stop(node).await;
}

#[derive(Serialize, Deserialize, WireMessage, Debug, PartialEq)]
#[wire(name = "test.Note", reply = ())]
struct Note {
    text: String,
}

struct Reader(Arc<Mutex<Vec<Note>>>);

impl Actor for Reader {
    type Context = Context<Self>;
}

impl Handler<Note> for Reader {
    type Result = ();

    fn handle(&mut self, note: Note, _: &mut Context<Self>) {
        self.0.lock().unwrap().push(note);
    }
}

pub(super) async fn foreign_codec(way: Way) {
    let node = node().await;
    let notes = Arc::new(Mutex::new(Vec::new()));
    let reader = Reader(notes.clone());
    let mut reader = Some(reader);
    let reader = Child::new("reader", move || reader.take().expect("it has one life"));
    let reader = node.spawn(reader).await.unwrap();
    let pull = Pull::new("pull").deliver::<Note>(&reader);
    let option = ("foreign-codec", "json");
    let pull = way.spawn(&node, pull, At::Listen(LISTEN), option).await;
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    let note = Content::new("test.Note").with_part(r#"{"text":"tea"}"#);
    in_time(push.send(note)).await.unwrap();
    let tea = || Note { text: "tea".into() };
    until("it is read", || *notes.lock().unwrap() == [tea()]).await;
    stop(node).await;
}

pub(super) async fn receive_timeout(way: Way) {
    let node = node().await;
    let option = ("receive-timeout", "50ms");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let received = in_time(pull.recv()).await;
    assert_eq!(received.unwrap_err(), treewire::RecvError::TimedOut);
    stop(node).await;
}

pub(super) async fn disconnect_message(way: Way) {
    let node = node().await;
    let option = ("disconnect-message", "gone");
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Listen(LISTEN), option)
        .await;
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    in_time(pull.ready(1)).await;
    let _ = in_time(push.close(WATCHDOG)).await;
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "gone");
    stop(node).await;
}

pub(super) async fn hiccup_message(way: Way) {
    let node = node().await;
    let push = Push::new("push").listen(LISTEN);
    let push = node.spawn(push).await.unwrap();
    let (url, option) = (address(&push), ("hiccup-message", "hiccup"));
    let pull = way
        .spawn(&node, Pull::new("pull"), At::Dial(&url), option)
        .await;
    in_time(pull.ready(1)).await;
    let _ = in_time(push.close(WATCHDOG)).await;
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "hiccup");
    stop(node).await;
}
