//! Monitors tell how generations end; links make ends spread.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_rt::System;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use treewire_runtime::{
    Child, Context, Down, EventKind, Events, Exit, Failure, Intensity, Monitor, Node, Placement,
    Ref, Restart, SendError, Supervisor,
};

mod links;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// Watches and links on demand, reports what it hears, and ends in any way.
struct Member {
    heard: mpsc::UnboundedSender<Down>,
    /// Whom each generation watches and is linked with as it starts.
    watches: Option<Ref<Member>>,
    links: Option<Ref<Member>>,
}

impl Actor for Member {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if let Some(other) = &self.watches {
            context.monitor(other);
        }
        if let Some(other) = &self.links {
            context.link(other);
        }
    }
}

impl Handler<Down> for Member {
    type Result = ();
    fn handle(&mut self, down: Down, _: &mut Context<Self>) {
        self.heard.send(down).ok();
    }
}

/// Runs in the actor: the one message of these tests.
struct Do<T>(Act<T>);
type Act<T> = Box<dyn FnOnce(&mut Member, &mut Context<Member>) -> T + Send>;
impl<T: 'static> Message for Do<T> {
    type Result = T;
}
impl<T: 'static> Handler<Do<T>> for Member {
    type Result = MessageResult<Do<T>>;
    fn handle(&mut self, act: Do<T>, context: &mut Context<Self>) -> Self::Result {
        MessageResult((act.0)(self, context))
    }
}

fn act<T>(what: impl FnOnce(&mut Member, &mut Context<Member>) -> T + Send + 'static) -> Do<T> {
    Do(Box::new(what))
}

fn end(exit: Exit) -> Do<()> {
    act(move |_, context| context.end(exit))
}

fn boom() -> Do<()> {
    act(|_, _| panic!("boom"))
}

fn link(other: &Ref<Member>) -> Do<()> {
    let other = other.clone();
    act(move |_, context| context.link(&other))
}

fn failed(text: &str) -> Exit {
    Exit::Failed(Failure::new(text))
}

fn quiet(name: &str) -> Child<Member> {
    Child::new(name, || Member {
        heard: mpsc::unbounded_channel().0,
        watches: None,
        links: None,
    })
}

async fn node() -> Node {
    Node::builder("test")
        .arbiters(3)
        .intensity(Intensity::new(100, Duration::from_secs(600)))
        .start()
        .await
        .unwrap()
}

async fn next(monitor: &mut Monitor) -> String {
    let down = in_time(monitor.next())
        .await
        .expect("there is more to tell");
    down.to_string()
}

/// The next end of the child that `events` tell.
async fn exit_of(events: &mut Events, path: &str) -> Exit {
    loop {
        let event = in_time(events.next()).await.expect("the node lives");
        if let (EventKind::Exited(exit), true) = (event.kind, event.path == path) {
            return exit;
        }
    }
}

/// Asks until the next generation answers: whatever came before has been done.
async fn settled(member: &Ref<Member>) {
    in_time(member.send(act(|_, _| ()))).await.unwrap();
}

#[tokio::test]
async fn a_monitor_tells_each_end_and_then_that_the_child_is_gone() {
    let node = node().await;
    let child = quiet("worker").restart(Restart::Transient);
    let mut before = child.reference().monitor();
    let worker = node.spawn(child).await.unwrap();
    let mut after = worker.monitor();
    worker.do_send(end(failed("no disk")));
    settled(&worker).await;
    let mut now = worker.monitor();
    node.kill("worker").await.unwrap();
    in_time(now.next()).await.unwrap();
    worker.do_send(end(Exit::Normal));
    for monitor in [&mut before, &mut after] {
        assert_eq!(next(monitor).await, "worker #1 ended: failed: no disk");
        assert_eq!(
            next(monitor).await,
            "worker #2 ended: killed by the operator"
        );
        assert_eq!(next(monitor).await, "worker #3 ended: normal");
        assert_eq!(next(monitor).await, "worker is gone: normal");
        assert_eq!(in_time(monitor.next()).await, None);
        assert_eq!(monitor.missed(), 0);
    }
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_end_is_told_when_the_actor_is_dropped() {
    struct Dropped(Arc<Mutex<Vec<&'static str>>>);
    impl Actor for Dropped {
        type Context = Context<Self>;
        fn started(&mut self, context: &mut Context<Self>) {
            context.fail(Failure::new("at once"));
        }
    }
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.lock().push("dropped");
        }
    }
    let node = node().await;
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = log.clone();
    let child = Child::new("brief", move || Dropped(seen.clone())).restart(Restart::Temporary);
    let mut monitor = child.reference().monitor();
    node.spawn(child).await.unwrap_err();
    assert_eq!(next(&mut monitor).await, "brief #1 ended: failed: at once");
    assert_eq!(*log.lock(), ["dropped"]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn monitoring_what_is_gone_tells_at_once() {
    let node = node().await;
    let worker = node.spawn(quiet("worker")).await.unwrap();
    node.stop_child("worker").await.unwrap();
    in_time(worker.gone()).await;
    let mut monitor = worker.monitor();
    let down = in_time(monitor.next()).await.unwrap();
    assert!(down.last);
    assert_eq!(down.to_string(), "worker is gone: shutdown");
    assert_eq!(down.generation, 1);
    assert_eq!(in_time(monitor.next()).await, None);

    in_time(node.stop()).await.unwrap();
    let refused = quiet("late");
    let reference = refused.reference();
    node.spawn(refused).await.unwrap_err();
    assert_eq!(
        next(&mut reference.monitor()).await,
        "late is gone: shutdown"
    );
}

#[tokio::test]
async fn what_is_started_again_by_hand_is_monitored_and_scheduled_to_anew() {
    let node = node().await;
    let child = quiet("worker");
    let worker = child.reference();
    let team = Supervisor::new("team").child(child);
    let team = node.spawn(team).await.unwrap();
    let mut before = worker.monitor();
    in_time(team.stop_child("worker")).await.unwrap();
    assert_eq!(next(&mut before).await, "team/worker #1 ended: shutdown");
    assert_eq!(next(&mut before).await, "team/worker is gone: shutdown");
    let mut events = node.events();
    in_time(team.start_child("worker")).await.unwrap();
    while in_time(events.next()).await.unwrap().kind != EventKind::Started {}
    let mut after = worker.monitor();
    worker.send_after(Duration::from_millis(1), boom());
    assert!(
        next(&mut after)
            .await
            .starts_with("team/worker #2 ended: panicked")
    );
    assert_eq!(in_time(before.next()).await, None);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_slow_monitor_loses_the_oldest_ends_counts_them_and_hears_the_last() {
    let node = node().await;
    let worker = node.spawn(quiet("worker")).await.unwrap();
    let mut monitor = worker.monitor();
    for _ in 0..20 {
        worker.do_send(boom());
        settled(&worker).await;
    }
    node.stop_child("worker").await.unwrap();
    in_time(worker.gone()).await;
    let mut told = Vec::new();
    while let Some(down) = in_time(monitor.next()).await {
        told.push((down.generation, down.last));
    }
    assert_eq!(told.len() as u64 + monitor.missed(), 22);
    assert!(monitor.missed() > 0);
    assert_eq!(told[told.len() - 2..], [(21, false), (21, true)]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_actor_is_told_by_message_until_its_own_generation_ends() {
    let node = node().await;
    let worker = node.spawn(quiet("worker")).await.unwrap();
    let (heard, mut told) = mpsc::unbounded_channel();
    let watched = worker.clone();
    let watcher = Child::new("watcher", move || Member {
        heard: heard.clone(),
        watches: Some(watched.clone()),
        links: None,
    });
    let watcher = node.spawn(watcher).await.unwrap();
    worker.do_send(boom());
    let down = in_time(told.recv()).await.unwrap();
    assert_eq!((&*down.path, down.generation), ("worker", 1));

    watcher.do_send(boom());
    settled(&watcher).await;
    // Two generations have watched by now; one of them is left.
    worker.do_send(boom());
    assert_eq!(in_time(told.recv()).await.unwrap().generation, 2);
    worker.do_send(boom());
    assert_eq!(in_time(told.recv()).await.unwrap().generation, 3);

    node.stop_child("worker").await.unwrap();
    assert!(!in_time(told.recv()).await.unwrap().last);
    assert!(in_time(told.recv()).await.unwrap().last);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_actor_can_cancel_a_monitor() {
    let node = node().await;
    let worker = node.spawn(quiet("worker")).await.unwrap();
    let (heard, mut told) = mpsc::unbounded_channel();
    let watcher = Child::new("watcher", move || Member {
        heard: heard.clone(),
        watches: None,
        links: None,
    });
    let watcher = node.spawn(watcher).await.unwrap();
    let other = worker.clone();
    let monitor = act(move |_, context: &mut Context<Member>| {
        let first = context.monitor(&other);
        context.monitor(&other);
        context.cancel_future(first)
    });
    assert!(in_time(watcher.send(monitor)).await.unwrap());
    worker.do_send(boom());
    assert_eq!(in_time(told.recv()).await.unwrap().generation, 1);
    worker.do_send(boom());
    assert_eq!(in_time(told.recv()).await.unwrap().generation, 2);
    in_time(node.stop()).await.unwrap();
}

/// A message that blocks the thread until the test lets go of the sender.
fn hold() -> (Do<()>, std::sync::mpsc::Sender<()>, oneshot::Receiver<()>) {
    let (began, has_begun) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    let hold = act(move |_, _| {
        began.send(()).ok();
        released.recv().ok();
    });
    (hold, release, has_begun)
}

#[tokio::test]
async fn supervision_04_the_end_of_a_zombie_is_told_while_its_thread_is_blocked() {
    let node = node().await;
    let child = |name| {
        quiet(name)
            .placement(Placement::pin(1))
            .restart(Restart::Temporary)
    };
    let blocked = node.spawn(child("blocked")).await.unwrap();
    let sibling = node.spawn(child("sibling")).await.unwrap();
    let linked = node
        .spawn(quiet("linked").placement(Placement::pin(2)))
        .await
        .unwrap();
    in_time(linked.send(link(&blocked))).await.unwrap();
    let mut events = node.events();
    let (mut of_blocked, mut of_sibling) = (blocked.monitor(), sibling.monitor());
    let (hold, release, has_begun) = hold();
    blocked.do_send(hold);
    in_time(has_begun).await.unwrap();
    node.kill("blocked").await.unwrap();
    assert_eq!(
        next(&mut of_blocked).await,
        "blocked #1 ended: killed by the operator"
    );
    assert_eq!(
        next(&mut of_blocked).await,
        "blocked is gone: killed by the operator"
    );
    assert_eq!(
        next(&mut of_sibling).await,
        "sibling #1 ended: killed by the end of its thread"
    );
    assert_eq!(
        exit_of(&mut events, "linked").await,
        failed("the linked child blocked ended: killed by the operator")
    );
    // What comes back has nothing to say any more.
    drop(release);
    settled(&linked).await;
    assert_eq!(in_time(of_blocked.next()).await, None);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_the_end_of_a_thread_is_told_and_spreads() {
    let node = node().await;
    let doomed = node
        .spawn(quiet("doomed").placement(Placement::pin(1)))
        .await
        .unwrap();
    let linked = node
        .spawn(quiet("linked").placement(Placement::pin(2)))
        .await
        .unwrap();
    in_time(linked.send(link(&doomed))).await.unwrap();
    let mut events = node.events();
    let mut monitor = doomed.monitor();
    doomed.do_send(act(|_, _| System::current().stop()));
    assert_eq!(
        next(&mut monitor).await,
        "doomed #1 ended: killed by the end of its thread"
    );
    assert_eq!(
        exit_of(&mut events, "linked").await,
        failed("the linked child doomed ended: killed by the end of its thread")
    );
    settled(&doomed).await;
    in_time(node.stop()).await.unwrap();
}
