//! Peers that are sent to before others.

use std::time::Duration;

use treewire::prelude::*;
use treewire::{PullSocket, RepSocket};

use crate::support::*;

over_every_transport! {
    nanomsg_08_the_lowest_number_that_is_connected_and_has_room_is_sent_to
    nanomsg_08_requests_go_to_the_lowest_number_and_elsewhere_when_it_is_gone
}

/// Two places to listen at, as far apart as this transport has them.
fn places(listen: &str) -> [String; 2] {
    let first = address_for_later(listen);
    let second = match listen.contains(":0") {
        true => address_for_later(listen),
        false => format!("{listen}-2"),
    };
    [first, second]
}

async fn is_empty(pull: &PullSocket) -> bool {
    pull.try_recv().unwrap().is_none()
}

async fn nanomsg_08_the_lowest_number_that_is_connected_and_has_room_is_sent_to(listen: &str) {
    let node = node().await;
    let [first, second] = places(listen);
    let one = Bound::messages(1);
    let pull = async |name: &str, place: &str| {
        let pull = Pull::new(name).listen(place).receive_bound(one);
        node.spawn(pull).await.unwrap()
    };
    let favourite = pull("favourite", &first).await;
    let substitute = pull("substitute", &second).await;
    let push = Push::new("push")
        .dial(format!("{second}?priority=2"))
        .dial(format!("{first}?priority=1"))
        .send_bound(one);
    let push = node.spawn(push).await.unwrap();
    in_time(push.ready(2)).await;

    for _ in 0..5 {
        in_time(push.send("handled")).await.unwrap();
        in_time(favourite.recv()).await.unwrap().unwrap();
        in_time(push.drain()).await;
    }
    // One has left, one waits for it to be handled; there is no room for a third.
    for arrived in ["under way", "queued"] {
        in_time(push.send(arrived)).await.unwrap();
        until_tree(&node, "the first has left", |tree| {
            messages_in(tree, "favourite") == 6
        })
        .await;
    }
    assert!(is_empty(&substitute).await);
    in_time(push.send("one too many")).await.unwrap();
    let message = in_time(substitute.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "one too many");
    drop(message);

    for expected in ["under way", "queued"] {
        let message = in_time(favourite.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), expected);
    }
    in_time(push.drain()).await;
    let _ = in_time(favourite.close(Duration::ZERO)).await;
    until("it is gone", || push.peers() == 1).await;
    in_time(push.send("instead")).await.unwrap();
    let message = in_time(substitute.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "instead");
    drop(message);
    in_time(push.drain()).await;

    let favourite = pull("favourite again", &first).await;
    in_time(push.ready(2)).await;
    in_time(push.send("back")).await.unwrap();
    let message = in_time(favourite.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "back");
    stop(node).await;
}

async fn nanomsg_08_requests_go_to_the_lowest_number_and_elsewhere_when_it_is_gone(listen: &str) {
    let node = node().await;
    let [first, second] = places(listen);
    let rep = async |name: &str, place: &str| {
        let rep = Rep::new(name).listen(place);
        node.spawn(rep).await.unwrap()
    };
    let (favourite, substitute) = (
        rep("favourite", &first).await,
        rep("substitute", &second).await,
    );
    let req = Req::new("req")
        .dial(format!("{second}?priority=16"))
        .dial(format!("{first}?priority=1"));
    let req = node.spawn(req).await.unwrap();
    in_time(req.ready(2)).await;
    let answer = async |rep: &RepSocket| {
        let answering = async { rep.recv().await.unwrap().unwrap().reply("it is me") };
        let asking = req.request("who?").into_future();
        let (answer, ()) = in_time(async { tokio::join!(asking, answering) }).await;
        assert_eq!(answer.unwrap(), "it is me".into());
    };
    for _ in 0..5 {
        answer(&favourite).await;
    }
    let _ = in_time(favourite.close(Duration::ZERO)).await;
    until("it is gone", || req.peers() == 1).await;
    answer(&substitute).await;
    stop(node).await;
}
