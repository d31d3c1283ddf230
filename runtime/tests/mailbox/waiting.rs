//! Who waits for room, or for an answer, and until when.

use super::*;

#[tokio::test]
async fn a_tell_waits_for_room_and_those_who_wait_are_served_in_order() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(1);
    let listener = child.reference();
    in_time(listener.tell(Number(0))).await.unwrap();
    let mut tells: Vec<_> = (1..5).map(|n| listener.tell(Number(n))).collect();
    for tell in &mut tells {
        assert!(poll_once(tell).is_pending());
    }
    assert!(
        matches!(
            listener.try_send(Number(9)),
            Err(SendError::Full(Number(9)))
        ),
        "nobody overtakes those who wait"
    );
    assert_eq!(listener.depth(), 1, "who waits is not queued");
    node.spawn(child).await.unwrap();
    for tell in tells {
        in_time(tell).await.unwrap();
    }
    for number in 0..5 {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_tell_that_is_dropped_before_it_was_queued_was_not_sent() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(1);
    let listener = child.reference();
    in_time(listener.tell(Number(0))).await.unwrap();
    let mut dropped = listener.tell(Number(1));
    let mut next = listener.tell(Number(2));
    assert!(poll_once(&mut dropped).is_pending());
    assert!(poll_once(&mut next).is_pending());
    drop(dropped);
    node.spawn(child).await.unwrap();
    in_time(next).await.unwrap();
    assert_eq!(in_time(hearing.recv()).await, Some((1, 0)));
    assert_eq!(in_time(hearing.recv()).await, Some((1, 2)));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_ask_that_is_given_up_makes_room_at_once() {
    let (child, _hearing) = listener();
    let child = child.mailbox(2);
    let listener = child.reference();
    let mut first = listener.send(Number(1));
    let mut second = listener.send(Number(2));
    let mut waiting = listener.tell(Number(3));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut second).is_pending());
    assert!(poll_once(&mut waiting).is_pending());
    drop(first);
    assert!(matches!(poll_once(&mut waiting), Poll::Ready(Ok(()))));
    assert_eq!(listener.depth(), 2);
    drop(second);
    assert_eq!(listener.depth(), 1);
}

#[tokio::test]
async fn what_waits_for_room_when_the_actor_is_gone_comes_back() {
    let node = node().await;
    let child = Child::<Listener>::try_new("listener", || Err(Failure::new("no book")));
    let child = child.mailbox(1);
    let listener = child.reference();
    listener.do_send(Number(0));
    let mut told = listener.tell(Number(1));
    let mut asked = listener.send(Number(2));
    assert!(poll_once(&mut told).is_pending());
    assert!(poll_once(&mut asked).is_pending());
    in_time(node.spawn(child)).await.unwrap_err();
    let exit = Exit::Failed(Failure::new("no book"));
    let told = in_time(told).await;
    assert!(matches!(&told, Err(SendError::Stopped(Number(1), why)) if *why == exit));
    let asked = in_time(asked).await;
    assert!(matches!(&asked, Err(SendError::Stopped(Number(2), why)) if *why == exit));
    let late = in_time(listener.tell(Number(3))).await;
    assert!(matches!(&late, Err(SendError::Stopped(Number(3), why)) if *why == exit));
    assert_eq!(listener.stats().drops()["stopped"], 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_timeout_says_what_the_message_waited_for() {
    let node = node().await;
    let (child, _hearing) = listener();
    let child = child.mailbox(1);
    let listener = child.reference();
    let soon = Duration::from_millis(1);
    let early = in_time(listener.send(Number(1)).timeout(soon)).await;
    assert!(matches!(
        early,
        Err(SendError::Timeout {
            waiting: Waiting::Restarting,
            message: Some(Number(1))
        })
    ));
    node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    listener.do_send(Number(0));
    let told = in_time(listener.tell(Number(2)).timeout(soon)).await;
    assert!(matches!(
        told,
        Err(SendError::Timeout {
            waiting: Waiting::Queued,
            message: Some(Number(2))
        })
    ));
    drop(release);
    let (_sender, never) = oneshot::channel();
    let late = listener.send(Later(never));
    let late = in_time(late.timeout(Duration::from_millis(50))).await;
    assert!(matches!(
        late,
        Err(SendError::Timeout {
            waiting: Waiting::Handling,
            message: None
        })
    ));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_owed_is_lost_with_the_generation() {
    let node = node().await;
    let (child, _hearing) = listener();
    let listener = node.spawn(child).await.unwrap();
    let (answer, answered) = oneshot::channel();
    let (_never_sent, never) = oneshot::channel();
    let (outside, from_outside) = oneshot::channel();
    let answered = tokio::spawn(listener.send(Later(answered)));
    let lost = tokio::spawn(listener.send(Later(never)));
    let outlives = tokio::spawn(listener.send(Outside(from_outside)));
    answer.send(7).unwrap();
    assert_eq!(in_time(answered).await.unwrap().unwrap(), 7);
    in_time(listener.send(Number(0))).await.unwrap();
    listener.do_send(Boom);
    let lost = in_time(lost).await.unwrap().unwrap_err();
    assert!(
        matches!(&lost, SendError::LostInCrash(Exit::Panicked(panic)) if panic.text == "boom"),
        "{lost}"
    );
    outside.send(8).unwrap();
    assert_eq!(in_time(outlives).await.unwrap().unwrap(), 8);
    in_time(node.stop()).await.unwrap();
}
