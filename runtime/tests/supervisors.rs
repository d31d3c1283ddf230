//! Supervisors on real threads: what users reach through `Supervisor`,
//! `SupervisorRef` and the paths of a node. The rules themselves are tested with
//! the tree, by hand.

use std::time::Duration;

use actix::prelude::*;
use treewire_runtime::SendError;
use treewire_runtime::{
    AutoShutdown, Child, ChildState, Context, Event, EventKind, Events, Exit, Intensity, Node,
    NodeError, Placement, Restart, SpawnError, Strategy, Supervisor,
};

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// Remembers one number and can be made to end in any way.
#[derive(Default)]
struct Cell(u64);

impl Actor for Cell {
    type Context = Context<Self>;
}

#[derive(PartialEq, Eq)]
struct Put(u64);
impl Message for Put {
    type Result = u64;
}
impl Handler<Put> for Cell {
    type Result = u64;
    fn handle(&mut self, put: Put, _: &mut Context<Self>) -> u64 {
        std::mem::replace(&mut self.0, put.0)
    }
}

struct End(Option<Exit>);
impl Message for End {
    type Result = ();
}
impl Handler<End> for Cell {
    type Result = ();
    fn handle(&mut self, end: End, context: &mut Context<Self>) {
        match end.0 {
            Some(exit) => context.end(exit),
            None => panic!("boom"),
        }
    }
}

struct Thread;
impl Message for Thread {
    type Result = std::thread::ThreadId;
}
impl Handler<Thread> for Cell {
    type Result = MessageResult<Thread>;
    fn handle(&mut self, _: Thread, _: &mut Context<Self>) -> Self::Result {
        MessageResult(std::thread::current().id())
    }
}

fn cell(name: &str) -> Child<Cell> {
    Child::new(name, Cell::default)
}

async fn node() -> Node {
    Node::builder("test").arbiters(2).start().await.unwrap()
}

/// The next event of that child that `wanted` accepts.
async fn event(events: &mut Events, path: &str, wanted: impl Fn(&EventKind) -> bool) -> Event {
    in_time(async {
        loop {
            let event = events.next().await.expect("the node lives");
            if event.path == path && wanted(&event.kind) {
                return event;
            }
        }
    })
    .await
}

async fn started(events: &mut Events, path: &str) -> Event {
    event(events, path, |kind| *kind == EventKind::Started).await
}

#[tokio::test]
async fn supervision_01_a_reference_of_a_listed_child_outlives_the_restart_of_its_supervisor() {
    let node = node().await;
    let child = cell("cell");
    let cell = child.reference();
    let strict = Supervisor::new("strict")
        .intensity(Intensity::new(0, Duration::from_secs(5)))
        .child(child);
    node.spawn(strict).await.unwrap();
    in_time(cell.send(Put(7))).await.unwrap();
    let mut events = node.events();
    cell.do_send(End(None));
    let queued = cell.send(Put(8));
    assert_eq!(
        in_time(queued).await,
        Ok(0),
        "a new cell answered what was queued"
    );
    assert_eq!(started(&mut events, "strict").await.generation, 2);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_01_one_for_all_makes_all_anew() {
    let node = node().await;
    let (one, two) = (cell("one"), cell("two"));
    let (first, second) = (one.reference(), two.reference());
    let group = Supervisor::new("group")
        .strategy(Strategy::OneForAll)
        .child(one)
        .child(two);
    node.spawn(group).await.unwrap();
    first.send(Put(1)).await.unwrap();
    second.send(Put(2)).await.unwrap();
    let mut events = node.events();
    second.do_send(End(None));
    started(&mut events, "group/two").await;
    assert_eq!(in_time(first.send(Put(0))).await, Ok(0));
    assert_eq!(in_time(second.send(Put(0))).await, Ok(0));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_01_a_failing_start_names_the_child_and_frees_the_name() {
    let node = node().await;
    let broken = Child::try_new("broken", || {
        Err::<Cell, _>(std::io::Error::other("no disk"))
    });
    let good = cell("good");
    let good_ref = good.reference();
    let tree = Supervisor::new("outer")
        .child(good)
        .child(Supervisor::new("inner").child(broken));
    let error = in_time(node.spawn(tree)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "outer/inner/broken did not start: failed: no disk"
    );
    assert!(matches!(
        in_time(good_ref.send(Put(1))).await,
        Err(SendError::Stopped(Put(1), _))
    ));
    in_time(node.spawn(Supervisor::new("outer"))).await.unwrap();
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn children_are_added_listed_restarted_and_removed() {
    let node = node().await;
    let rooms = node
        .spawn(Supervisor::new("rooms").child(cell("lobby")))
        .await
        .unwrap();
    let kitchen = rooms.spawn(cell("kitchen")).await.unwrap();
    let again = rooms.spawn(cell("kitchen")).await;
    assert_eq!(
        again.unwrap_err(),
        SpawnError::DuplicateName {
            name: "kitchen".into(),
            parent: "rooms".into()
        }
    );
    let names = |children: Vec<treewire_runtime::ChildSnapshot>| -> Vec<String> {
        children.into_iter().map(|child| child.name).collect()
    };
    assert_eq!(names(rooms.children().await.unwrap()), ["lobby", "kitchen"]);

    kitchen.send(Put(3)).await.unwrap();
    let mut events = node.events();
    rooms.restart_child("kitchen").await.unwrap();
    started(&mut events, "rooms/kitchen").await;
    assert_eq!(in_time(kitchen.send(Put(0))).await, Ok(0));

    assert_eq!(
        in_time(rooms.stop_child("kitchen")).await,
        Ok(Exit::Shutdown)
    );
    assert_eq!(names(rooms.children().await.unwrap()), ["lobby"]);
    assert_eq!(
        rooms.stop_child("kitchen").await,
        Err(NodeError::NoSuchChild {
            path: "kitchen".into()
        })
    );
    in_time(node.stop()).await.unwrap();
    assert_eq!(rooms.children().await, Err(NodeError::Ended));
}

#[tokio::test]
async fn a_listed_child_that_was_stopped_refuses_until_it_is_started_again() {
    let node = node().await;
    let child = cell("cell");
    let cell = child.reference();
    let group = node
        .spawn(Supervisor::new("group").child(child))
        .await
        .unwrap();
    in_time(group.stop_child("cell")).await.unwrap();
    let refused = in_time(cell.gone());
    assert_eq!(refused.await, Exit::Shutdown);
    assert!(matches!(
        in_time(cell.send(Put(1))).await,
        Err(SendError::Stopped(Put(1), Exit::Shutdown))
    ));
    let resting = &group.children().await.unwrap()[0];
    assert_eq!(resting.state, ChildState::Resting);

    group.start_child("cell").await.unwrap();
    assert_eq!(in_time(cell.send(Put(1))).await, Ok(0));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_supervisor_that_does_not_run_yet_takes_nobody_in() {
    let supervisor = Supervisor::new("later");
    let later = supervisor.reference();
    assert_eq!(
        later.spawn(cell("early")).await.unwrap_err(),
        SpawnError::ParentEnded
    );
    let node = node().await;
    node.spawn(supervisor).await.unwrap();
    later.spawn(cell("early")).await.unwrap();
    let mut events = node.events();
    later.stop();
    event(&mut events, "later", |kind| *kind == EventKind::Removed).await;
    assert_eq!(
        later.spawn(cell("late")).await.unwrap_err(),
        SpawnError::ParentEnded
    );
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn supervision_01_the_node_ends_with_its_last_significant_child() {
    let node = Node::builder("test")
        .auto_shutdown(AutoShutdown::AllSignificant)
        .start()
        .await
        .unwrap();
    node.spawn(cell("helper")).await.unwrap();
    let job = cell("job").restart(Restart::Transient).significant();
    let job = node.spawn(job).await.unwrap();
    job.do_send(End(Some(Exit::Normal)));
    in_time(node.ended()).await.unwrap();
}

#[tokio::test]
async fn a_kill_that_is_the_end_of_the_node_was_done() {
    let node = Node::builder("test")
        .auto_shutdown(AutoShutdown::AnySignificant)
        .start()
        .await
        .unwrap();
    let job = Supervisor::new("job").restart(Restart::Temporary);
    node.spawn(job.significant()).await.unwrap();
    in_time(node.kill("job")).await.unwrap();
    in_time(node.ended()).await.unwrap();
    let too_late = in_time(node.kill("job")).await;
    assert!(matches!(too_late, Err(NodeError::Ended)), "{too_late:?}");
}

#[tokio::test]
async fn supervision_01_escalation_to_the_root_ends_the_node_with_the_reason() {
    let node = node().await;
    let child = cell("cell");
    let cell = child.reference();
    let strict =
        |name: &str| Supervisor::new(name).intensity(Intensity::new(0, Duration::from_secs(5)));
    node.spawn(strict("outer").child(strict("inner").child(child)))
        .await
        .unwrap();
    for _ in 0..4 {
        cell.do_send(End(None));
    }
    let Err(NodeError::Escalated { child, exit }) = in_time(node.ended()).await else {
        panic!("it did not escalate")
    };
    assert_eq!(child, "outer");
    assert!(exit.to_string().starts_with("panicked: boom"), "{exit}");
}

#[tokio::test]
async fn a_child_moves_to_another_thread_with_its_queue() {
    let node = node().await;
    let cell = node
        .spawn(cell("cell").placement(Placement::pin(0)))
        .await
        .unwrap();
    let before = cell.send(Thread).await.unwrap();
    let mut events = node.events();
    node.move_child("cell", Placement::pin(1)).await.unwrap();
    started(&mut events, "cell").await;
    assert_ne!(in_time(cell.send(Thread)).await.unwrap(), before);
    let snapshot = node.snapshot().await.unwrap();
    assert_eq!(snapshot.find("cell").unwrap().arbiter, 1);
    in_time(node.stop()).await.unwrap();
}
