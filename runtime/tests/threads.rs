//! What becomes of children when the thread they run on ends.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use actix::prelude::*;
use actix_rt::System;
use tokio::sync::oneshot;
use treewire_runtime::*;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

struct Worker;

impl Actor for Worker {
    type Context = treewire_runtime::Context<Self>;
}

/// On which thread does it run?
struct Where;
impl Message for Where {
    type Result = String;
}
impl Handler<Where> for Worker {
    type Result = String;
    fn handle(&mut self, _: Where, _: &mut Self::Context) -> String {
        thread::current().name().unwrap_or_default().to_owned()
    }
}

/// Blocks the thread until it is released, then ends its actix system.
struct EndThread {
    began: oneshot::Sender<()>,
    released: mpsc::Receiver<()>,
}

fn end_thread() -> (EndThread, mpsc::Sender<()>, oneshot::Receiver<()>) {
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    (EndThread { began, released }, release, has_begun)
}

impl Message for EndThread {
    type Result = ();
}
impl Handler<EndThread> for Worker {
    type Result = ();
    fn handle(&mut self, end: EndThread, _: &mut Self::Context) {
        end.began.send(()).ok();
        // The sender lets go by being dropped.
        end.released.recv().ok();
        System::current().stop();
    }
}

async fn next_exit_of(events: &mut Events, path: &str) -> Exit {
    loop {
        let event = in_time(events.next()).await.expect("the node lives");
        if let (EventKind::Exited(exit), true) = (event.kind, event.path == path) {
            return exit;
        }
    }
}

#[tokio::test]
async fn supervision_04_the_children_of_a_dead_thread_start_again_on_a_fresh_one() {
    let node = Node::builder("test")
        .arbiters(2)
        .intensity(Intensity::new(4, Duration::from_secs(60)))
        .start()
        .await
        .unwrap();
    let mut events = node.events();
    let mut workers = Vec::new();
    for name in ["a", "b"] {
        let child = Child::new(name, || Worker).placement(Placement::pin(1));
        workers.push(node.spawn(child).await.unwrap());
    }
    let neighbour = node.spawn(Child::new("c", || Worker)).await.unwrap();
    for incarnation in ["treewire-1", "treewire-1.2"] {
        for worker in &workers {
            assert_eq!(in_time(worker.send(Where)).await.unwrap(), incarnation);
        }
        let (end, release, has_begun) = end_thread();
        workers[0].do_send(end);
        in_time(has_begun).await.unwrap();
        let queued = tokio::spawn(workers[1].send(Where));
        drop(release);
        for name in ["a", "b"] {
            let exit = next_exit_of(&mut events, name).await;
            assert_eq!(exit, Exit::Killed(Killer::LostThread));
        }
        // Whoever had not begun to be handled is answered by the next generation.
        in_time(queued).await.unwrap().unwrap();
    }
    for worker in &workers {
        assert_eq!(in_time(worker.send(Where)).await.unwrap(), "treewire-1.3");
    }
    assert_eq!(
        in_time(neighbour.send(Where)).await.unwrap(),
        "treewire-0",
        "the other thread goes on"
    );
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_a_start_that_a_dying_thread_did_not_get_to_is_reported() {
    let node = Node::builder("test").start().await.unwrap();
    let worker = node.spawn(Child::new("worker", || Worker)).await.unwrap();
    let (end, release, has_begun) = end_thread();
    worker.do_send(end);
    in_time(has_begun).await.unwrap();
    let late = tokio::spawn({
        let node = node.clone();
        async move { node.spawn(Child::new("late", || Worker)).await }
    });
    while node.snapshot().await.unwrap().find("late").is_none() {
        tokio::task::yield_now().await;
    }
    drop(release);
    // The dying thread may still get to it, and then its readiness may be seen or not.
    match in_time(late).await.unwrap() {
        Ok(_) => {}
        Err(error) => assert_eq!(
            error,
            SpawnError::Failed {
                path: "late".into(),
                exit: Exit::Killed(Killer::LostThread)
            }
        ),
    }
    assert_eq!(in_time(worker.send(Where)).await.unwrap(), "treewire-0.2");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_the_children_of_a_dedicated_thread_get_another() {
    let node = Node::builder("test").start().await.unwrap();
    let mut events = node.events();
    let child = Child::new("alone", || Worker).placement(Placement::dedicated());
    let alone = node.spawn(child).await.unwrap();
    assert_eq!(in_time(alone.send(Where)).await.unwrap(), "treewire-1");
    let (end, release, _) = end_thread();
    alone.do_send(end);
    drop(release);
    let exit = next_exit_of(&mut events, "alone").await;
    assert_eq!(exit, Exit::Killed(Killer::LostThread));
    assert_eq!(in_time(alone.send(Where)).await.unwrap(), "treewire-1.2");
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_04_children_outlive_the_system_of_the_caller() {
    let (given, taken) = oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let caller = thread::Builder::new()
        .name("caller".into())
        .spawn(move || {
            let system = System::new();
            system.block_on(async move {
                let node = Node::builder("test").start().await.unwrap();
                let worker = node.spawn(Child::new("worker", || Worker)).await.unwrap();
                assert_eq!(worker.send(Where).await.unwrap(), "caller");
                given.send((node, worker)).ok();
            });
            released.recv().ok();
        })
        .unwrap();
    let (node, worker) = in_time(taken).await.unwrap();
    let mut events = node.events();
    drop(release);
    caller.join().unwrap();
    let exit = next_exit_of(&mut events, "worker").await;
    assert_eq!(exit, Exit::Killed(Killer::LostThread));
    assert_eq!(in_time(worker.send(Where)).await.unwrap(), "treewire-0.2");
    in_time(node.stop()).await.unwrap();
}

thread_local! {
    /// Let go of when the thread is about to end, and has told the node so.
    static UNTIL_THE_END: std::cell::RefCell<Option<oneshot::Sender<()>>> =
        const { std::cell::RefCell::new(None) };
}

struct WatchThread(oneshot::Sender<()>);
impl Message for WatchThread {
    type Result = ();
}
impl Handler<WatchThread> for Worker {
    type Result = ();
    fn handle(&mut self, watch: WatchThread, _: &mut Self::Context) {
        UNTIL_THE_END.set(Some(watch.0));
    }
}

#[tokio::test]
async fn supervision_04_the_late_end_of_a_released_thread_ends_nobody_on_its_successor() {
    let node = Node::builder("test").start().await.unwrap();
    let host = Child::new("host", || Worker).placement(Placement::dedicated());
    let host = node.spawn(host).await.unwrap();
    let guest = Child::new("guest", || Worker).placement(Placement::beside(&host));
    let guest = node.spawn(guest).await.unwrap();
    let (watch, ended) = oneshot::channel();
    in_time(guest.send(WatchThread(watch))).await.unwrap();

    node.stop_child("host").await.unwrap();
    assert!(in_time(ended).await.is_err(), "the thread is gone");
    assert_eq!(in_time(guest.send(Where)).await.unwrap(), "treewire-1");
    let tree = node.snapshot().await.unwrap();
    let guest = tree.find("guest").unwrap();
    assert_eq!((guest.generation, guest.exits.len()), (2, 1));
    in_time(node.stop()).await.unwrap();
}
