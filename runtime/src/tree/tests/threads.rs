//! Blocked and dead threads.

use super::*;
use crate::child::Placement;

fn elsewhere(name: &str) -> ChildSpec {
    set(spec(name), |settings| {
        settings.placement = Placement::pin(1)
    })
}

#[test]
fn supervision_04_a_child_that_misses_its_deadlines_is_killed_then_a_zombie_and_the_node_ends() {
    let mut world = World::new();
    world.up(None, spec("a"));
    world.up(None, elsewhere("blocked"));
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
            "blocked #1 is a zombie: it is given up with its thread",
            "replace 1",
            "abandon blocked: killed by its stop deadline",
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
fn supervision_04_whoever_shares_the_thread_of_a_zombie_starts_again_on_a_fresh_one() {
    let mut world = World::new();
    world.up(None, spec("neighbour"));
    world.up(None, elsewhere("far"));
    world.up(None, spec("blocked"));
    world.up(
        Some("neighbour"),
        set(spec("guest"), |settings| {
            settings.restart = Restart::Temporary
        }),
    );
    let blocked = world.life("blocked").0;
    world.log();
    world
        .tree
        .kill(blocked, Exit::Killed(Killer::Operator), world.now);
    world.collect();
    world.pass(Duration::from_millis(100));
    assert_eq!(
        world.log(),
        [
            "Kill blocked",
            "blocked #1 is a zombie: it is given up with its thread",
            "replace 0",
            "abandon blocked: killed by the operator",
            "blocked #1 exited: killed by the operator",
            "neighbour #1 is given up with its thread, which blocked blocks",
            "abandon neighbour: killed by the end of its thread",
            "neighbour #1 exited: killed by the end of its thread",
            "neighbour/guest #1 is given up with its thread, which blocked blocks",
            "abandon guest: killed by the end of its thread",
            "neighbour/guest #1 exited: killed by the end of its thread",
            "blocked #1 restarts after 0ns",
            "+blocked",
            "neighbour/guest #1 removed",
            "neighbour #1 restarts after 0ns",
            "+neighbour",
        ]
    );
}

#[test]
fn supervision_04_a_lost_thread_counts_for_nobody() {
    let mut world = World::new();
    for child in 0..50 {
        world.up(None, spec(&format!("child-{child}")));
    }
    for _ in 0..5 {
        world.tree.arbiter_lost(0, world.now);
        world.collect();
        world.all_ready();
        world.pass(Duration::from_secs(5));
    }
    assert_eq!(world.finished, None);
    assert_eq!(world.tree.restarts(), 250);
}

#[test]
fn supervision_04_a_first_start_that_was_caught_on_a_lost_thread_is_tried_again() {
    let mut world = World::new();
    world.spawn(None, spec("a"));
    world.tree.arbiter_lost(0, world.now);
    world.collect();
    world.started("a");
    assert!(world.readiness("a").is_ok());
}

#[test]
fn supervision_05_a_zombie_that_comes_back_changes_nothing() {
    let mut world = World::new();
    world.up(None, spec("a"));
    let (id, stale) = world.life("a");
    world.tree.arbiter_lost(0, world.now);
    world.collect();
    world.log();
    world.tree.started(id, stale, world.now);
    world
        .tree
        .exited(id, stale, Exit::Shutdown, Charge::Supervisor, world.now);
    world.collect();
    assert!(world.log().is_empty());
}

#[test]
fn a_child_moves_with_what_it_inherits_and_nothing_is_counted() {
    let mut world = World::new();
    world.spawn(None, supervisor("s", vec![spec("a"), elsewhere("b")]));
    world.all_ready();
    let arbiters = |world: &World| {
        let all = world.tree.snapshot(world.now);
        let of = |path: &str| {
            all[0]
                .walk()
                .find(|child| child.path == path)
                .expect("there")
                .arbiter
        };
        (of("s/a"), of("s/b"))
    };
    assert_eq!(arbiters(&world), (0, 1));
    world.log();
    world
        .tree
        .renew(world.id("s"), Some(Placement::pin(1)), world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    world.exited("a", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["-b", "-a", "+a", "+b"]);
    assert_eq!(arbiters(&world), (1, 1));
    for _ in 0..3 {
        world.exited("a", failed());
        world.all_ready();
    }
    assert_eq!(world.state("s"), Some(crate::ChildState::Running));
}

#[test]
fn supervision_04_threads_that_end_again_and_again_end_the_node() {
    let mut world = World::new();
    for _ in 0..4 {
        assert_eq!(world.finished, None);
        world.tree.arbiter_lost(1, world.now);
        world.collect();
    }
    let ending = Ending::Escalated {
        child: "the thread of arbiter 1".into(),
        exit: Exit::Killed(Killer::LostThread),
    };
    assert_eq!(world.finished, Some(ending));
}

#[test]
fn supervision_04_the_zombie_is_who_has_the_thread_in_hand() {
    let mut world = World::new();
    world.up(None, spec("killed"));
    world.up(None, spec("other"));
    world.up(None, spec("blocker"));
    world.polled[0] = world.life("blocker").1;
    let killed = world.life("killed").0;
    world.log();
    world
        .tree
        .kill(killed, Exit::Killed(Killer::Operator), world.now);
    world.collect();
    world.pass(Duration::from_millis(100));
    assert_eq!(
        world.log(),
        [
            "Kill killed",
            "blocker #1 is a zombie: it is given up with its thread",
            "replace 0",
            "abandon blocker: killed by the end of its thread",
            "blocker #1 exited: killed by the end of its thread",
            "killed #1 is given up with its thread, which blocker blocks",
            "abandon killed: killed by the operator",
            "killed #1 exited: killed by the operator",
            "other #1 is given up with its thread, which blocker blocks",
            "abandon other: killed by the end of its thread",
            "other #1 exited: killed by the end of its thread",
            "blocker #1 restarts after 0ns",
            "+blocker",
            "killed #1 restarts after 0ns",
            "+killed",
            "other #1 restarts after 0ns",
            "+other",
        ]
    );
    assert_eq!(world.tree.zombies(), ["blocker"]);
}

#[test]
fn a_life_that_is_over_or_elsewhere_is_not_named() {
    for name in ["far", "gone"] {
        let mut world = World::new();
        world.up(None, elsewhere("far"));
        world.up(None, spec("gone"));
        world.up(None, spec("killed"));
        world.polled[0] = world.life(name).1;
        world.exited("gone", Exit::Normal);
        let killed = world.life("killed").0;
        world
            .tree
            .kill(killed, Exit::Killed(Killer::Operator), world.now);
        world.pass(Duration::from_millis(100));
        assert_eq!(world.tree.zombies(), ["killed"], "{name} is polled");
    }
}

/// The generation finds the factory still held up by the one before.
fn held_up(world: &mut World, name: &str) {
    let (id, life) = world.life(name);
    let exit = failed();
    world
        .tree
        .exited(id, life, exit, Charge::Predecessor, world.now);
    world.collect();
}

#[test]
fn supervision_04_waiting_for_a_factory_counts_for_nobody_and_takes_nobody_along() {
    let mut world = World::new();
    let group = strategic(Strategy::OneForAll, &["neighbour", "blocked"]);
    world.spawn(None, group);
    world.all_ready();
    let blocked = world.life("blocked").0;
    world
        .tree
        .kill(blocked, Exit::Killed(Killer::Operator), world.now);
    world.collect();
    world.exited("blocked", Exit::Killed(Killer::Operator));
    world.exited("neighbour", Exit::Shutdown);
    world.started("neighbour");
    world.log();
    for _ in 0..20 {
        held_up(&mut world, "blocked");
        assert_eq!(
            world.log(),
            [
                format!(
                    "s/blocked #{} exited: failed: no",
                    world.generation("s/blocked")
                ),
                format!(
                    "s/blocked #{} restarts after 1s",
                    world.generation("s/blocked")
                ),
            ]
        );
        world.pass(Duration::from_secs(1));
        assert_eq!(world.moves(), ["+blocked"]);
    }
    world.started("blocked");
    assert_eq!(world.state("s"), Some(crate::ChildState::Running));
    assert_eq!(world.finished, None);
}

#[test]
fn a_child_that_waits_for_its_factory_can_be_stopped() {
    let mut world = World::new();
    world.up(None, spec("a"));
    world.exited("a", failed());
    held_up(&mut world, "a");
    let id = world.id("a");
    world.tree.stop(id, world.now);
    world.collect();
    assert_eq!(world.state("a"), None);
    assert_eq!(world.tree.wake_at(), None);
}

#[test]
fn a_supervisor_that_starts_waits_for_a_factory_too() {
    let mut world = World::new();
    world.spawn(None, strategic(Strategy::OneForOne, &["a", "b"]));
    world.started("a");
    world.started("b");
    let id = world.id("s");
    world.tree.renew(id, None, world.now);
    world.collect();
    world.exited("b", Exit::Killed(Killer::Deadline));
    world.exited("a", Exit::Shutdown);
    world.log();
    for _ in 0..10 {
        held_up(&mut world, "a");
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(world.state("s"), Some(crate::ChildState::Starting));
    world.started("a");
    world.started("b");
    assert_eq!(world.state("s"), Some(crate::ChildState::Running));
    assert_eq!(world.finished, None);
}
