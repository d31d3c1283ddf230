//! What an asker is told when there is no answer.

use super::*;

over_every_transport! {
    an_unknown_message_is_named_with_what_is_served
    another_definition_of_a_message_is_refused
    what_cannot_be_decoded_is_said_at_either_end
    a_decoder_that_panics_costs_its_own_request_only
    answers_that_come_later_are_told_and_die_with_their_generation
    supervision_03_a_panic_in_a_handler_is_told_to_its_asker_and_costs_nobody_else
    an_actor_that_stopped_for_good_says_so
    a_message_whose_deadline_passed_in_the_queue_is_not_handled
}

async fn an_unknown_message_is_named_with_what_is_served(listen: &str) {
    let world = world(listen).await;
    let asked = in_time(world.req.send(elsewhere::Unheard {}).into_future()).await;
    match asked.unwrap_err() {
        RemoteError::UnknownMessage(text) => {
            for name in ["test.Unheard", "test.Double", "test.Greet"] {
                assert!(text.contains(name), "{text}");
            }
        }
        other => panic!("{other}"),
    }
    stop(world.node).await;
}

async fn another_definition_of_a_message_is_refused(listen: &str) {
    let world = world(listen).await;
    let request = elsewhere::Double { value: 1 };
    let asked = in_time(world.req.send(request).into_future()).await;
    let error = asked.unwrap_err();
    assert!(matches!(error, RemoteError::SchemaMismatch(_)), "{error}");
    let name = "the same request, another reply".into();
    let asked = in_time(world.req.send(elsewhere::Greet { name }).into_future()).await;
    let error = asked.unwrap_err();
    assert!(matches!(error, RemoteError::SchemaMismatch(_)), "{error}");
    assert!(error.to_string().contains("test.Greet"), "{error}");
    assert_eq!(world.handled.load(SeqCst), 0);
    stop(world.node).await;
}

async fn what_cannot_be_decoded_is_said_at_either_end(listen: &str) {
    let world = world(listen).await;
    for garbage in [&[][..], &[0xff; 20], &[1, 2, 3]] {
        let content = Content::new("test.Double").with_part(garbage);
        match in_time(world.req.request(content).into_future()).await {
            Err(RequestError::Failed(failure)) => assert_eq!(failure.code, 3, "{failure:?}"),
            other => panic!("{other:?}"),
        }
    }
    // The other way round: the answer is not what the asker expects.
    let rep = Rep::new("liar").listen(listen.replace("here", "there"));
    let rep: RepSocket = world.node.spawn(rep).await.unwrap();
    let req = Req::new("lied to").dial(address(&rep));
    let req = world.node.spawn(req).await.unwrap();
    let asking = tokio::spawn(req.send(Double { value: 1 }).into_future());
    in_time(rep.recv())
        .await
        .unwrap()
        .unwrap()
        .reply(&[0xff; 20]);
    let error = in_time(asking).await.unwrap().unwrap_err();
    assert!(matches!(error, RemoteError::DecodeFailed(_)), "{error}");
    stop(world.node).await;
}

async fn a_decoder_that_panics_costs_its_own_request_only(listen: &str) {
    let world = world(listen).await;
    let fussy = |value| in_time(world.req.send(Fussy { value }).into_future());
    assert_eq!(fussy(12).await.unwrap(), 12);
    let error = fussy(13).await.unwrap_err();
    assert!(matches!(error, RemoteError::DecodeFailed(_)), "{error}");
    assert_eq!(fussy(14).await.unwrap(), 14, "the socket serves on");
    let tree = world.node.snapshot().await.unwrap();
    assert_eq!(tree.restarts, 0);
    stop(world.node).await;
}

async fn answers_that_come_later_are_told_and_die_with_their_generation(listen: &str) {
    let world = world(listen).await;
    let handled = async |count| {
        while world.handled.load(SeqCst) < count {
            tokio::task::yield_now().await;
        }
    };
    let later = tokio::spawn(world.req.send(Later { value: 7 }).into_future());
    in_time(handled(1)).await;
    let meanwhile = in_time(world.req.send(Double { value: 2 }).into_future()).await;
    assert_eq!(meanwhile.unwrap(), 4);
    world.gate.notify_one();
    assert_eq!(in_time(later).await.unwrap().unwrap(), 7);

    let lost = tokio::spawn(world.req.send(Later { value: 7 }).into_future());
    in_time(handled(3)).await;
    let boom = in_time(world.req.send(Boom {}).into_future()).await;
    assert!(boom.is_err());
    let error = in_time(lost).await.unwrap().unwrap_err();
    assert!(matches!(error, RemoteError::LostInCrash(_)), "{error}");
    stop(world.node).await;
}

async fn supervision_03_a_panic_in_a_handler_is_told_to_its_asker_and_costs_nobody_else(
    listen: &str,
) {
    let world = world(listen).await;
    let before = world.node.snapshot().await.unwrap();
    let paused = tokio::spawn(world.req.send(Pause {}).into_future());
    in_time(paused).await.unwrap().unwrap();
    let double = |value| tokio::spawn(world.req.send(Double { value }).into_future());
    let first: Vec<_> = (0..10).map(double).collect();
    let boom = tokio::spawn(world.req.send(Boom {}).into_future());
    let then: Vec<_> = (10..20).map(double).collect();
    until_tree(&world.node, "all are queued", |tree| {
        messages_in(tree, "rep") == 22
    })
    .await;
    world.gate.notify_one();

    let error = in_time(boom).await.unwrap().unwrap_err();
    match &error {
        RemoteError::LostInCrash(text) => {
            assert!(text.contains("boom it went"), "{text}");
            assert!(text.contains("typed/main.rs:"), "{text}");
        }
        other => panic!("{other}"),
    }
    for (number, asking) in (0..).zip(first.into_iter().chain(then)) {
        assert_eq!(in_time(asking).await.unwrap().unwrap(), 2 * number);
    }
    let after = world.node.snapshot().await.unwrap();
    let service = after.find("service").unwrap();
    assert_eq!((service.restarts, service.generation), (1, 2));
    match &service.exits[..] {
        [exit] => match &exit.reason {
            Exit::Panicked(panic) => {
                assert_eq!(panic.text, "boom it went");
                assert!(panic.place.contains("typed/main.rs:"), "{}", panic.place);
            }
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
    // Nobody else noticed.
    let others = |tree: &treewire::NodeSnapshot| -> Vec<(String, u64)> {
        let others = tree.walk().filter(|child| child.path != "service");
        others
            .map(|child| (child.path.clone(), child.generation))
            .collect()
    };
    assert_eq!(others(&after), others(&before));
    stop(world.node).await;
}

async fn an_actor_that_stopped_for_good_says_so(listen: &str) {
    let world = world_with(listen, Restart::Temporary).await;
    let error = in_time(world.req.send(Boom {}).into_future()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, RemoteError::LostInCrash(_)), "{error}");
    until_tree(&world.node, "it is gone", |tree| {
        tree.find("service").is_none()
    })
    .await;
    let error = in_time(world.req.send(Double { value: 1 }).into_future()).await;
    match error.unwrap_err() {
        RemoteError::Stopped(text) => assert!(text.contains("boom it went"), "{text}"),
        other => panic!("{other}"),
    }
    stop(world.node).await;
}

async fn a_message_whose_deadline_passed_in_the_queue_is_not_handled(listen: &str) {
    let world = world(listen).await;
    in_time(world.req.send(Pause {}).into_future())
        .await
        .unwrap();
    let hasty = world.req.send(Double { value: 1 });
    let hasty = hasty.deadline(Duration::from_millis(30)).into_future();
    let error = in_time(hasty).await.unwrap_err();
    assert!(matches!(error, RemoteError::TimedOut), "{error}");
    until_tree(&world.node, "the cancel has arrived", |tree| {
        messages_in(tree, "rep") == 3
    })
    .await;
    world.gate.notify_one();
    let patient = in_time(world.req.send(Double { value: 2 }).into_future()).await;
    assert_eq!(patient.unwrap(), 4);
    assert_eq!(world.handled.load(SeqCst), 1);
    stop(world.node).await;
}
