//! The tree driven by hand: what it wants done is read as a log of words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::*;
use crate::child::{Placement, Recipe};
use crate::exit::Failure;
use crate::node::Home;
use crate::observe::Stats;
use crate::panics::Panic;
use crate::restart::{Backoff, Restart};

struct Nothing(Arc<Stats>);

impl Recipe for Nothing {
    fn start(&self, _: Home) {}
    fn prepare(&self, _: u64, _: usize) {}
    fn signal(&self, _: u64, _: Signal) {}
    fn close(&self, _: &Exit) {}
    fn stats(&self) -> &Arc<Stats> {
        &self.0
    }
    fn mailbox_capacity(&self) -> usize {
        0
    }
}

fn spec(name: &str) -> ChildSpec {
    ChildSpec {
        name: name.into(),
        kind: "actor".into(),
        restart: Restart::Permanent,
        shutdown: Duration::from_secs(5),
        backoff: None,
        intensity: Intensity::default(),
        placement: Placement::inherit(),
        recipe: Arc::new(Nothing(Arc::default())),
    }
}

struct World {
    tree: Tree,
    now: Instant,
    /// The generation started last, by child name.
    lives: Vec<(String, ChildId, u64)>,
    log: Vec<String>,
    finished: Option<Ending>,
    ready: Vec<(String, oneshot::Receiver<Result<ChildId, SpawnError>>)>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let config = TreeConfig {
            arbiters: 1,
            intensity: Intensity::default(),
            stop_budget: Duration::from_secs(30),
            seed: 1,
        };
        World {
            tree: Tree::new(config, now),
            now,
            lives: Vec::new(),
            log: Vec::new(),
            finished: None,
            ready: Vec::new(),
        }
    }

    fn spawn(&mut self, parent: Option<&str>, spec: ChildSpec) {
        let (ready, is_ready) = oneshot::channel();
        let (gone, _) = oneshot::channel();
        let parent = parent.map(|name| self.life(name).0);
        self.ready.push((spec.name.to_string(), is_ready));
        self.tree
            .spawn(parent, spec, SpawnReplies { ready, gone }, self.now);
        self.collect();
    }

    /// Spawns it and reports it ready.
    fn up(&mut self, parent: Option<&str>, spec: ChildSpec) {
        let name = spec.name.to_string();
        self.spawn(parent, spec);
        self.started(&name);
    }

    fn life(&self, name: &str) -> (ChildId, u64) {
        let found = self.lives.iter().rev().find(|(child, ..)| child == name);
        let (_, id, life) = found.unwrap_or_else(|| panic!("{name} was never started"));
        (*id, *life)
    }

    fn started(&mut self, name: &str) {
        let (id, life) = self.life(name);
        self.tree.started(id, life, self.now);
        self.collect();
    }

    fn exited(&mut self, name: &str, exit: Exit) {
        let (id, life) = self.life(name);
        self.tree.exited(id, life, exit, self.now);
        self.collect();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.tree.on_time(self.now);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(action) = self.tree.next_action() {
            match action {
                Action::Start { id, life, name, .. } => {
                    self.log.push(format!("+{name}"));
                    self.lives.push((name.to_string(), id, life));
                }
                Action::Signal { life, signal, .. } => {
                    let child = self.lives.iter().find(|(.., of)| *of == life);
                    let name = child.map_or("?", |(name, ..)| name);
                    self.log.push(format!("{signal:?} {name}"));
                }
                Action::Event(event) => match event.kind {
                    EventKind::Started => {}
                    kind => {
                        let words = Event { kind, ..event }.to_string();
                        self.log.push(words);
                    }
                },
                Action::Finished(ending) => self.finished = Some(ending),
                Action::Ready(reply, result) => drop(reply.send(result)),
                Action::Gone(reply, exit) => drop(reply.send(exit)),
                Action::Close { .. } | Action::ReleaseArbiter(_) => {}
            }
        }
    }

    /// The log since the last call.
    fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn readiness(&mut self, name: &str) -> Result<ChildId, SpawnError> {
        let found = self.ready.iter_mut().find(|(child, _)| child == name);
        found.expect("spawned").1.try_recv().expect("answered")
    }
}

fn failed() -> Exit {
    Exit::Failed(Failure::new("no"))
}

fn panicked() -> Exit {
    Exit::Panicked(Panic {
        text: "boom".into(),
        place: "a.rs:1".into(),
    })
}

#[test]
fn supervision_01_a_permanent_child_is_restarted_whatever_its_exit() {
    for exit in [Exit::Normal, failed(), panicked()] {
        let mut world = World::new();
        world.up(None, spec("a"));
        world.log();
        world.exited("a", exit.clone());
        let expected = [
            format!("a #1 exited: {exit}"),
            "a #1 restarts after 0ns".into(),
            "+a".into(),
        ];
        assert_eq!(world.log(), expected);
    }
}

#[test]
fn supervision_01_a_transient_child_is_restarted_only_after_an_abnormal_exit() {
    for (exit, again) in [(Exit::Normal, false), (failed(), true), (panicked(), true)] {
        let mut world = World::new();
        world.up(
            None,
            ChildSpec {
                restart: Restart::Transient,
                ..spec("a")
            },
        );
        world.log();
        world.exited("a", exit);
        assert_eq!(world.log().contains(&"+a".to_owned()), again);
    }
}

#[test]
fn supervision_01_a_temporary_child_is_never_restarted_and_frees_its_name() {
    let mut world = World::new();
    world.up(
        None,
        ChildSpec {
            restart: Restart::Temporary,
            ..spec("a")
        },
    );
    world.exited("a", panicked());
    assert!(world.log().contains(&"a #1 removed".to_owned()));
    world.up(None, spec("a"));
}

#[test]
fn supervision_01_the_fourth_restart_in_five_seconds_ends_the_node_with_the_last_reason() {
    let mut world = World::new();
    world.up(None, spec("a"));
    for _ in 0..3 {
        world.exited("a", failed());
        world.started("a");
    }
    assert_eq!(world.finished, None);
    world.exited("a", panicked());
    assert_eq!(
        world.finished,
        Some(Ending::Escalated {
            child: "a".into(),
            exit: panicked()
        })
    );
}

#[test]
fn supervision_01_intensity_escalates_to_the_supervisor_which_is_restarted_by_its_own() {
    let mut world = World::new();
    world.up(None, spec("parent"));
    world.up(Some("parent"), spec("child"));
    for _ in 0..3 {
        world.exited("child", failed());
        world.started("child");
    }
    world.log();
    world.exited("child", failed());
    assert_eq!(
        world.log(),
        [
            "parent/child #4 exited: failed: no",
            "parent/child #4 failed too often: failed: no",
            "Kill parent",
            "parent/child #4 removed",
        ]
    );
    world.exited("parent", Exit::Killed(Killer::Supervisor));
    assert_eq!(
        world.log(),
        [
            "parent #1 exited: failed: no",
            "parent #1 restarts after 0ns",
            "+parent"
        ],
        "the supervisor's exit is the last straw's"
    );
}

#[test]
fn supervision_01_back_off_does_not_count_but_a_panic_does() {
    let mut world = World::new();
    world.up(
        None,
        ChildSpec {
            backoff: Some(Backoff::default()),
            ..spec("dialer")
        },
    );
    for _ in 0..50 {
        world.exited("dialer", failed());
        world.pass(Duration::from_secs(10));
        world.started("dialer");
    }
    assert_eq!(world.finished, None);
    let (id, _) = world.life("dialer");
    for panics in 1..=4 {
        assert_eq!(world.finished, None, "after {} panics", panics - 1);
        world.tree.progressed(id);
        world.exited("dialer", panicked());
        if panics < 4 {
            world.started("dialer");
        }
    }
    assert!(matches!(world.finished, Some(Ending::Escalated { .. })));
}

#[test]
fn supervision_01_progress_starts_the_back_off_anew() {
    let mut world = World::new();
    world.up(
        None,
        ChildSpec {
            backoff: Some(Backoff::default()),
            ..spec("dialer")
        },
    );
    world.exited("dialer", failed());
    world.started("dialer");
    world.exited("dialer", failed());
    let later = world.tree.wake_at().expect("the second retry waits");
    assert!(later >= world.now + Duration::from_millis(50));
    world.pass(Duration::from_secs(10));
    world.started("dialer");
    let (id, _) = world.life("dialer");
    world.tree.progressed(id);
    world.log();
    world.exited("dialer", failed());
    assert_eq!(
        world.log().last().map(String::as_str),
        Some("+dialer"),
        "at once again"
    );
}

#[test]
fn supervision_01_a_refusal_waits_for_the_ceiling() {
    let mut world = World::new();
    world.up(
        None,
        ChildSpec {
            backoff: Some(Backoff::default()),
            ..spec("dialer")
        },
    );
    world.exited(
        "dialer",
        Exit::Failed(Failure::refused("wrong socket type")),
    );
    let wake = world.tree.wake_at().expect("it waits");
    assert!(wake >= world.now + Duration::from_secs(9));
}

#[test]
fn supervision_01_what_an_operator_kills_does_not_count() {
    let mut world = World::new();
    world.up(None, spec("a"));
    for _ in 0..20 {
        let (id, _) = world.life("a");
        world.tree.kill(id, Killer::Operator, world.now);
        world.collect();
        world.exited("a", Exit::Killed(Killer::Supervisor));
        world.started("a");
    }
    assert_eq!(world.finished, None);
}

#[test]
fn supervision_01_a_first_start_that_fails_is_reported_and_not_retried() {
    let mut world = World::new();
    world.spawn(None, spec("a"));
    world.exited("a", failed());
    let error = SpawnError::Failed {
        path: "a".into(),
        exit: failed(),
    };
    assert_eq!(world.readiness("a"), Err(error));
    assert!(!world.log().iter().any(|line| line.contains("restarts")));
}

#[test]
fn supervision_01_the_node_stops_in_reverse_order_each_to_its_end() {
    let mut world = World::new();
    for name in ["a", "b", "c"] {
        world.up(None, spec(name));
    }
    world.log();
    world.tree.end(Ending::Stopped, world.now);
    world.collect();
    let mut order = Vec::new();
    for name in ["c", "b", "a"] {
        order.extend(world.log());
        assert_eq!(world.finished, None);
        world.exited(name, Exit::Shutdown);
    }
    order.extend(world.log());
    order.retain(|line| line.starts_with("Stop"));
    assert_eq!(order, ["Stop c", "Stop b", "Stop a"]);
    assert_eq!(world.finished, Some(Ending::Stopped));
}

#[test]
fn supervision_01_an_actor_stops_before_its_children_and_they_stop_together() {
    let mut world = World::new();
    world.up(None, spec("socket"));
    world.up(Some("socket"), spec("one"));
    world.up(Some("socket"), spec("two"));
    world.log();
    let (id, _) = world.life("socket");
    world.tree.stop(id, world.now);
    world.collect();
    assert_eq!(world.log(), ["Stop socket"]);
    world.exited("socket", Exit::Shutdown);
    assert_eq!(
        world.log(),
        ["socket #1 exited: shutdown", "Stop two", "Stop one"]
    );
    world.exited("one", Exit::Shutdown);
    world.exited("two", Exit::Shutdown);
    assert_eq!(
        world.log().last().map(String::as_str),
        Some("socket #1 removed")
    );
}

#[test]
fn supervision_04_a_child_that_misses_its_deadlines_is_killed_then_a_zombie_and_the_node_ends() {
    let mut world = World::new();
    world.up(None, spec("a"));
    world.up(None, spec("blocked"));
    world.log();
    world.tree.end(Ending::Stopped, world.now);
    world.collect();
    world.pass(Duration::from_secs(5));
    world.pass(Duration::from_millis(100));
    assert_eq!(
        world.log(),
        [
            "Stop blocked",
            "Kill blocked",
            "blocked #1 is a zombie: it did not end when killed",
            "blocked #1 exited: killed by its stop deadline",
            "blocked #1 removed",
            "Stop a",
        ]
    );
    world.exited("a", Exit::Shutdown);
    assert_eq!(world.finished, Some(Ending::Stopped));
    assert_eq!(world.tree.zombies(), ["blocked"]);
}

#[test]
fn supervision_04_the_stop_budget_names_who_blocks() {
    let mut world = World::new();
    world.up(
        None,
        ChildSpec {
            shutdown: Duration::from_secs(60),
            ..spec("slow")
        },
    );
    world.tree.end(Ending::Stopped, world.now);
    world.pass(Duration::from_secs(30));
    assert_eq!(
        world.finished,
        Some(Ending::TimedOut {
            blocking: vec!["slow".into()]
        })
    );
}

#[test]
fn supervision_05_a_stale_exit_changes_nothing() {
    let mut world = World::new();
    world.up(None, spec("a"));
    let (id, stale) = world.life("a");
    world.exited("a", failed());
    world.started("a");
    world.log();
    world.tree.exited(id, stale, panicked(), world.now);
    world.collect();
    assert!(world.log().is_empty());
}

#[test]
fn names_are_unique_among_siblings_only() {
    let mut world = World::new();
    world.up(None, spec("a"));
    world.up(Some("a"), spec("a"));
    world.ready.clear();
    world.spawn(None, spec("a"));
    let error = SpawnError::DuplicateName {
        name: "a".into(),
        parent: String::new(),
    };
    assert_eq!(world.readiness("a"), Err(error));
    assert!(world.tree.find_path("a/a").is_some());
    assert!(world.tree.find_path("a/b").is_none());
}

#[test]
fn a_child_that_stops_while_backing_off_leaves_at_once() {
    let mut world = World::new();
    world.up(
        None,
        ChildSpec {
            backoff: Some(Backoff::default()),
            ..spec("dialer")
        },
    );
    world.exited("dialer", failed());
    world.started("dialer");
    world.exited("dialer", failed());
    world.log();
    world.tree.end(Ending::Stopped, world.now);
    world.collect();
    assert_eq!(world.log(), ["dialer #2 removed"]);
    assert_eq!(world.finished, Some(Ending::Stopped));
    assert_eq!(world.tree.wake_at(), None);
}
