//! Lines as requests and answers.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::join_all;
use treewire::prelude::*;
use treewire::{OfflineReason, RepSocket, Request, RequestError, SocketEvent};

use crate::LINES;
use crate::peer::{Peer, server};
use crate::support::*;

async fn rep(node: &Node) -> RepSocket {
    node.spawn(Rep::new("rep").listen(LINES)).await.unwrap()
}

async fn request(rep: &RepSocket) -> Request {
    in_time(rep.recv()).await.unwrap().unwrap()
}

fn text(request: &Request) -> String {
    String::from_utf8(request.content().first().to_vec()).unwrap()
}

#[tokio::test]
async fn requests_are_answered_in_their_order_on_each_connection() {
    let node = node().await;
    let rep = rep(&node).await;
    let mut first = Peer::of(&rep).await;
    first.say("a\nb\nc\n").await;
    let [a, b, c] = [
        request(&rep).await,
        request(&rep).await,
        request(&rep).await,
    ];
    assert_eq!([text(&a), text(&b), text(&c)], ["a", "b", "c"]);
    // Others do not wait for the slow one.
    let mut second = Peer::of(&rep).await;
    second.say("x\r\n").await;
    request(&rep).await.reply("X");
    assert_eq!(second.hear().await, "X\n");
    c.reply("C");
    b.reply("B");
    a.reply("A");
    for answer in ["A\n", "B\n", "C\n"] {
        assert_eq!(first.hear().await, answer);
    }
    stop(node).await;
}

#[tokio::test]
async fn a_failure_is_a_line_with_its_code() {
    let node = node().await;
    let rep = rep(&node).await;
    let mut peer = Peer::of(&rep).await;
    peer.say("a\nb\nc\nd\n").await;
    request(&rep).await.fail("no such\nsymbol");
    drop(request(&rep).await);
    request(&rep).await.reply("two\nlines");
    request(&rep).await.reply("fine");
    assert_eq!(peer.hear().await, "error 4 no such symbol\n");
    let dropped = "error 4 the request was dropped without a reply\n";
    assert_eq!(peer.hear().await, dropped);
    let unsendable = peer.hear().await;
    assert!(
        unsendable.starts_with("error 7 a line would end at byte 3"),
        "{unsendable}"
    );
    assert_eq!(peer.hear().await, "fine\n");
    stop(node).await;
}

#[tokio::test]
async fn who_ends_its_direction_still_reads_its_answers() {
    let node = node().await;
    let rep = rep(&node).await;
    let mut events = rep.events();
    let mut peer = Peer::of(&rep).await;
    peer.say("a\nb").await;
    peer.finish().await;
    let (a, b) = (request(&rep).await, request(&rep).await);
    assert_eq!([text(&a), text(&b)], ["a", "b"]);
    b.reply("B");
    a.reply("A");
    assert_eq!(peer.hear_all().await, "A\nB\n");
    loop {
        if let SocketEvent::Offline { reason, .. } = in_time(events.next()).await.unwrap() {
            assert_eq!(reason, OfflineReason::PeerClosed);
            break;
        }
    }
    assert_eq!(rep.lost(), 0);
    stop(node).await;
}

#[tokio::test]
async fn distributed_05_each_of_many_requests_gets_the_answer_in_its_place() {
    let (listener, address) = server().await;
    let serving = tokio::spawn(async move {
        let mut peer = Peer::accept(&listener).await;
        loop {
            let line = peer.hear().await;
            if line.is_empty() {
                return;
            }
            peer.say(&line.to_uppercase()).await;
        }
    });
    let node = node().await;
    let req = node.spawn(Req::new("req").dial(address)).await.unwrap();
    // More than may be without an answer at once.
    let asking = (0..1_500).map(|number| {
        let asking = req.request(format!("request {number}")).into_future();
        async move { (number, in_time(asking).await.unwrap()) }
    });
    for (number, answer) in join_all(asking).await {
        assert_eq!(*answer.first(), &*format!("REQUEST {number}"));
    }
    stop(node).await;
    in_time(serving).await.unwrap();
}

#[tokio::test]
async fn a_request_learns_what_became_of_it() {
    let (listener, address) = server().await;
    let node = node().await;
    let req = node.spawn(Req::new("req").dial(address)).await.unwrap();
    let mut peer = Peer::accept(&listener).await;

    let two_parts = Content::new("a").with_part("b");
    let asked = in_time(req.request(two_parts.clone()).into_future()).await;
    let Err(RequestError::Unsendable(content, text)) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(content, two_parts);
    assert!(text.contains("exceeds the limit of 1"), "{text}");

    let asking = tokio::spawn(req.request("GET x").into_future());
    assert_eq!(peer.hear().await, "GET x\n");
    peer.say("error 404 no x\n").await;
    let Err(RequestError::Failed(failure)) = in_time(asking).await.unwrap() else {
        panic!("it failed");
    };
    assert_eq!((failure.code, &*failure.text), (404, "no x"));

    // Who gave up leaves its place to nobody.
    let impatient = req.request("slow").deadline(Duration::from_millis(1));
    let asked = in_time(impatient.into_future()).await;
    assert!(matches!(asked, Err(RequestError::TimedOut)), "{asked:?}");
    let asking = tokio::spawn(req.request("quick").into_future());
    let mut heard = peer.hear().await;
    let mut answers = "of quick\n".to_owned();
    if heard == "slow\n" {
        // It left in its millisecond.
        answers.insert_str(0, "of slow\n");
        heard = peer.hear().await;
    }
    assert_eq!(heard, "quick\n");
    peer.say(&answers).await;
    let answer = in_time(asking).await.unwrap().unwrap();
    assert_eq!(*answer.first(), "of quick");

    let asking = tokio::spawn(req.request("never").into_future());
    assert_eq!(peer.hear().await, "never\n");
    drop(peer);
    let asked = in_time(asking).await.unwrap();
    assert!(matches!(asked, Err(RequestError::PeerGone)), "{asked:?}");
    stop(node).await;
}

#[tokio::test]
async fn an_answer_to_nothing_ends_the_connection() {
    let (listener, address) = server().await;
    let node = node().await;
    let req = node.spawn(Req::new("req").dial(address)).await.unwrap();
    let mut events = req.events();
    let mut peer = Peer::accept(&listener).await;
    peer.say("220 welcome\n").await;
    assert_eq!(peer.hear_all().await, "");
    loop {
        if let SocketEvent::Offline { reason, .. } = in_time(events.next()).await.unwrap() {
            assert!(matches!(reason, OfflineReason::Misbehaved(_)), "{reason:?}");
            break;
        }
    }
    stop(node).await;
}
