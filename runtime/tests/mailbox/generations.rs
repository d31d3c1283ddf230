//! What waits in a mailbox when a generation ends, and comes to the next.

use super::*;

#[tokio::test]
async fn supervision_04_who_waits_for_a_blocked_thread_is_told_when_it_is_given_up() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child
        .shutdown(Duration::from_millis(10))
        .placement(Placement::dedicated());
    let listener = node.spawn(child).await.unwrap();
    let raw = listener.address();
    let (_never_sent, never) = oneshot::channel();
    let (_outside, from_outside) = oneshot::channel();
    let owed = listener.send(Later(never));
    let owed = tokio::spawn(async move { owed.await.map_err(|error| error.to_string()) });
    let outside = listener.send(Outside(from_outside));
    let outside = tokio::spawn(async move { outside.await.map_err(|error| error.to_string()) });
    in_time(listener.send(Number(0))).await.unwrap();
    let (hold, release, has_begun) = hold();
    let in_hand = tokio::spawn(listener.send(hold));
    in_time(has_begun).await.unwrap();
    let queued = tokio::spawn(listener.send(Number(1)));
    while listener.depth() == 0 {
        tokio::task::yield_now().await;
    }
    let raw_ask = tokio::spawn(raw.send(Number(2)));
    node.kill("listener").await.unwrap();

    let killed = Exit::Killed(Killer::Operator);
    let in_hand = in_time(in_hand).await.unwrap();
    assert!(matches!(in_hand, Err(SendError::LostInCrash(exit)) if exit == killed));
    for late in [owed, outside] {
        let late = in_time(late).await.unwrap();
        assert_eq!(
            late,
            Err(SendError::<()>::LostInCrash(killed.clone()).to_string())
        );
    }
    assert_eq!(
        in_time(queued).await.unwrap().unwrap(),
        1,
        "what was queued is handled on a fresh thread"
    );
    assert_eq!(in_time(raw_ask).await.unwrap().unwrap(), 2);
    assert_eq!(in_time(hearing.recv()).await, Some((1, 0)));

    // Let go, the old thread takes nothing from the new generation.
    drop(release);
    let mut rest = Vec::new();
    for number in 3..103 {
        assert_eq!(
            in_time(listener.send(Number(number))).await.unwrap(),
            number
        );
    }
    while rest.len() < 102 {
        rest.push(in_time(hearing.recv()).await.unwrap());
    }
    assert!(
        rest.iter().all(|&(generation, _)| generation == 2),
        "{rest:?}"
    );
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_factory_that_never_returns_holds_no_later_thread_up() {
    let node = Node::builder("test").arbiters(2).start().await.unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (entered, has_entered) = mpsc::channel();
    let (heard, _hearing) = unbounded_channel();
    let child = Child::new("stuck", move || {
        entered.send(()).ok();
        released.recv().ok();
        let heard = heard.clone();
        Listener {
            generation: 1,
            heard,
        }
    })
    .placement(Placement::pin(1));
    let mut events = node.events();
    let spawned = tokio::spawn({
        let node = node.clone();
        async move { node.spawn(child).await.map(drop) }
    });
    tokio::task::spawn_blocking(move || has_entered.recv())
        .await
        .unwrap()
        .unwrap();
    node.kill("stuck").await.unwrap();
    let error = in_time(spawned).await.unwrap().unwrap_err();
    assert!(matches!(error, SpawnError::Failed { .. }), "{error}");
    while in_time(events.next()).await.unwrap().kind != EventKind::Removed {}
    drop(release);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn references_work_again_when_a_stopped_child_is_started_again() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = child.reference();
    let mut port_told = unbounded_channel();
    let port = listener.port::<Number, Told>(4);
    node.spawn(Supervisor::new("group").child(child))
        .await
        .unwrap();
    assert_eq!(in_time(listener.send(Number(1))).await.unwrap(), 1);
    let before = listener.address();
    for generation in 2..5 {
        node.stop_child("group/listener").await.unwrap();
        assert_eq!(in_time(listener.gone()).await, Exit::Shutdown);
        let refused = in_time(listener.send(Number(0))).await;
        assert!(
            matches!(refused, Err(SendError::Stopped(Number(0), Exit::Shutdown))),
            "{refused:?}"
        );
        while before.connected() {
            tokio::task::yield_now().await;
        }
        node.start_child("group/listener").await.unwrap();
        while listener.closed().is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            in_time(listener.send(Number(generation))).await.unwrap(),
            generation
        );
        assert_eq!(
            in_time(listener.address().send(Number(0))).await.unwrap(),
            0
        );
        let told = Told(port_told.0.clone());
        assert!(port.push(Number(0), told).is_ok());
        assert_eq!(in_time(port_told.1.recv()).await, Some(0));
    }
    let mut generations = Vec::new();
    while let Ok((generation, _)) = hearing.try_recv() {
        generations.push(generation);
    }
    generations.dedup();
    assert_eq!(generations, [1, 2, 3, 4]);
    in_time(node.stop()).await.unwrap();
}

struct Told(UnboundedSender<u32>);
impl Outcome<Number> for Told {
    fn handled(self, result: u32) {
        self.0.send(result).ok();
    }
    fn lost(self, _: Loss) {}
}

#[tokio::test]
async fn a_mailbox_that_discards_gives_back_what_waits_when_a_generation_ends() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node
        .spawn(child.mailbox(Mailbox::bounded(8).discard()))
        .await
        .unwrap();
    let raw = listener.address();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    listener.do_send(Boom);
    listener.do_send(Number(1));
    listener.try_send(Number(2)).unwrap();
    let mut asked = listener.send(Number(3));
    assert!(poll_once(&mut asked).is_pending());
    drop(release);
    let back = in_time(asked).await.unwrap_err();
    assert!(
        matches!(&back, SendError::Stopped(Number(3), Exit::Panicked(panic)) if panic.text == "boom"),
        "{back}"
    );
    assert_eq!(in_time(listener.send(Number(4))).await.unwrap(), 4);
    assert_eq!(in_time(hearing.recv()).await, Some((2, 4)));
    assert_eq!(drops_of(&node, "discarded at a restart").await, 2);
    assert!(raw.connected());
    in_time(node.stop()).await.unwrap();
}

/// Sends itself the next tick, by its `Ref` or its raw address.
struct Ticker {
    generation: u32,
    raw: bool,
    ticked: UnboundedSender<u32>,
}

impl Actor for Ticker {
    type Context = treewire_runtime::Context<Self>;
    fn started(&mut self, context: &mut Self::Context) {
        let generation = self.generation;
        self.tick(generation, context);
    }
}

impl Ticker {
    fn tick(&self, begun_by: u32, context: &mut <Self as Actor>::Context) {
        if self.raw {
            context.address().do_send(Tick(begun_by));
        } else {
            context.reference().do_send(Tick(begun_by));
        }
    }
}

/// Carries the generation that began to tick.
struct Tick(u32);
impl Message for Tick {
    type Result = ();
}
impl Handler<Tick> for Ticker {
    type Result = ();
    fn handle(&mut self, tick: Tick, context: &mut Self::Context) {
        self.ticked.send(tick.0).ok();
        self.tick(tick.0, context);
    }
}
impl Handler<Boom> for Ticker {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

#[tokio::test]
async fn what_an_actor_sent_to_itself_does_not_double_at_a_restart() {
    for raw in [false, true] {
        let node = node().await;
        let (ticked, mut ticks) = unbounded_channel();
        let mut generation = 0;
        let child = Child::new("listener", move || {
            generation += 1;
            Ticker {
                generation,
                raw,
                ticked: ticked.clone(),
            }
        });
        let ticker = node.spawn(child).await.unwrap();
        assert_eq!(in_time(ticks.recv()).await, Some(1));
        in_time(ticker.send(Boom)).await.unwrap_err();
        while in_time(ticks.recv()).await != Some(2) {}
        for _ in 0..1_000 {
            assert_eq!(in_time(ticks.recv()).await, Some(2), "raw: {raw}");
        }
        let dropped = drops_of(&node, "sent by an earlier generation to itself").await;
        assert_eq!(dropped, 1);
        ticker.do_send(Boom);
        in_time(node.stop()).await.unwrap();
    }
}

#[tokio::test]
async fn what_others_sent_is_kept_over_a_restart_even_by_a_raw_address() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node.spawn(child).await.unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    let asked = tokio::spawn(listener.address().send(Number(1)));
    listener.do_send(Boom);
    listener.do_send(Number(2));
    drop(release);
    assert_eq!(in_time(asked).await.unwrap().unwrap(), 1);
    let mut numbers = [
        in_time(hearing.recv()).await.unwrap().1,
        in_time(hearing.recv()).await.unwrap().1,
    ];
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn kill_is_obeyed_after_the_message_in_hand() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node
        .spawn(child.shutdown(Duration::from_secs(20)))
        .await
        .unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    for number in 0..10 {
        listener.do_send(Number(number));
    }
    in_time(has_begun).await.unwrap();
    node.kill("listener").await.unwrap();
    // Answered by the control thread after the kill.
    node.snapshot().await.unwrap();
    drop(release);
    for number in 0..10 {
        assert_eq!(in_time(hearing.recv()).await, Some((2, number)));
    }
    in_time(pin!(node.stop())).await.unwrap();
}
