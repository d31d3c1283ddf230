//! Children with back-off that are not tried again.

use super::*;

fn with_attempts(name: &str, attempts: u32) -> ChildSpec {
    set(spec(name), |settings| {
        settings.backoff = Some(Box::new(Backoff::default().attempts(attempts)));
    })
}

#[test]
fn supervision_01_used_up_attempts_escalate_and_begin_anew_with_the_supervisor() {
    let mut world = World::new();
    world.spawn(None, supervisor("s", vec![with_attempts("a", 2)]));
    world.started("a");
    for _ in 0..2 {
        for _ in 0..2 {
            world.log();
            world.exited("a", failed());
            let log = world.log();
            let own = |line: &String| line.starts_with("s/a ") && line.contains("restarts after");
            assert!(log.iter().any(own), "two attempts each time: {log:?}");
            world.pass(Duration::from_secs(10));
            world.started("a");
        }
        world.log();
        let generation = world.generation("s/a");
        world.exited("a", failed());
        let expected = [
            format!("s/a #{generation} exited: failed: no"),
            format!("s/a #{generation} is not restarted any more: failed: no"),
        ];
        let log = world.log();
        assert_eq!(log[..2], expected);
        assert_eq!(
            log.last().map(String::as_str),
            Some("+a"),
            "with s: {log:?}"
        );
        world.started("a");
    }
    assert_eq!(world.finished, None);
}

#[test]
fn supervision_01_progress_gives_the_attempts_back() {
    let mut world = World::new();
    world.up(None, with_attempts("a", 1));
    for _ in 0..10 {
        world.exited("a", failed());
        world.started("a");
        let (id, life) = world.life("a");
        world.tree.progressed(id, life);
    }
    world.exited("a", failed());
    world.started("a");
    assert_eq!(world.finished, None);
    world.exited("a", failed());
    assert!(matches!(world.finished, Some(Ending::Escalated { .. })));
}

#[test]
fn the_progress_of_an_earlier_generation_gives_nothing_back() {
    let mut world = World::new();
    world.up(None, with_attempts("a", 1));
    let (id, life) = world.life("a");
    world.exited("a", failed());
    world.started("a");
    world.tree.progressed(id, life);
    world.exited("a", failed());
    assert!(matches!(world.finished, Some(Ending::Escalated { .. })));
}

#[test]
fn supervision_01_neither_an_operator_nor_a_lost_thread_uses_up_an_attempt() {
    for killer in [Killer::Operator, Killer::LostThread] {
        let mut world = World::new();
        world.up(None, with_attempts("a", 1));
        for _ in 0..10 {
            world.exited("a", Exit::Killed(killer));
            world.pass(Duration::from_secs(10));
            world.started("a");
        }
        assert_eq!(world.finished, None, "killed by {killer}");
    }
}

#[test]
fn supervision_01_a_fatal_failure_escalates_from_a_child_with_back_off_only() {
    let exit = Exit::Failed(Failure::fatal("no such thing"));
    let mut world = World::new();
    world.up(None, spec("plain"));
    world.exited("plain", exit.clone());
    world.started("plain");
    assert_eq!(world.finished, None);

    let mut world = World::new();
    world.up(None, with_attempts("waiting", 100));
    world.exited("waiting", exit.clone());
    let child = "waiting".to_owned();
    assert_eq!(world.finished, Some(Ending::Escalated { child, exit }));
}
