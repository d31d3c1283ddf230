//! Deeds in the middle of something else.

use super::*;
use crate::ChildState;
use crate::child::Placement;

fn backed(name: &str) -> ChildSpec {
    set(spec(name), |settings| {
        settings.backoff = Some(Box::new(Backoff::default()))
    })
}

fn group(strategy: Strategy, children: Vec<ChildSpec>) -> ChildSpec {
    set(supervisor("s", children), |settings| {
        settings.rules.strategy = strategy
    })
}

#[test]
fn a_group_does_not_rest_for_who_was_stopped_by_hand() {
    let mut world = World::new();
    world.spawn(
        None,
        group(Strategy::OneForAll, vec![spec("a"), backed("b")]),
    );
    world.all_ready();
    // first retry at once
    world.exited("b", failed());
    world.exited("a", Exit::Shutdown);
    world.all_ready();
    world.log();
    // second waits
    world.exited("b", failed());
    let b = world.id("s/b");
    world.tree.stop(b, world.now);
    world.collect();
    world.exited("a", Exit::Shutdown);
    world.pass(Duration::from_secs(3_600));
    assert_eq!(world.tree.wake_at(), None);
    assert_eq!(
        world.moves().last().map(String::as_str),
        Some("+a"),
        "a starts again"
    );
}

#[test]
fn a_back_off_is_not_cut_short_by_who_leaves() {
    let rules = Rules {
        strategy: Strategy::RestForOne,
        ..Rules::default()
    };
    let mut world = World::with_rules(rules);
    world.up(
        None,
        set(spec("a"), |settings| settings.restart = Restart::Temporary),
    );
    world.up(None, backed("b"));
    world.exited("b", failed());
    world.started("b");
    world.exited("b", failed());
    world.log();
    world.exited("a", Exit::Normal);
    assert_eq!(world.moves(), [""; 0], "b waits for its back-off");
}

#[test]
fn supervision_04_kills_in_a_row_give_no_more_time() {
    let mut world = World::new();
    world.up(None, spec("a"));
    let a = world.id("a");
    for _ in 0..2 {
        world
            .tree
            .kill(a, Exit::Killed(Killer::Operator), world.now);
        world.collect();
        world.pass(Duration::from_millis(50));
    }
    assert_eq!(world.tree.zombies(), ["a"]);
}

#[test]
fn supervision_01_significant_children_that_are_still_to_start_count() {
    let sig = |n: &str| {
        set(spec(n), |settings| {
            settings.significant = true;
            settings.restart = Restart::Temporary;
        })
    };
    let mut world = World::new();
    world.spawn(
        None,
        set(
            supervisor("s", vec![sig("a"), spec("slow"), sig("b")]),
            |settings| {
                settings.rules.auto_shutdown = AutoShutdown::AllSignificant;
                settings.restart = Restart::Temporary;
            },
        ),
    );
    world.started("a");
    world.exited("a", Exit::Normal);
    world.started("slow");
    assert_eq!(world.state("s"), Some(ChildState::Starting));
    world.started("b");
    assert!(world.readiness("s").is_ok());
}

#[test]
fn nobody_moves_to_an_arbiter_that_is_not_there() {
    let mut world = World::new();
    world.up(None, spec("a"));
    let a = world.id("a");
    world.tree.renew(a, Some(Placement::pin(99)), world.now);
    world.collect();
    world.exited("a", Exit::Shutdown);
    let all = world.tree.snapshot(world.now);
    assert_ne!(all[0].arbiter, 99);
}

#[test]
fn a_move_of_who_waits_for_its_turn_is_not_lost() {
    let mut world = World::new();
    world.spawn(
        None,
        group(Strategy::OneForAll, vec![backed("a"), spec("b")]),
    );
    world.all_ready();
    world.exited("a", failed());
    let b = world.id("s/b");
    world.exited("b", Exit::Shutdown);
    // raising: a is starting, b rests
    world.tree.renew(b, Some(Placement::pin(1)), world.now);
    world.collect();
    world.all_ready();
    let all = world.tree.snapshot(world.now);
    assert_eq!(all[0].children[1].arbiter, 1);
}

#[test]
fn a_start_by_hand_in_the_middle_of_a_group_is_not_lost() {
    let mut world = World::new();
    world.spawn(None, group(Strategy::OneForAll, vec![spec("a"), spec("b")]));
    world.all_ready();
    let b = world.id("s/b");
    world.tree.stop(b, world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    world.exited("a", failed());
    world.log();
    world.tree.start_resting(b, world.now);
    world.collect();
    world.started("a");
    assert_eq!(world.moves(), ["+b"]);
}

#[test]
fn a_restart_by_hand_waits_for_the_group_that_is_stopped_meanwhile() {
    let mut world = World::new();
    let children = vec![spec("a"), spec("b"), spec("c")];
    world.spawn(None, group(Strategy::OneForAll, children));
    world.all_ready();
    world.exited("b", failed());
    let a = world.id("s/a");
    world.tree.renew(a, None, world.now);
    world.collect();
    world.log();
    world.exited("a", Exit::Shutdown);
    assert_eq!(world.moves(), [""; 0], "c still runs");
    world.exited("c", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.moves(), ["+a", "+b", "+c"]);
}

#[test]
fn a_group_does_not_rest_for_who_waited_in_an_earlier_life() {
    let mut world = World::new();
    let children = vec![backed("a"), spec("b"), backed("c")];
    world.spawn(None, group(Strategy::OneForAll, children));
    world.all_ready();
    for [failing, later, earlier] in [["a", "c", "b"], ["c", "b", "a"], ["c", "b", "a"]] {
        world.exited(failing, failed());
        world.exited(later, Exit::Shutdown);
        world.exited(earlier, Exit::Shutdown);
        world.all_ready();
    }
    assert_eq!(world.generation("s/c"), 3, "it waits for its fourth");
    let s = world.id("s");
    world.tree.renew(s, None, world.now);
    world.collect();
    world.started("a");
    world.exited("a", failed());
    world.exited("b", Exit::Shutdown);
    world.log();
    let a = world.id("s/a");
    world.tree.stop(a, world.now);
    world.collect();
    assert_eq!(world.moves(), ["+b"]);
}

#[test]
fn a_deadline_may_be_as_long_as_time() {
    let mut world = World::new();
    world.up(
        None,
        set(spec("a"), |settings| settings.shutdown = Duration::MAX),
    );
    let a = world.id("a");
    world.tree.stop(a, world.now);
}

#[test]
fn a_supervisor_stays_where_it_was_spread_to() {
    let mut world = World::new();
    world.spawn(
        None,
        set(supervisor("s", vec![spec("a"), spec("b")]), |settings| {
            settings.placement = Placement::spread()
        }),
    );
    world.all_ready();
    let before = world.tree.snapshot(world.now)[0].children[0].arbiter;
    let s = world.id("s");
    world
        .tree
        .kill(s, Exit::Killed(Killer::Operator), world.now);
    world.collect();
    world.exited("b", Exit::Shutdown);
    world.exited("a", Exit::Shutdown);
    world.all_ready();
    let after = world.tree.snapshot(world.now)[0].children[0].arbiter;
    assert_eq!(before, after);
}

#[test]
fn who_is_stopped_by_hand_in_the_middle_of_a_group_leaves() {
    let mut world = World::new();
    world.spawn(None, group(Strategy::OneForAll, vec![spec("a"), spec("b")]));
    world.all_ready();
    world.up(Some("s"), spec("dynamic"));
    world.exited("b", failed());
    let (tell, mut told) = oneshot::channel();
    let id = world.id("s/dynamic");
    world.tree.stop_and_tell(id, tell, world.now);
    world.collect();
    world.exited("dynamic", Exit::Shutdown);
    assert!(told.try_recv().is_ok());
    world.exited("a", Exit::Shutdown);
    world.all_ready();
    assert_eq!(world.state("s/b"), Some(ChildState::Running));
}

#[test]
fn random_deeds_in_every_phase_leave_nobody_stuck() {
    for seed in 0..2_000u64 {
        let mut r = fastrand::Rng::with_seed(seed);
        let strategy = [
            Strategy::OneForOne,
            Strategy::OneForAll,
            Strategy::RestForOne,
        ][r.usize(0..3)];
        let mut world = World::with_rules(Rules {
            intensity: Intensity::new(1000, Duration::from_secs(1)),
            ..Rules::default()
        });
        let mk = |n: &str, r: &mut fastrand::Rng| {
            set(spec(n), |settings| {
                if r.bool() {
                    settings.backoff = Some(Box::new(Backoff::default()));
                }
            })
        };
        let g = set(
            supervisor("s", vec![mk("a", &mut r), mk("b", &mut r), mk("c", &mut r)]),
            |settings| {
                settings.rules.strategy = strategy;
                settings.rules.intensity = Intensity::new(1000, Duration::from_secs(1));
            },
        );
        world.spawn(None, g);
        world.all_ready();
        let mut trace = vec![];
        let mut hand = std::collections::HashSet::new();
        for _ in 0..25 {
            let n = ["a", "b", "c"][r.usize(0..3)];
            let d = r.u8(0..9);
            trace.push(format!("{n}{d}"));
            match d {
                0 | 1 => {
                    world.exited(n, failed());
                }
                2 => world.exited(n, Exit::Shutdown),
                3 => {
                    let id = world.id(&format!("s/{n}"));
                    world.tree.renew(id, None, world.now);
                    world.collect();
                }
                4 => {
                    let id = world.id(&format!("s/{n}"));
                    world
                        .tree
                        .kill(id, Exit::Killed(Killer::Operator), world.now);
                    world.collect();
                }
                5 => world.started(n),
                6 => world.pass(Duration::from_millis(r.u64(0..200))),
                7 => {
                    let id = world.id("s");
                    world.tree.renew(id, None, world.now);
                    world.collect();
                    hand.clear();
                }
                _ if r.u8(0..4) == 0 => {
                    let id = world.id(&format!("s/{n}"));
                    world.tree.stop(id, world.now);
                    world.collect();
                    hand.insert(n);
                }
                _ => {}
            }
        }
        // calm: everything obeys
        for _ in 0..200 {
            let up: Vec<_> = world.tree.snapshot(world.now)[0]
                .children
                .iter()
                .map(|c| (c.name.clone(), c.state))
                .collect();
            for (n, s) in up {
                match s {
                    ChildState::Starting => world.started(&n),
                    ChildState::Stopping => world.exited(&n, Exit::Shutdown),
                    _ => {}
                }
            }
            world.pass(Duration::from_secs(20));
        }
        let s = &world.tree.snapshot(world.now)[0];
        assert_eq!(
            s.state,
            ChildState::Running,
            "seed {seed} {strategy:?} {trace:?}"
        );
        {
            for c in s.children.iter().filter(|c| !hand.contains(&*c.name)) {
                assert_eq!(
                    c.state,
                    ChildState::Running,
                    "seed {seed} {strategy:?} {trace:?} {}",
                    c.name
                );
            }
        }
    }
}
