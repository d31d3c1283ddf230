use super::generation::{Number, Scene};
use crate::child::Mailbox;
use crate::model::{check_preempted, thread};

#[test]
fn what_takes_the_place_of_another_is_handled_in_its_stead() {
    check_preempted(3, || {
        let scene = Scene::with(Mailbox::bounded(4).conflate(|_: &Number| ()));
        let senders = [1, 2].map(|number| {
            let reference = scene.reference();
            thread::spawn(move || reference.do_send(Number(number)))
        });
        scene.generation(1).work();
        for sender in senders {
            sender.join().unwrap();
        }
        scene.generation(1).work();
        let dropped = scene.slot.stats.drops().values().sum::<u64>() as usize;
        let handled = scene.handled();
        assert_eq!(handled.len() + dropped, 2);
        assert!(matches!(handled[..], [1] | [2] | [1, 2]), "{handled:?}");
        assert_eq!(scene.slot.queue.level().depth, 0);
    });
}
