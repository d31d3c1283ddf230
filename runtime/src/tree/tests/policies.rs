//! Restart policies, intensity, back-off, deadlines, stale reports.

use super::*;

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
            set(spec("a"), |settings| settings.restart = Restart::Transient),
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
        set(spec("a"), |settings| settings.restart = Restart::Temporary),
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
            "parent/child #4 is not restarted any more: failed: no",
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
        set(spec("dialer"), |settings| {
            settings.backoff = Some(Box::new(Backoff::default()))
        }),
    );
    for _ in 0..50 {
        world.exited("dialer", failed());
        world.pass(Duration::from_secs(10));
        world.started("dialer");
    }
    assert_eq!(world.finished, None);
    for panics in 1..=4 {
        assert_eq!(world.finished, None, "after {} panics", panics - 1);
        let (id, life) = world.life("dialer");
        world.tree.progressed(id, life);
        world.exited("dialer", panicked());
        if panics < 4 {
            world.started("dialer");
        }
    }
    assert!(matches!(world.finished, Some(Ending::Escalated { .. })));
}

#[test]
fn supervision_01_what_a_peer_did_neither_counts_nor_waits() {
    let mut world = World::new();
    let backoff = Some(Box::new(Backoff::default()));
    world.up(None, spec("plain"));
    world.up(
        None,
        set(spec("waiting"), |settings| settings.backoff = backoff),
    );
    for _ in 0..10 {
        for name in ["plain", "waiting"] {
            let (id, life) = world.life(name);
            let exit = Exit::Panicked(Panic {
                text: "boom".into(),
                place: "src/a.rs:1".into(),
            });
            world.tree.exited(id, life, exit, Charge::Peer, world.now);
            world.collect();
            assert!(world.life(name).1 > life, "{name} is started at once");
            world.started(name);
        }
    }
    assert_eq!(world.finished, None);
}

#[test]
fn supervision_01_progress_starts_the_back_off_anew() {
    let mut world = World::new();
    world.up(
        None,
        set(spec("dialer"), |settings| {
            settings.backoff = Some(Box::new(Backoff::default()))
        }),
    );
    world.exited("dialer", failed());
    world.started("dialer");
    world.exited("dialer", failed());
    let later = world.tree.wake_at().expect("the second retry waits");
    assert!(later >= world.now + Duration::from_millis(50));
    world.pass(Duration::from_secs(10));
    world.started("dialer");
    let (id, life) = world.life("dialer");
    world.tree.progressed(id, life);
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
        set(spec("dialer"), |settings| {
            settings.backoff = Some(Box::new(Backoff::default()))
        }),
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
        world
            .tree
            .kill(id, Exit::Killed(Killer::Operator), world.now);
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
fn supervision_04_the_stop_budget_names_who_blocks() {
    let mut world = World::new();
    world.up(
        None,
        set(spec("slow"), |settings| {
            settings.shutdown = Duration::from_secs(60)
        }),
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
    world
        .tree
        .exited(id, stale, panicked(), Charge::Supervisor, world.now);
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
        set(spec("dialer"), |settings| {
            settings.backoff = Some(Box::new(Backoff::default()))
        }),
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
