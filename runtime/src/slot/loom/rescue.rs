use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::generation::{EXIT, Scene};
use crate::model::{check, thread};

#[test]
fn a_hook_that_crosses_the_abandonment_runs_once() {
    check(|| {
        let scene = Scene::new(1);
        // Of `std`, so that it adds no steps.
        let runs = Arc::new(AtomicUsize::new(0));
        let old = {
            let (slot, runs) = (scene.slot.clone(), runs.clone());
            thread::spawn(move || slot.on_abandoned(1, move || _ = runs.fetch_add(1, SeqCst)))
        };
        scene.slot.abandon(1, &EXIT)()();
        old.join().unwrap();
        assert_eq!(runs.load(SeqCst), 1);
    });
}

#[test]
fn a_hook_runs_or_is_dropped_however_its_life_ends() {
    check(|| {
        let scene = Scene::new(1);
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        scene
            .slot
            .on_abandoned(1, move || _ = counted.fetch_add(1, SeqCst));
        let old = {
            let slot = scene.slot.clone();
            thread::spawn(move || slot.forget_hooks(1))
        };
        scene.slot.abandon(1, &EXIT)()();
        old.join().unwrap();
        assert!(runs.load(SeqCst) <= 1);
        assert_eq!(Arc::strong_count(&runs), 1, "it is kept");
    });
}
