//! The handle of a supervisor, used before the control thread took that in. A driven
//! node runs on this thread, so what is asked in the poll that spawns is asked too early.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use actix::prelude::*;
use futures_util::future::join;
use treewire_runtime::{
    Child, ChildState, Context, Exit, Failure, Node, NodeError, SpawnError, Supervisor,
    SupervisorRef, World, driven,
};

#[derive(Default)]
struct Worker {
    starts: Arc<AtomicUsize>,
    /// What it uses as soon as it starts.
    group: Option<SupervisorRef>,
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        self.starts.fetch_add(1, Relaxed);
        if let Some(group) = &self.group {
            let _ = group.spawn_child(worker("late")).expect("it is spawned");
        }
    }
}

fn worker(name: &str) -> Child<Worker> {
    Child::new(name, Worker::default)
}

async fn node(world: &World) -> Node {
    Node::builder("edges").driven(world).start().await.unwrap()
}

async fn paths(node: &Node) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = node.snapshot().await.unwrap().children;
    while let Some(child) = rest.pop() {
        paths.push(format!("{} {:?}", child.path, child.state));
        rest.extend(child.children);
    }
    paths.sort();
    paths
}

#[test]
fn a_stop_that_comes_before_the_supervisor_is_taken_in_is_not_lost() {
    driven(1, async |world| {
        let node = node(&world).await;
        let group = Supervisor::new("group").child(worker("worker"));
        let handle = group.reference();
        let (spawned, ()) = join(node.spawn(group), async { handle.stop() }).await;
        let Err(SpawnError::Failed { path, exit }) = spawned else {
            panic!("it was stopped: {spawned:?}");
        };
        assert_eq!((path.as_str(), exit), ("group", Exit::Shutdown));
        assert_eq!(paths(&node).await, Vec::<String>::new());
    });
}

#[test]
fn a_stop_that_comes_before_the_spawn_is_done_after_it() {
    driven(2, async |world| {
        let node = node(&world).await;
        let inner = Supervisor::new("inner").child(worker("worker"));
        inner.reference().stop();
        let outer = Supervisor::new("outer").child(inner).child(worker("other"));
        node.spawn(outer).await.unwrap();
        let expected = [
            format!("outer {:?}", ChildState::Running),
            format!("outer/inner {:?}", ChildState::Resting),
            format!("outer/inner/worker {:?}", ChildState::Resting),
            format!("outer/other {:?}", ChildState::Running),
        ];
        world.settle().await;
        assert_eq!(paths(&node).await, expected);
    });
}

#[test]
fn what_is_asked_while_the_supervisor_is_taken_in_is_done_after_it() {
    driven(3, async |world| {
        let node = node(&world).await;
        let inner = Supervisor::new("inner").child(worker("first"));
        let handle = inner.reference();
        let outer = Supervisor::new("outer").child(inner);
        let asked = async {
            let spawned = handle.spawn_child(worker("second")).map(|_| ());
            let (added, children) = join(handle.spawn(worker("third")), handle.children()).await;
            (spawned, added.map(|_| ()), children)
        };
        let (outer, (spawned, added, children)) = join(node.spawn(outer), asked).await;
        assert_eq!(
            (outer.map(|_| ()), spawned, added),
            (Ok(()), Ok(()), Ok(()))
        );
        let names: Vec<_> = children
            .unwrap()
            .into_iter()
            .map(|child| child.name)
            .collect();
        assert_eq!(names, ["first", "second", "third"]);
    });
}

#[test]
fn what_starts_with_a_supervisor_may_use_its_handle_at_once() {
    // On threads: the spawner may be slower than what it spawned.
    actix::System::new().block_on(async {
        let node = Node::builder("edges").start().await.unwrap();
        for round in 0..50 {
            let group = Supervisor::new(format!("group {round}"));
            let handle = group.reference();
            let first = Child::new("first", move || Worker {
                group: Some(handle.clone()),
                ..Worker::default()
            });
            let group = node.spawn(group.child(first)).await.unwrap();
            group.restart_child("late").await.unwrap();
            group.stop();
        }
        node.stop().await.unwrap();
    });
}

#[test]
fn a_supervisor_that_is_not_in_the_tree_says_so() {
    driven(4, async |world| {
        let node = node(&world).await;
        let group = Supervisor::new("group").child(worker("worker"));
        let handle = group.reference();
        assert_eq!(handle.children().await, Err(NodeError::NoSuchSupervisor));
        assert_eq!(
            handle.spawn(worker("a")).await.unwrap_err(),
            SpawnError::ParentEnded
        );
        node.spawn(group).await.unwrap();
        assert_eq!(handle.children().await.unwrap().len(), 1);
        node.stop_child("group").await.unwrap();
        let error = handle.children().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the supervisor has ended or does not run yet"
        );
        assert_eq!(
            handle.spawn(worker("a")).await.unwrap_err(),
            SpawnError::ParentEnded
        );
    });
}

#[test]
fn who_asks_twice_whether_a_child_is_ready_is_told_twice() {
    driven(5, async |world| {
        let node = node(&world).await;
        let group = node.spawn(Supervisor::new("group")).await.unwrap();
        let mut spawning = group.spawn_child(worker("worker")).unwrap();
        spawning.ready().await.unwrap();
        spawning.ready().await.unwrap().stop();
        let mut refused = group
            .spawn_child(Child::try_new("refused", || {
                Err::<Worker, _>(Failure::new("no"))
            }))
            .unwrap();
        let error = refused.ready().await.unwrap_err();
        assert_eq!(refused.ready().await.unwrap_err(), error);
    });
}
