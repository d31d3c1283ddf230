//! Who is taken along when a child fails, in which order, and what comes between.

use super::*;

fn world(strategy: Strategy) -> World {
    let mut world = World::new();
    world.spawn(None, strategic(strategy, &["a", "b", "c"]));
    world.all_ready();
    assert_eq!(world.moves(), ["+a", "+b", "+c"]);
    world
}

#[test]
fn supervision_01_one_for_one_restarts_that_child_alone() {
    let mut world = world(Strategy::OneForOne);
    world.exited("b", panicked());
    assert_eq!(world.moves(), ["+b"]);
}

#[test]
fn supervision_01_one_for_all_stops_the_others_in_reverse_and_starts_all_in_order() {
    let mut world = world(Strategy::OneForAll);
    world.exited("b", panicked());
    assert_eq!(world.moves(), ["-c"], "a waits for c to be gone");
    world.exited("c", Exit::Shutdown);
    assert_eq!(world.moves(), ["-a"]);
    world.exited("a", Exit::Shutdown);
    assert_eq!(world.moves(), ["+a"], "b waits for a to be ready");
    world.started("a");
    assert_eq!(world.moves(), ["+b"]);
    world.started("b");
    assert_eq!(world.moves(), ["+c"]);
}

#[test]
fn supervision_01_rest_for_one_takes_along_who_was_started_later() {
    let mut world = world(Strategy::RestForOne);
    world.exited("b", panicked());
    world.exited("c", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["-c", "+b", "+c"]);
}

#[test]
fn supervision_01_the_root_may_have_a_strategy_too() {
    let mut world = World::with_rules(Rules {
        strategy: Strategy::RestForOne,
        ..Rules::default()
    });
    for name in ["a", "b", "c"] {
        world.up(None, spec(name));
    }
    world.moves();
    world.exited("a", failed());
    world.exited("c", Exit::Shutdown);
    world.exited("b", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["-c", "-b", "+a", "+b", "+c"]);
}

#[test]
fn supervision_01_a_temporary_child_that_is_taken_along_ends_there() {
    let mut world = World::new();
    let fleeting = set(spec("b"), |settings| settings.restart = Restart::Temporary);
    let group = supervisor("s", vec![spec("a"), fleeting]);
    world.spawn(
        None,
        set(group, |settings| {
            settings.rules.strategy = Strategy::OneForAll
        }),
    );
    world.all_ready();
    world.moves();
    world.exited("a", failed());
    world.exited("b", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["-b", "+a"]);
    assert_eq!(world.state("s/b"), Some(crate::ChildState::Resting));
}

#[test]
fn supervision_01_a_transient_child_that_had_done_its_work_starts_again_with_its_group() {
    let mut world = World::new();
    let once = set(spec("a"), |settings| settings.restart = Restart::Transient);
    let group = supervisor("s", vec![once, spec("b")]);
    world.spawn(
        None,
        set(group, |settings| {
            settings.rules.strategy = Strategy::OneForAll
        }),
    );
    world.all_ready();
    world.exited("a", Exit::Normal);
    assert_eq!(world.state("s/a"), Some(crate::ChildState::Resting));
    world.moves();
    world.exited("b", failed());
    world.all_ready();
    assert_eq!(world.moves(), ["+a", "+b"]);
}

#[test]
fn supervision_01_one_that_fails_while_its_group_is_stopped_is_not_counted() {
    let mut world = world(Strategy::OneForAll);
    world.exited("b", panicked());
    world.exited("c", panicked());
    world.exited("a", panicked());
    world.all_ready();
    for _ in 0..2 {
        world.exited("a", failed());
        world.exited("c", Exit::Shutdown);
        world.exited("b", Exit::Shutdown);
        world.all_ready();
    }
    assert_eq!(
        world.state("s"),
        Some(crate::ChildState::Running),
        "three restarts are borne"
    );
}

#[test]
fn supervision_01_a_group_that_fails_to_start_again_is_another_restart() {
    let mut world = world(Strategy::OneForAll);
    world.exited("c", failed());
    world.exited("b", Exit::Shutdown);
    world.exited("a", Exit::Shutdown);
    world.started("a");
    world.moves();
    world.exited("b", failed());
    assert_eq!(world.moves(), ["-a"], "what was up goes down again");
    world.exited("a", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["+a", "+b", "+c"]);
    for _ in 0..2 {
        world.exited("a", failed());
        world.exited("c", Exit::Shutdown);
        world.exited("b", Exit::Shutdown);
        world.all_ready();
    }
    assert_eq!(
        world.tree.snapshot(world.now)[0].generation,
        2,
        "the fourth was one too many"
    );
}

#[test]
fn supervision_01_an_earlier_child_that_fails_meanwhile_widens_the_group() {
    let mut world = world(Strategy::RestForOne);
    world.exited("b", failed());
    assert_eq!(world.moves(), ["-c"]);
    world.exited("a", failed());
    world.exited("c", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["+a", "+b", "+c"]);
}

#[test]
fn supervision_01_a_group_rests_for_the_back_off_of_the_one_that_failed() {
    let mut world = World::new();
    let dialer = set(spec("a"), |settings| {
        settings.backoff = Some(Box::new(Backoff::default()))
    });
    let group = supervisor("s", vec![dialer, spec("b")]);
    world.spawn(
        None,
        set(group, |settings| {
            settings.rules.strategy = Strategy::OneForAll
        }),
    );
    world.all_ready();
    world.exited("a", failed());
    world.exited("b", Exit::Shutdown);
    world.all_ready();
    world.moves();
    world.exited("a", failed());
    world.exited("b", Exit::Shutdown);
    assert_eq!(world.moves(), ["-b"], "the second retry waits");
    world.pass(Duration::from_secs(10));
    world.all_ready();
    assert_eq!(world.moves(), ["+a", "+b"]);
    // Nothing is left to wait for once the one that waits is stopped by hand.
    world.exited("a", failed());
    world.exited("b", Exit::Shutdown);
    world.moves();
    world.tree.stop(world.id("s/a"), world.now);
    world.collect();
    assert_eq!(world.moves(), ["+b"]);
}

#[test]
fn supervision_01_children_added_to_a_group_stop_together_before_the_listed_ones() {
    let mut world = world(Strategy::OneForAll);
    world.up(Some("s"), spec("x"));
    world.up(Some("s"), spec("y"));
    world.moves();
    world.exited("a", failed());
    assert_eq!(world.moves(), ["-y", "-x"]);
    world.exited("x", Exit::Shutdown);
    assert!(world.moves().is_empty());
    world.exited("y", Exit::Shutdown);
    world.exited("c", Exit::Shutdown);
    world.exited("b", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["-c", "-b", "+a", "+b", "+c", "+x", "+y"]);
}

#[test]
fn supervision_01_a_child_that_is_added_to_a_busy_group_starts_in_its_turn() {
    let mut world = world(Strategy::OneForAll);
    world.exited("b", failed());
    world.moves();
    world.spawn(Some("s"), spec("x"));
    assert!(world.moves().is_empty());
    world.exited("c", Exit::Shutdown);
    world.exited("a", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["-a", "+a", "+b", "+c", "+x"]);
    assert!(world.readiness("x").is_ok());
}
