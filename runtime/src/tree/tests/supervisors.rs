//! Supervisors as children: start, undoing, stop, escalation, automatic shutdown.

use super::*;
use crate::ChildState;

fn nested() -> ChildSpec {
    let inner = supervisor("inner", vec![spec("b"), spec("c")]);
    supervisor("outer", vec![spec("a"), inner, spec("d")])
}

#[test]
fn supervision_01_listed_children_start_in_order_each_ready_before_the_next() {
    let mut world = World::new();
    world.spawn(None, nested());
    for name in ["a", "b", "c", "d"] {
        assert_eq!(world.moves(), [format!("+{name}")]);
        assert_eq!(world.state("outer"), Some(ChildState::Starting));
        world.started(name);
    }
    assert_eq!(world.state("outer"), Some(ChildState::Running));
    assert!(world.readiness("outer").is_ok());
}

#[test]
fn supervision_01_a_failing_start_is_undone_in_reverse_and_reported() {
    let mut world = World::new();
    world.spawn(None, nested());
    for name in ["a", "b"] {
        world.started(name);
    }
    world.moves();
    world.exited("c", failed());
    assert_eq!(world.moves(), ["-b"]);
    world.exited("b", Exit::Shutdown);
    assert_eq!(world.moves(), ["-a"]);
    world.exited("a", Exit::Shutdown);
    let error = SpawnError::Failed {
        path: "outer/inner/c".into(),
        exit: failed(),
    };
    assert_eq!(world.readiness("outer"), Err(error));
    assert!(world.tree.find_path("outer").is_none());
    world.spawn(None, nested());
}

#[test]
fn supervision_01_a_subtree_stops_in_reverse_and_its_supervisor_waits_for_it() {
    let mut world = World::new();
    world.spawn(None, nested());
    world.all_ready();
    world.log();
    world.tree.end(Ending::Stopped, world.now);
    world.collect();
    // Longer than any deadline of a single child.
    for name in ["d", "c", "b", "a"] {
        assert_eq!(world.moves(), [format!("-{name}")]);
        world.pass(Duration::from_secs(4));
        world.exited(name, Exit::Shutdown);
    }
    assert_eq!(world.finished, Some(Ending::Stopped));
}

#[test]
fn supervision_01_a_supervisor_that_failed_is_restarted_with_all_it_lists() {
    let mut world = World::new();
    world.spawn(None, nested());
    world.all_ready();
    world.up(Some("inner"), spec("added"));
    for _ in 0..3 {
        world.exited("b", failed());
        world.started("b");
    }
    world.log();
    world.exited("b", panicked());
    world.exited("added", Exit::Shutdown);
    world.exited("c", Exit::Shutdown);
    world.all_ready();
    let log = world.log();
    assert_eq!(
        log,
        [
            "outer/inner/b #4 exited: panicked: boom (a.rs:1)",
            "outer/inner/b #4 is not restarted any more: panicked: boom (a.rs:1)",
            "Stop added",
            "outer/inner/added #1 exited: shutdown",
            "outer/inner/added #1 removed",
            "Stop c",
            "outer/inner/c #1 exited: shutdown",
            "outer/inner #1 exited: panicked: boom (a.rs:1)",
            "outer/inner #1 restarts after 0ns",
            "+b",
            "+c",
        ]
    );
    // Its window is a new one.
    for _ in 0..3 {
        world.exited("b", failed());
        world.started("b");
    }
    assert_eq!(world.state("outer/inner"), Some(ChildState::Running));
}

#[test]
fn supervision_01_escalation_goes_up_to_the_root_and_ends_the_node_with_the_last_reason() {
    let mut world = World::new();
    let strict = |settings: &mut Settings| {
        settings.rules.intensity = Intensity::new(0, Duration::from_secs(5))
    };
    let inner = set(supervisor("inner", vec![spec("a")]), strict);
    let outer = set(supervisor("outer", vec![inner]), strict);
    world.spawn(None, outer);
    world.all_ready();
    for _ in 0..4 {
        assert_eq!(world.finished, None);
        world.exited("a", panicked());
        world.all_ready();
    }
    let ending = Ending::Escalated {
        child: "outer".into(),
        exit: panicked(),
    };
    assert_eq!(world.finished, Some(ending));
}

#[test]
fn supervision_01_a_supervisor_whose_restart_fails_is_restarted_again_and_counted() {
    let mut world = World::new();
    world.spawn(None, supervisor("s", vec![spec("a"), spec("b")]));
    world.all_ready();
    world
        .tree
        .kill(world.id("s"), Exit::Killed(Killer::Operator), world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    world.exited("a", Exit::Shutdown);
    for attempt in 0..4 {
        assert_eq!(world.finished, None, "after {attempt} attempts");
        world.started("a");
        world.exited("b", failed());
        world.exited("a", Exit::Shutdown);
    }
    let ending = Ending::Escalated {
        child: "s".into(),
        exit: failed(),
    };
    assert_eq!(world.finished, Some(ending));
}

#[test]
fn supervision_01_a_child_that_crashes_while_its_supervisor_stops_is_not_restarted() {
    let mut world = World::new();
    world.spawn(None, supervisor("s", vec![spec("a"), spec("b")]));
    world.all_ready();
    world.log();
    world.tree.stop(world.id("s"), world.now);
    world.collect();
    world.exited("a", panicked());
    world.exited("b", Exit::Shutdown);
    assert_eq!(world.moves(), ["-b"]);
    assert!(world.tree.find_path("s").is_none());
}

#[test]
fn a_listed_child_that_is_stopped_by_hand_rests_until_it_is_started() {
    let mut world = World::new();
    world.spawn(None, strategic(Strategy::OneForAll, &["a", "b"]));
    world.all_ready();
    world.moves();
    let (ended, mut has_ended) = oneshot::channel();
    world.tree.stop_and_tell(world.id("s/b"), ended, world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    assert_eq!(has_ended.try_recv(), Ok(Exit::Shutdown));
    world.exited("a", failed());
    world.all_ready();
    assert_eq!(world.moves(), ["-b", "+a"], "its group does not start it");
    world.tree.start_resting(world.id("s/b"), world.now);
    world.collect();
    assert_eq!(world.moves(), ["+b"]);
}

#[test]
fn a_restart_by_hand_asks_no_policy_and_counts_nothing() {
    let mut world = World::new();
    world.up(
        None,
        set(spec("a"), |settings| settings.restart = Restart::Temporary),
    );
    for _ in 0..10 {
        world.tree.renew(world.id("a"), None, world.now);
        world.collect();
        world.exited("a", Exit::Shutdown);
        world.started("a");
    }
    assert_eq!(world.state("a"), Some(ChildState::Running));
}

fn with_significant(auto_shutdown: AutoShutdown) -> World {
    let significant = |name| {
        set(spec(name), |settings| {
            settings.restart = Restart::Transient;
            settings.significant = true;
        })
    };
    let all = vec![spec("a"), significant("b"), significant("c")];
    let mut world = World::new();
    let ending = set(supervisor("s", all), |settings| {
        settings.rules.auto_shutdown = auto_shutdown;
        settings.restart = Restart::Transient;
    });
    world.spawn(None, ending);
    world.all_ready();
    world.moves();
    world
}

#[test]
fn supervision_01_any_significant_child_that_is_done_ends_its_supervisor() {
    let mut world = with_significant(AutoShutdown::AnySignificant);
    world.exited("b", failed());
    world.all_ready();
    assert_eq!(world.moves(), ["+b"], "one that is restarted is not done");
    world.exited("b", Exit::Normal);
    world.exited("c", Exit::Shutdown);
    world.exited("a", Exit::Shutdown);
    assert_eq!(world.moves(), ["-c", "-a"]);
    assert!(
        world.tree.find_path("s").is_none(),
        "its exit is shutdown, and it is transient"
    );
}

#[test]
fn supervision_01_all_significant_children_are_done_before_their_supervisor_ends() {
    let mut world = with_significant(AutoShutdown::AllSignificant);
    world.exited("b", Exit::Normal);
    assert!(world.moves().is_empty());
    world.exited("c", Exit::Normal);
    assert_eq!(world.moves(), ["-a"]);
}

#[test]
fn supervision_01_a_significant_child_that_is_stopped_by_hand_ends_nobody() {
    let mut world = with_significant(AutoShutdown::AnySignificant);
    world.tree.stop(world.id("s/b"), world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    assert_eq!(world.moves(), ["-b"]);
    assert_eq!(world.state("s"), Some(ChildState::Running));
}

#[test]
fn what_is_wrong_in_a_list_is_said_before_anything_starts() {
    let mut world = World::new();
    world.spawn(
        None,
        supervisor(
            "s",
            vec![spec("a"), supervisor("t", vec![spec("b"), spec("b")])],
        ),
    );
    let error = SpawnError::DuplicateName {
        name: "b".into(),
        parent: "s/t".into(),
    };
    assert_eq!(world.readiness("s"), Err(error));
    world.ready.clear();
    let permanent = set(spec("a"), |settings| settings.significant = true);
    world.spawn(None, supervisor("s", vec![permanent]));
    let error = SpawnError::SignificantPermanent { path: "s/a".into() };
    assert_eq!(world.readiness("s"), Err(error));
    assert!(world.moves().is_empty());
}

#[test]
fn a_supervisor_without_children_is_ready_and_stops_at_once() {
    let mut world = World::new();
    world.spawn(None, supervisor("s", Vec::new()));
    assert!(world.readiness("s").is_ok());
    world.tree.end(Ending::Stopped, world.now);
    world.collect();
    assert_eq!(world.finished, Some(Ending::Stopped));
}

#[test]
fn a_listed_supervisor_that_is_stopped_by_hand_rests_with_all_it_lists() {
    let mut world = World::new();
    world.spawn(None, nested());
    world.all_ready();
    world.moves();
    world.tree.stop(world.id("outer/inner"), world.now);
    world.collect();
    world.exited("c", Exit::Shutdown);
    world.exited("b", Exit::Shutdown);
    assert_eq!(world.moves(), ["-c", "-b"]);
    assert_eq!(world.state("outer/inner"), Some(ChildState::Resting));
    world.tree.start_resting(world.id("outer/inner"), world.now);
    world.collect();
    world.all_ready();
    assert_eq!(world.moves(), ["+b", "+c"]);
}

#[test]
fn a_spawn_that_never_had_its_turn_is_told_that_the_node_ends() {
    let mut world = World::new();
    world.spawn(None, strategic(Strategy::OneForAll, &["a", "b"]));
    world.all_ready();
    world.exited("a", failed());
    world.spawn(Some("s"), spec("waiting"));
    world.tree.end(Ending::Stopped, world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    assert_eq!(world.finished, Some(Ending::Stopped));
    assert_eq!(world.readiness("waiting"), Err(SpawnError::NodeEnded));
}
