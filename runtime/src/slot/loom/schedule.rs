use std::time::Duration;

use super::generation::{EXIT, Number, Scene};
use crate::model::{check_preempted, thread};
use crate::slot::Cancel as _;

#[test]
fn what_is_scheduled_comes_or_is_cancelled() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let serial = scene.slot.schedule_once(Duration::ZERO, Number(1));
        let canceller = {
            let slot = scene.slot.clone();
            thread::spawn(move || slot.cancel(serial))
        };
        scene.generation(1).drain_doors();
        let is_cancelled = canceller.join().unwrap();
        assert_eq!(scene.handled().is_empty(), is_cancelled);
    });
}

#[test]
fn what_comes_again_outlives_a_life_that_is_given_up_while_it_is_made() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        scene.slot.schedule_every(Duration::ZERO, || Number(1));
        let old = {
            let scene = scene.clone();
            thread::spawn(move || scene.generation(1).drain_doors())
        };
        scene.slot.abandon(1, &EXIT)()();
        scene.begin(2);
        let mut new = scene.generation(2);
        new.drain_doors();
        old.join().unwrap();
        new.drain_doors();
        let schedule = scene.slot.schedule.get().unwrap();
        assert!(!schedule.is_to_be_looked_at(2), "its alarm is set");
        assert!(schedule.is_to_be_looked_at(3), "it lies there");
    });
}
