//! What becomes of scheduled messages when a generation ends, or the child.

use super::*;

#[test]
fn what_is_scheduled_dies_with_its_target() {
    struct Guarded(Arc<AtomicUsize>);
    impl Drop for Guarded {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    impl Message for Guarded {
        type Result = ();
    }
    impl Handler<Guarded> for Clerk {
        type Result = ();
        fn handle(&mut self, _: Guarded, _: &mut Context<Self>) {
            self.notes.lines.lock().push("handled".into());
        }
    }
    driven(7, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let child = notes.child("clerk").restart(Restart::Temporary);
        let clerk = node.spawn(child).await.unwrap();
        let dropped = Arc::new(AtomicUsize::new(0));
        let waiting = clerk.send_after(SECOND, Guarded(dropped.clone()));
        let guard = Guarded(dropped.clone());
        let ticks = clerk.send_every(SECOND, move || {
            Note(match &guard {
                Guarded(_) => "tick",
            })
        });
        clerk.do_send(End(Exit::Normal));
        clerk.gone().await;
        world.settle().await;
        assert_eq!(dropped.load(SeqCst), 2);
        assert!(!waiting.cancel());
        assert!(!ticks.cancel());
        let late = clerk.send_after(SECOND, Guarded(dropped.clone()));
        assert_eq!(dropped.load(SeqCst), 3);
        assert!(!late.cancel());
        world.pass(SECOND * 3).await;
        assert!(notes.take().is_empty());
        assert_eq!(clerk.stats().drops()["stopped"], 2);
        node.stop().await.unwrap();
    });
}

#[test]
fn what_an_actor_schedules_to_itself_ends_with_its_generation() {
    struct Begin;
    impl Message for Begin {
        type Result = ();
    }
    impl Handler<Begin> for Clerk {
        type Result = ();
        fn handle(&mut self, _: Begin, context: &mut Context<Self>) {
            let own = context.reference();
            own.send_every(SECOND, || Note("tick"));
            own.send_after(SECOND * 3, Note("once"));
        }
    }
    driven(11, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        clerk.send(Begin).await.unwrap();
        world.pass(SECOND * 3 / 2).await;
        clerk.do_send(failed());
        clerk.send(Begin).await.unwrap();
        world.pass(SECOND * 2).await;
        assert_eq!(
            notes.take(),
            [
                "tick at 1s to #1",
                "tick at 2.5s to #2",
                "tick at 3.5s to #2"
            ]
        );
        assert_eq!(
            clerk.stats().drops()["sent by an earlier generation to itself"],
            1
        );
        node.stop().await.unwrap();
    });
}

#[test]
fn scheduled_messages_that_are_dropped_become_dead_letters() {
    struct Begin;
    impl Message for Begin {
        type Result = ();
    }
    impl Handler<Begin> for Clerk {
        type Result = ();
        fn handle(&mut self, _: Begin, context: &mut Context<Self>) {
            context.reference().send_after(SECOND * 2, Note("own"));
        }
    }
    driven(12, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let mut letters = node.dead_letters();
        let child = notes.child("clerk").restart(Restart::Transient);
        let clerk = node.spawn(child).await.unwrap();
        clerk.send(Begin).await.unwrap();
        clerk.do_send(failed());
        world.pass(SECOND * 3).await;
        let mut expect = async |cause| {
            let letter = letters.next().await.unwrap();
            assert_eq!((&*letter.path, letter.cause), ("clerk", cause));
            assert!(letter.message.ends_with("schedule::Note"), "{letter}");
        };
        expect(DropCause::OwnEarlierGeneration).await;
        clerk.send_after(SECOND, Note("too late"));
        clerk.send_every(SECOND, || Note("never made, so not dropped"));
        clerk.do_send(End(Exit::Normal));
        clerk.gone().await;
        expect(DropCause::Stopped).await;
        clerk.send_after(SECOND, Note("later still"));
        expect(DropCause::Stopped).await;
        node.stop().await.unwrap();
        assert_eq!(letters.next().await, None);
        assert!(notes.take().is_empty());
    });
}

#[test]
fn a_panic_while_a_message_is_made_is_the_actors_and_nothing_more_is_made() {
    driven(8, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        let mut monitor = clerk.monitor();
        clerk.send_every(SECOND, || -> Note { panic!("no paper") });
        clerk.send_after(SECOND * 2, Note("after"));
        world.pass(SECOND * 5).await;
        let down = monitor.next().await.unwrap();
        assert!(
            down.to_string()
                .starts_with("clerk #1 ended: panicked: no paper"),
            "{down}"
        );
        assert_eq!(notes.take(), ["after at 2s to #2"]);
        node.stop().await.unwrap();
        assert_eq!(monitor.next().await.unwrap().generation, 2);
    });
}

#[test]
fn a_handler_that_panics_ends_no_schedule() {
    struct Bad;
    impl Message for Bad {
        type Result = ();
    }
    impl Handler<Bad> for Clerk {
        type Result = ();
        fn handle(&mut self, _: Bad, _: &mut Context<Self>) {
            panic!("bad");
        }
    }
    driven(9, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        clerk.send_every(SECOND * 10, || Bad);
        clerk.send_every(SECOND * 15, || Note("tick"));
        world.pass(SECOND * 30).await;
        // At 30 s a generation ends; the tick of that moment is for the next one.
        assert_eq!(notes.generations.load(SeqCst), 4);
        assert_eq!(notes.take(), ["tick at 15s to #2", "tick at 30s to #4"]);
        node.stop().await.unwrap();
    });
}

/// Blocks its thread until the test lets go.
struct Hold {
    began: oneshot::Sender<()>,
    released: std::sync::mpsc::Receiver<()>,
}
impl Message for Hold {
    type Result = ();
}

struct Worker(mpsc::UnboundedSender<String>);
impl Actor for Worker {
    type Context = Context<Self>;
}
impl Handler<Hold> for Worker {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut Context<Self>) {
        hold.began.send(()).ok();
        hold.released.recv().ok();
    }
}
struct Where;
impl Message for Where {
    type Result = ();
}
impl Handler<Where> for Worker {
    type Result = ();
    fn handle(&mut self, _: Where, _: &mut Context<Self>) {
        let thread = std::thread::current();
        self.0
            .send(thread.name().unwrap_or_default().to_owned())
            .ok();
    }
}

#[tokio::test]
async fn supervision_04_what_is_scheduled_outlives_a_blocked_thread() {
    let in_time = async |what: &mut mpsc::UnboundedReceiver<String>| {
        tokio::time::timeout(SECOND * 20, what.recv())
            .await
            .expect("the watchdog barked")
            .unwrap()
    };
    let node = Node::builder("test").arbiters(2).start().await.unwrap();
    let (heard, mut told) = mpsc::unbounded_channel();
    let child = Child::new("worker", move || Worker(heard.clone()));
    let worker = node
        .spawn(child.placement(Placement::pin(1)))
        .await
        .unwrap();
    let (began, has_begun) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    worker.do_send(Hold { began, released });
    has_begun.await.unwrap();
    worker.send_after(Duration::from_millis(1), Where);
    let ticks = worker.send_every(Duration::from_millis(1), || Where);
    node.kill("worker").await.unwrap();
    for _ in 0..3 {
        assert_eq!(in_time(&mut told).await, "treewire-1.2");
    }
    drop(release);
    for _ in 0..3 {
        assert_eq!(in_time(&mut told).await, "treewire-1.2");
    }
    ticks.cancel();
    assert_eq!(node.snapshot().await.unwrap().zombies, ["worker"]);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn what_panicked_while_it_was_made_is_not_left_to_cancel() {
    let node = Node::builder("test").start().await.unwrap();
    let notes = Notes {
        lines: Arc::default(),
        generations: Arc::default(),
        begun: Instant::now(),
    };
    let clerk = node.spawn(notes.child("clerk")).await.unwrap();
    let mut monitor = clerk.monitor();
    let every = clerk.send_every(Duration::from_millis(1), || -> Note { panic!("no note") });
    let watchdog = Duration::from_secs(20);
    let down = tokio::time::timeout(watchdog, monitor.next()).await;
    down.expect("the watchdog barked").unwrap();
    assert!(!every.cancel());
}
