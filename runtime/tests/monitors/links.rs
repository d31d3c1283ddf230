//! What links promise: ends that spread.

use super::*;

/// Two children of one node on different threads, and the events of the node.
async fn pair() -> (Node, Events, Ref<Member>, Ref<Member>) {
    let node = node().await;
    let a = node
        .spawn(quiet("a").placement(Placement::pin(1)))
        .await
        .unwrap();
    let b = node
        .spawn(quiet("b").placement(Placement::pin(2)))
        .await
        .unwrap();
    let events = node.events();
    (node, events, a, b)
}

#[tokio::test]
async fn an_abnormal_end_ends_the_linked_actor_from_either_side() {
    let (node, mut events, a, b) = pair().await;
    for (from, ended) in [(&b, "a"), (&a, "b")] {
        in_time(a.send(link(&b))).await.unwrap();
        from.do_send(end(failed("no disk")));
        let name = if ended == "a" { "b" } else { "a" };
        let exit = exit_of(&mut events, ended).await;
        let text = format!("the linked child {name} ended: failed: no disk");
        assert_eq!(exit, failed(&text));
        settled(&a).await;
        settled(&b).await;
    }
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn orderly_ends_do_not_spread_and_dissolve_the_link() {
    let (node, _, a, b) = pair().await;
    let mut monitor = a.monitor();
    in_time(a.send(link(&b))).await.unwrap();
    b.do_send(end(Exit::Normal));
    settled(&b).await;
    in_time(a.send(link(&b))).await.unwrap();
    b.do_send(end(Exit::Shutdown));
    settled(&b).await;
    // Not linked any more.
    b.do_send(boom());
    settled(&b).await;
    node.restart_child("a").await.unwrap();
    assert_eq!(next(&mut monitor).await, "a #1 ended: shutdown");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn those_who_link_at_every_start_do_not_end_each_other_for_ever() {
    let node = node().await;
    let (heard, _) = mpsc::unbounded_channel();
    let other: Arc<Mutex<Vec<Ref<Member>>>> = Arc::default();
    let member = |name: &str, which: usize| {
        let (heard, other) = (heard.clone(), other.clone());
        Child::new(name, move || Member {
            heard: heard.clone(),
            watches: None,
            links: other.lock().get(which).cloned(),
        })
    };
    let (a, b) = (member("a", 1), member("b", 0));
    other.lock().extend([a.reference(), b.reference()]);
    let (mut of_a, mut of_b) = (a.reference().monitor(), b.reference().monitor());
    let a = node.spawn(a).await.unwrap();
    let b = node.spawn(b.placement(Placement::pin(1))).await.unwrap();
    for generation in 1..=5 {
        a.do_send(boom());
        for monitor in [&mut of_a, &mut of_b] {
            let down = in_time(monitor.next()).await.unwrap();
            assert_eq!(down.generation, generation);
            assert!(down.exit.is_abnormal());
        }
        settled(&a).await;
        settled(&b).await;
    }
    other.lock().clear();
    in_time(node.stop()).await.unwrap();
    assert_eq!(next(&mut of_a).await, "a #6 ended: shutdown");
    assert_eq!(next(&mut of_b).await, "b #6 ended: shutdown");
}

#[tokio::test]
async fn who_unlinked_is_left_alone() {
    let (node, _, a, b) = pair().await;
    let mut monitor = a.monitor();
    in_time(a.send(link(&b))).await.unwrap();
    in_time(a.send(link(&b))).await.unwrap();
    let other = a.clone();
    in_time(b.send(act(move |_, context| context.unlink(&other))))
        .await
        .unwrap();
    b.do_send(boom());
    settled(&b).await;
    node.restart_child("a").await.unwrap();
    assert_eq!(next(&mut monitor).await, "a #1 ended: shutdown");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_link_with_what_does_not_run_yet_is_with_its_first_generation() {
    let node = node().await;
    let a = node.spawn(quiet("a")).await.unwrap();
    let later = quiet("later");
    in_time(a.send(link(&later.reference()))).await.unwrap();
    let mut events = node.events();
    let later = node.spawn(later).await.unwrap();
    later.do_send(end(failed("no disk")));
    let exit = exit_of(&mut events, "a").await;
    assert_eq!(
        exit,
        failed("the linked child later ended: failed: no disk")
    );
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_link_with_what_is_gone_after_a_failure_ends_the_actor_at_once() {
    let node = node().await;
    let a = node.spawn(quiet("a")).await.unwrap();
    let gone = |name, exit| {
        let node = node.clone();
        async move {
            let child = node
                .spawn(quiet(name).restart(Restart::Temporary))
                .await
                .unwrap();
            child.do_send(end(exit));
            in_time(child.gone()).await;
            child
        }
    };
    let orderly = gone("orderly", Exit::Normal).await;
    let broken = gone("broken", failed("no disk")).await;
    in_time(a.send(link(&orderly))).await.unwrap();
    let mut events = node.events();
    in_time(a.send(link(&broken))).await.unwrap();
    let exit = exit_of(&mut events, "a").await;
    assert_eq!(
        exit,
        failed("the linked child broken ended: failed: no disk")
    );
    settled(&a).await;
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn linked_ends_count_as_intensity_and_what_the_actor_had_in_hand_is_lost_with_it() {
    let node = Node::builder("test").start().await.unwrap();
    let strict = Supervisor::new("strict").intensity(Intensity::new(0, Duration::from_secs(600)));
    let child = quiet("a");
    let a = child.reference();
    node.spawn(strict.child(child)).await.unwrap();
    let b = node
        .spawn(quiet("b").restart(Restart::Temporary))
        .await
        .unwrap();
    in_time(a.send(link(&b))).await.unwrap();
    let mut events = node.events();
    b.do_send(boom());
    loop {
        let event = in_time(events.next()).await.unwrap();
        if let EventKind::Escalated(exit) = event.kind {
            let text = exit.to_string();
            assert!(
                text.starts_with("failed: the linked child b ended: panicked: boom"),
                "{text}"
            );
            break;
        }
    }
    settled(&a).await;
    let gone = in_time(b.send(act(|_, _| ()))).await;
    assert!(matches!(gone, Err(SendError::Stopped(..))));
    in_time(node.stop()).await.unwrap();
}
