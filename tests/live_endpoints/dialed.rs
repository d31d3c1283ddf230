//! What becomes of messages when their peer is dialed no more.

use std::future::IntoFuture;

use treewire::{Fate, PipeState, RequestError, SessionEnd, SocketEvent};

use super::*;

over_every_transport! {
    undial_flushes_what_is_queued
    undial_of_a_reliable_socket_ends_its_session_on_both_sides
}

const MESSAGES: u32 = 200;

async fn fill(push: &PushSocket) {
    for number in 0..MESSAGES {
        in_time(push.send(number.to_string())).await.unwrap();
    }
}

async fn receive_all(pull: &PullSocket) {
    for number in 0..MESSAGES {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
}

async fn undial_flushes_what_is_queued(place: &str) {
    let node = node().await;
    let (pull, push) = (pull(&node, "pull").await, push(&node, "push").await);
    let endpoint = listen(&pull, place).await;
    dial(&push, &endpoint).await;
    fill(&push).await;
    let (left, ()) = tokio::join!(in_time(push.undial(&endpoint)), receive_all(&pull));
    assert_eq!(left, Ok(endpoint));
    assert_eq!((push.lost(), push.unflushed()), (0, 0));
    assert!(push.pipes().is_empty());
    until("the peer sees it go", || pull.peers() == 0).await;
    stop(node).await;
}

async fn undial_of_a_reliable_socket_ends_its_session_on_both_sides(place: &str) {
    let node = node().await;
    let pull = Pull::new("pull").delivery(Reliable);
    let pull = node.spawn(pull).await.unwrap();
    let push = Push::new("push").delivery(Reliable).linger(PATIENCE);
    let push = node.spawn(push).await.unwrap();
    let endpoint = listen(&pull, place).await;
    let (mut at_pull, mut at_push) = (pull.events(), push.events());
    dial(&push, &endpoint).await;
    fill(&push).await;
    let (left, ()) = tokio::join!(in_time(push.undial(&endpoint)), receive_all(&pull));
    left.unwrap();
    for (events, expected) in [
        (&mut at_push, SessionEnd::Undialed),
        (&mut at_pull, SessionEnd::PeerClosed),
    ] {
        loop {
            let event = in_time(events.next()).await.unwrap();
            if let SocketEvent::SessionEnded { end, undelivered } = event {
                assert_eq!((end, undelivered.len()), (expected, 0));
                break;
            }
        }
    }
    assert!(push.pipes().is_empty());
    until("no session is left", || pull.pipes().is_empty()).await;
    // Another session, with nothing of the first.
    dial(&push, &endpoint).await;
    talk(&push, &pull, "again").await;
    assert_eq!(push.lost(), 0);
    stop(node).await;
}

#[tokio::test]
async fn what_cannot_be_flushed_within_the_linger_is_given_up_and_counted() {
    for delivery in [BestEffort, Reliable] {
        let node = node().await;
        let push = Push::new("push").delivery(delivery);
        let push = push.linger(Duration::from_millis(50));
        let push = node.spawn(push).await.unwrap();
        dial(&push, "inproc://nobody").await;
        let mut letters = push.dead_letters();
        let tracked = in_time(push.send_tracked("first")).await.unwrap();
        in_time(push.send("second")).await.unwrap();
        in_time(push.undial("inproc://nobody")).await.unwrap();
        for text in ["first", "second"] {
            let letter = in_time(letters.next()).await.unwrap();
            assert_eq!((letter.cause, letter.content), ("undialed", text.into()));
        }
        let fate = in_time(tracked.final_fate()).await;
        assert_eq!(fate, Fate::Dropped { cause: "undialed" });
        let tree = node.snapshot().await.unwrap();
        assert_eq!(drops(&tree, "push", "undialed"), 2);
        assert_eq!((push.lost(), push.unflushed()), (2, 0));
        stop(node).await;
    }
}

#[tokio::test]
async fn what_did_not_leave_goes_to_those_who_stay() {
    for delivery in [BestEffort, Reliable] {
        let node = node().await;
        let push = Push::new("push").delivery(delivery);
        let push = node.spawn(push.linger(Duration::ZERO)).await.unwrap();
        dial(&push, "inproc://nobody").await;
        for text in ["first", "second"] {
            in_time(push.send(text)).await.unwrap();
        }
        dial(&push, "inproc://later").await;
        in_time(push.undial("inproc://nobody")).await.unwrap();
        let pull = Pull::new("pull")
            .delivery(delivery)
            .listen("inproc://later");
        let pull = node.spawn(pull).await.unwrap();
        for text in ["first", "second"] {
            let message = in_time(pull.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), text);
        }
        assert_eq!(push.lost(), 0);
        stop(node).await;
    }
}

#[tokio::test]
async fn requests_that_did_not_leave_go_elsewhere_or_back() {
    for delivery in [BestEffort, Reliable] {
        let node = node().await;
        let req = Req::new("req").delivery(delivery);
        let req = node.spawn(req).await.unwrap();
        dial(&req, "inproc://nobody").await;
        let mut asking = req.request("one").into_future();
        assert!(poll_once(asking.as_mut()).await.is_pending());
        in_time(req.undial("inproc://nobody")).await.unwrap();
        match in_time(asking).await {
            Err(RequestError::NotSent(content)) => assert_eq!(content, "one".into()),
            other => panic!("{other:?}"),
        }
        dial(&req, "inproc://nobody").await;
        let mut asking = req.request("two").into_future();
        assert!(poll_once(asking.as_mut()).await.is_pending());
        let rep = Rep::new("rep").delivery(delivery).listen("inproc://there");
        let rep = node.spawn(rep).await.unwrap();
        dial(&req, "inproc://there").await;
        in_time(req.undial("inproc://nobody")).await.unwrap();
        let request = in_time(rep.recv()).await.unwrap().unwrap();
        assert_eq!(*request.content().first(), "two");
        request.reply("answer");
        let answer = in_time(asking).await.unwrap();
        assert_eq!(answer, "answer".into());
        assert_eq!(req.pipes().len(), 1);
        stop(node).await;
    }
}

#[tokio::test]
async fn a_request_that_left_has_until_the_linger_to_be_answered() {
    let node = node().await;
    let req = Req::new("req").linger(PATIENCE);
    let req = node.spawn(req).await.unwrap();
    let rep = node.spawn(Rep::new("rep")).await.unwrap();
    listen(&rep, "inproc://here").await;
    dial(&req, "inproc://here").await;
    let answer = async {
        let request = in_time(rep.recv()).await.unwrap().unwrap();
        let mut undial = Box::pin(req.undial("inproc://here"));
        assert!(poll_once(undial.as_mut()).await.is_pending());
        request.reply("answer");
        in_time(undial).await.unwrap();
    };
    let (answer, ()) = tokio::join!(in_time(req.request("one").into_future()), answer);
    assert_eq!(answer.unwrap(), "answer".into());
    stop(node).await;
}

#[tokio::test]
async fn a_peer_that_is_undialed_sends_no_more_and_what_it_sent_is_waited_for() {
    let node = node().await;
    let (pull, push) = (pull(&node, "pull").await, push(&node, "push").await);
    listen(&push, "inproc://here").await;
    dial(&pull, "inproc://here").await;
    fill(&push).await;
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "0");
    let mut undial = Box::pin(pull.undial("inproc://here"));
    assert!(poll_once(undial.as_mut()).await.is_pending());
    drop(message);
    let mut received = 1_u64;
    let left = loop {
        tokio::select! {
            biased;
            message = in_time(pull.recv()) => {
                let message = message.unwrap().expect("it is open");
                assert_eq!(*message.payload(), received.to_string().as_str());
                received += 1;
            }
            left = &mut undial => break left,
        }
    };
    left.unwrap();
    assert!(pull.pipes().is_empty());
    assert!(
        pull.try_recv().unwrap().is_none(),
        "all that came was taken"
    );
    // What did not leave in time does not come. What was handled once both ends had closed
    // is not confirmed any more.
    until("each message came or is known to be lost", || {
        received + push.lost() >= u64::from(MESSAGES)
    })
    .await;
    stop(node).await;
}

#[tokio::test]
async fn what_was_received_from_a_peer_that_is_undialed_can_be_received() {
    let node = node().await;
    let pull = Pull::new("pull").linger(Duration::ZERO);
    let pull = node.spawn(pull).await.unwrap();
    let push = push(&node, "push").await;
    listen(&push, "inproc://here").await;
    dial(&pull, "inproc://here").await;
    fill(&push).await;
    until_tree(&node, "all is there", |tree| {
        messages_in(tree, "pull") == u64::from(MESSAGES)
    })
    .await;
    in_time(pull.undial("inproc://here")).await.unwrap();
    assert!(pull.pipes().is_empty());
    receive_all(&pull).await;
    // Nobody told it so.
    assert_eq!(push.lost(), u64::from(MESSAGES));
    stop(node).await;
}

#[tokio::test]
async fn a_killed_socket_that_was_undialing_has_let_go_when_it_is_back() {
    let node = node().await;
    let push = Push::new("push").linger(Duration::from_secs(3_600));
    let push = node.spawn(push).await.unwrap();
    dial(&push, "inproc://nobody").await;
    in_time(push.send("never")).await.unwrap();
    let mut events = push.events();
    let mut undial = Box::pin(push.undial("inproc://nobody"));
    assert!(poll_once(undial.as_mut()).await.is_pending());
    in_time(node.kill("push")).await.unwrap();
    in_time(undial).await.unwrap();
    assert_eq!(push.lost(), 1);
    assert!(push.pipes().is_empty());
    loop {
        let event = in_time(events.next()).await.unwrap();
        if let SocketEvent::State {
            state: PipeState::Closed,
            ..
        } = event
        {
            break;
        }
    }
    stop(node).await;
}

#[tokio::test]
async fn a_subscriber_that_undials_is_forgotten_and_may_come_back() {
    for delivery in [BestEffort, Reliable] {
        let node = node().await;
        let publisher = Pub::new("pub").delivery(delivery);
        let publisher = node.spawn(publisher).await.unwrap();
        let subscriber = Sub::new("sub").delivery(delivery).subscribe("a.*");
        let subscriber = node.spawn(subscriber.linger(PATIENCE)).await.unwrap();
        listen(&publisher, "inproc://here").await;
        for text in ["a.b", "a.c"] {
            dial(&subscriber, "inproc://here").await;
            assert!(in_time(publisher.ready(1)).await);
            in_time(publisher.send(text)).await.unwrap();
            let message = in_time(subscriber.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), text);
            drop(message);
            in_time(subscriber.undial("inproc://here")).await.unwrap();
            until("it is forgotten", || publisher.subscribers() == 0).await;
            in_time(publisher.send("a.d")).await.unwrap();
        }
        assert!(subscriber.try_recv().unwrap().is_none());
        assert_eq!(publisher.lost(), 0);
        stop(node).await;
    }
}
