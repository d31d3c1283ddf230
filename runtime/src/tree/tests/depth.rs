//! How deep a tree may be.

use super::*;

/// An actor below supervisors, on so many levels in all.
fn nested(levels: usize) -> ChildSpec {
    (1..levels).fold(spec("actor"), |below, level| {
        supervisor(&level.to_string(), vec![below])
    })
}

fn answer(world: &mut World) -> Result<ChildId, SpawnError> {
    let (_, ready) = world.ready.last_mut().unwrap();
    ready.try_recv().expect("it is answered")
}

#[test]
fn a_tree_is_as_deep_as_it_may_be_and_no_deeper() {
    let mut world = World::new();
    world.spawn(None, nested(LEVELS_MAX));
    world.started("actor");
    assert!(answer(&mut world).is_ok());
    let everything = world.tree.snapshot(world.now);
    assert_eq!(everything[0].walk().count(), LEVELS_MAX);

    world.spawn(Some("actor"), spec("straw"));
    let Err(SpawnError::TooDeep { path, levels_max }) = answer(&mut world) else {
        panic!("it is too deep");
    };
    assert!(path.ends_with("/1/actor/straw"), "{path}");
    assert_eq!(levels_max, LEVELS_MAX);
    // Just above the deepest level.
    world.spawn(Some("1"), supervisor("group", vec![spec("listed")]));
    assert!(matches!(
        answer(&mut world),
        Err(SpawnError::TooDeep { .. })
    ));
    world.up(Some("1"), spec("added"));
    assert!(answer(&mut world).is_ok());

    let id = world.id(&everything[0].path);
    world.tree.stop(id, world.now);
    world.collect();
    world.exited("added", Exit::Shutdown);
    world.exited("actor", Exit::Shutdown);
    assert!(world.tree.snapshot(world.now).is_empty());
}

#[test]
fn what_is_nested_far_too_deep_is_refused_and_dropped_without_recursion() {
    let mut world = World::new();
    world.spawn(None, nested(200_000));
    let Err(SpawnError::TooDeep { path, .. }) = answer(&mut world) else {
        panic!("it is too deep");
    };
    assert_eq!(path, "199999");
    assert!(world.tree.snapshot(world.now).is_empty());
    drop(nested(200_000));
}

#[test]
fn a_failure_on_the_deepest_level_reaches_the_root() {
    let rules = Rules {
        intensity: Intensity::new(0, Duration::from_secs(5)),
        ..Rules::default()
    };
    let strict = (1..LEVELS_MAX).fold(spec("actor"), |below, level| {
        let above = supervisor(&level.to_string(), vec![below]);
        set(above, |settings| settings.rules = rules)
    });
    let mut world = World::with_rules(rules);
    world.spawn(None, strict);
    world.started("actor");
    world.log();
    world.exited("actor", failed());
    let log = world.log();
    let given_up = |line: &&String| line.contains("is not restarted any more: failed: no");
    assert_eq!(log.iter().filter(given_up).count(), LEVELS_MAX);
    assert!(matches!(world.finished, Some(Ending::Escalated { .. })));
}

#[test]
fn what_is_wrong_on_the_deepest_level_is_told_by_its_path() {
    let mut world = World::new();
    let twins = supervisor("twins", vec![spec("twin"), spec("twin")]);
    let wrong = (2..LEVELS_MAX).fold(twins, |below, level| {
        supervisor(&level.to_string(), vec![below])
    });
    world.spawn(None, wrong);
    let Err(SpawnError::DuplicateName { name, parent }) = answer(&mut world) else {
        panic!("two have one name");
    };
    assert_eq!(name, "twin");
    let supervisors = (2..LEVELS_MAX).rev().map(|level| format!("{level}/"));
    assert_eq!(parent, supervisors.collect::<String>() + "twins");
}
