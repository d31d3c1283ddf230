use super::generation::{EXIT, Scene, close};
use crate::model::{block_on, check_preempted, thread};

#[test]
fn a_monitor_hears_of_the_last_end_once_and_of_nothing_after_it() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let tree = {
            let slot = scene.slot.clone();
            thread::spawn(move || {
                slot.ended(1, &EXIT);
                close(&slot);
            })
        };
        let mut monitor = scene.slot.monitor();
        let mut heard = Vec::new();
        while let Some(down) = block_on(monitor.next()) {
            heard.push(down.last);
        }
        assert!(matches!(heard[..], [true] | [false, true]), "{heard:?}");
        tree.join().unwrap();
    });
}
