use std::future::Future;
use std::task::{Context as Task, Waker};

use super::generation::{EXIT, Number, Scene, close};
use crate::model::{block_on, check, check_preempted, thread};
use crate::reference::SendError;
use crate::slot::queue::Queue;
use crate::slot::{Parcel, Refused};

#[test]
fn nothing_is_lost_doubled_or_overtaken_between_two_senders() {
    check_preempted(2, || {
        let scene = Scene::new(4);
        let senders = [[1, 2], [3, 4]].map(|numbers| {
            let reference = scene.reference();
            thread::spawn(move || {
                for number in numbers {
                    reference.try_send(Number(number)).unwrap();
                }
            })
        });
        scene
            .generation(1)
            .serve_until(|recorder| recorder.has_handled(4));
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(scene.handled(), [1, 2, 3, 4]);
        let log = scene.log();
        let at = |number| log.iter().position(|&(_, of)| of == number);
        assert!(at(1) < at(2) && at(3) < at(4));
        assert_eq!(scene.slot.queue.level().depth, 0);
    });
}

#[test]
fn the_bound_is_exact_while_room_is_made() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let reference = scene.reference();
        reference.try_send(Number(0)).unwrap();
        let senders = [1, 2].map(|number| {
            let reference = reference.clone();
            thread::spawn(move || reference.try_send(Number(number)).is_ok())
        });
        let mut generation = scene.generation(1);
        let level = scene.slot.queue.level();
        assert!(level.depth <= 1, "{level:?}");
        generation.work();
        assert!(scene.slot.queue.level().depth <= 1);
        let taken_in = senders.map(|sender| usize::from(sender.join().unwrap()));
        generation.work();
        assert_eq!(
            scene.handled().len(),
            1 + taken_in.into_iter().sum::<usize>()
        );
        assert_eq!(scene.slot.queue.level().high_water, 1);
    });
}

#[test]
fn of_two_senders_one_gets_the_last_place() {
    check(|| {
        let scene = Scene::new(1);
        let other = {
            let reference = scene.reference();
            thread::spawn(move || reference.try_send(Number(1)).is_ok())
        };
        let is_ok = scene.reference().try_send(Number(2)).is_ok();
        assert_ne!(other.join().unwrap(), is_ok);
    });
}

#[test]
fn whoever_waits_for_room_gets_it() {
    check_preempted(2, || {
        let scene = Scene::new(1);
        let tellers = [1, 2].map(|number| {
            let reference = scene.reference();
            thread::spawn(move || block_on(reference.tell(Number(number))).unwrap())
        });
        scene
            .generation(1)
            .serve_until(|recorder| recorder.has_handled(2));
        for teller in tellers {
            teller.join().unwrap();
        }
        assert_eq!(scene.handled(), [1, 2]);
        assert_eq!(scene.slot.queue.level().high_water, 1);
    });
}

#[test]
fn whoever_waits_for_room_is_told_of_the_end() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        scene.reference().try_send(Number(0)).unwrap();
        let teller = {
            let reference = scene.reference();
            thread::spawn(move || block_on(reference.tell(Number(1))))
        };
        let closing = {
            let slot = scene.slot.clone();
            thread::spawn(move || close(&slot))
        };
        scene.generation(1).work();
        let told = teller.join().unwrap();
        closing.join().unwrap();
        match told {
            // It may have been queued, and dropped by the close.
            Ok(()) => {}
            Err(SendError::Stopped(Number(1), EXIT)) => assert!(!scene.handled().contains(&1)),
            Err(other) => panic!("{other}"),
        }
        let lost = scene.slot.stats.drops().values().sum::<u64>() as usize;
        let given_back = usize::from(told.is_err());
        assert_eq!(scene.handled().len() + lost + given_back, 2);
    });
}

#[test]
fn whoever_leaves_the_line_lets_the_next_one_move_up() {
    check_preempted(2, || {
        let scene = Scene::new(1);
        let reference = scene.reference();
        reference.try_send(Number(0)).unwrap();
        // The first in line leaves, at whatever moment; the second stays.
        let mut task = Task::from_waker(Waker::noop());
        let mut first = Box::pin(reference.tell(Number(1)));
        assert!(first.as_mut().poll(&mut task).is_pending());
        let second = {
            let reference = scene.reference();
            thread::spawn(move || block_on(reference.tell(Number(2))).unwrap())
        };
        let leaver = thread::spawn(move || drop(first));
        scene
            .generation(1)
            .serve_until(|recorder| recorder.has_number(2));
        second.join().unwrap();
        leaver.join().unwrap();
        scene.generation(1).work();
        let handled = scene.handled();
        assert!(handled == [0, 2] || handled == [0, 1, 2], "{handled:?}");
        assert_eq!(scene.slot.queue.level().depth, 0);
    });
}

#[test]
fn a_late_close_of_an_earlier_life_takes_nothing_from_the_next() {
    check(|| {
        let scene = Scene::new(2);
        let late = {
            let slot = scene.slot.clone();
            thread::spawn(move || close(&slot))
        };
        let sender = {
            let reference = scene.reference();
            thread::spawn(move || reference.try_send(Number(1)).is_ok())
        };
        scene.begin(2);
        let taken_in = sender.join().unwrap();
        late.join().unwrap();
        assert_eq!(scene.slot.closed(), None);
        scene.reference().try_send(Number(2)).unwrap();
        scene.generation(2).work();
        let dropped = scene.slot.stats.drops().values().sum::<u64>() as usize;
        assert!(scene.handled().contains(&2));
        assert_eq!(scene.handled().len() + dropped, 1 + usize::from(taken_in));
    });
}

#[test]
fn what_a_life_that_is_given_up_has_not_taken_is_its_successors() {
    check_preempted(3, || {
        let scene = Scene::new(2);
        scene.reference().try_send(Number(1)).unwrap();
        scene.reference().try_send(Number(2)).unwrap();
        let old = {
            let scene = scene.clone();
            thread::spawn(move || scene.generation(1).work())
        };
        scene.slot.abandon(1, &EXIT)()();
        scene.begin(2);
        scene.generation(2).work();
        old.join().unwrap();
        scene.generation(2).work();
        assert_eq!(scene.handled(), [1, 2]);
    });
}

#[test]
fn what_makes_room_for_another_is_not_handled_as_well() {
    check(|| {
        let scene = Scene::new(1);
        let queue: &Queue<_> = &scene.slot.queue;
        let expendable = |number| Parcel::expendable(Number(number), 0);
        assert!(queue.push(expendable(1)).is_ok());
        let displacing = {
            let scene = scene.clone();
            thread::spawn(move || {
                match scene
                    .slot
                    .queue
                    .push_displacing(Parcel::expendable(Number(2), 0))
                {
                    Ok(displaced) => displaced.map(Parcel::into_told::<Number>),
                    Err(Refused::Full(_) | Refused::Closed(..)) => panic!("one was expendable"),
                }
            })
        };
        let mut generation = scene.generation(1);
        generation.work();
        let displaced = displacing.join().unwrap();
        generation.work();
        match displaced {
            Some(number) => {
                assert_eq!(number, Number(1));
                assert_eq!(scene.handled(), [2]);
            }
            None => assert_eq!(scene.handled(), [1, 2]),
        }
    });
}
