use super::generation::{EXIT, Number, Scene};
use crate::model::{check_preempted, thread};

#[test]
fn nothing_lies_in_an_address_without_a_wake_up() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let address = scene.slot.address();
        let senders = [1, 2].map(|number| {
            let address = address.clone();
            thread::spawn(move || address.do_send(Number(number)))
        });
        scene
            .generation(1)
            .serve_until(|recorder| recorder.has_handled(2));
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(scene.handled(), [1, 2]);
    });
}

#[test]
fn a_life_that_is_given_up_leaves_an_address_to_its_successor() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let address = scene.slot.address();
        address.do_send(Number(1));
        address.do_send(Number(2));
        let old = {
            let scene = scene.clone();
            thread::spawn(move || scene.generation(1).drain_doors())
        };
        scene.slot.abandon(1, &EXIT)()();
        scene.begin(2);
        scene
            .generation(2)
            .serve_until(|recorder| recorder.has_handled(2));
        old.join().unwrap();
        assert_eq!(scene.handled(), [1, 2]);
    });
}
