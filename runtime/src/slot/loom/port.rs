use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::generation::{EXIT, FATAL, Number, Recorder, Scene, close};
use crate::model::{block_on, check, check_preempted, thread};
use crate::slot::{Loss, Outcome, Port, PortRefusal};

/// What became of each message, behind a lock of `std`, so that it adds no steps.
type Fates = Arc<Mutex<Vec<(u32, Option<Loss>)>>>;

/// Writes down what became of the message with this number.
#[derive(Debug)]
struct Fate(u32, Fates);

impl Outcome<Number> for Fate {
    fn handled(self, number: u32) {
        assert_eq!(number, self.0);
        self.1.lock().unwrap().push((number, None));
    }

    fn lost(self, loss: Loss) {
        self.1.lock().unwrap().push((self.0, Some(loss)));
    }
}

/// The way into a scene's actor, with what became of what went there.
#[derive(Clone)]
struct Entrance {
    port: Port<Number, Fate>,
    fates: Fates,
    capacity: usize,
}

impl Entrance {
    fn of(scene: &Scene, capacity: usize) -> Self {
        Entrance {
            port: Port::open::<Recorder>(&scene.slot, capacity),
            fates: Fates::default(),
            capacity,
        }
    }

    fn push(&self, number: u32) -> Result<(), PortRefusal<Number, Fate>> {
        let fate = Fate(number, self.fates.clone());
        self.port.push(Number(number), fate)
    }

    fn waiting(&self) -> usize {
        self.capacity - self.port.room()
    }

    /// What became of what was told, sorted.
    fn fates(&self) -> Vec<(u32, Option<Loss>)> {
        let mut fates = self.fates.lock().unwrap().clone();
        fates.sort_unstable_by_key(|&(number, _)| number);
        fates
    }

    /// The numbers of what was told to be handled, or to be lost, sorted.
    fn told(&self) -> Vec<u32> {
        self.fates().into_iter().map(|(number, _)| number).collect()
    }
}

#[test]
fn nothing_lies_in_a_port_without_a_wake_up() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let entrance = Entrance::of(&scene, 4);
        let senders = [1, 2].map(|number| {
            let entrance = entrance.clone();
            thread::spawn(move || entrance.push(number).unwrap())
        });
        scene
            .generation(1)
            .serve_until(|recorder| recorder.has_handled(2));
        for sender in senders {
            sender.join().unwrap();
        }
        assert_eq!(entrance.fates(), [(1, None), (2, None)]);
    });
}

#[test]
fn what_is_pushed_while_a_port_closes_is_handled_or_lost_or_refused() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let entrance = Entrance::of(&scene, 4);
        entrance.push(0).unwrap();
        let sender = {
            let entrance = entrance.clone();
            thread::spawn(move || match entrance.push(1) {
                Ok(()) => None,
                Err(PortRefusal::Stopped(Number(number), _, EXIT)) => Some(number),
                Err(refusal) => panic!("{refusal:?}"),
            })
        };
        let closing = {
            let slot = scene.slot.clone();
            thread::spawn(move || close(&slot))
        };
        scene.generation(1).work();
        let refused = sender.join().unwrap();
        closing.join().unwrap();
        let mut told = entrance.told();
        told.extend(refused);
        assert_eq!(told, [0, 1]);
        for (number, loss) in entrance.fates() {
            let is_handled = scene.handled().contains(&number);
            match loss {
                None => assert!(is_handled),
                Some(Loss::Stopped(EXIT)) => assert!(!is_handled),
                // The close came while it was in hand.
                Some(Loss::Crashed(EXIT)) => {}
                Some(other) => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_life_that_is_given_up_leaves_a_port_to_its_successor() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let entrance = Entrance::of(&scene, 4);
        entrance.push(1).unwrap();
        entrance.push(2).unwrap();
        let old = {
            let scene = scene.clone();
            thread::spawn(move || scene.generation(1).drain_doors())
        };
        scene.slot.abandon(1, &EXIT)()();
        // Nobody but the successor takes anything from now on, and it has to.
        let left = entrance.waiting();
        scene.begin(2);
        let by_successor = || scene.log().iter().filter(|&&(of, _)| of == 2).count();
        scene.generation(2).serve_until(|_| by_successor() >= left);
        old.join().unwrap();
        assert_eq!(by_successor(), left);
        assert_eq!(entrance.waiting(), 0);
        assert_eq!(entrance.told(), [1, 2]);
    });
}

#[test]
fn what_is_pushed_while_a_life_crashes_is_its_successors() {
    check(|| {
        let scene = Scene::new(1);
        let entrance = Entrance::of(&scene, 4);
        entrance.push(FATAL).unwrap();
        let sender = {
            let entrance = entrance.clone();
            thread::spawn(move || entrance.push(1).unwrap())
        };
        let mut generation = scene.generation(1);
        let crash = catch_unwind(AssertUnwindSafe(|| generation.drain_doors()));
        assert!(crash.is_err());
        scene.slot.crashed(1, &EXIT);
        scene.begin(2);
        scene
            .generation(2)
            .serve_until(|recorder| recorder.has_number(1));
        sender.join().unwrap();
        let crashed = (FATAL, Some(Loss::Crashed(EXIT)));
        assert_eq!(entrance.fates(), [(1, None), crashed]);
    });
}

#[test]
fn whoever_waits_for_room_in_a_port_is_woken_for_it() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let entrance = Entrance::of(&scene, 1);
        let sender = {
            let entrance = entrance.clone();
            thread::spawn(move || {
                for number in [1, 2] {
                    block_on(poll_fn(|task| {
                        entrance.port.on_room(task.waker());
                        match entrance.push(number) {
                            Ok(()) => Poll::Ready(()),
                            Err(PortRefusal::Full(..)) => Poll::Pending,
                            Err(refusal) => panic!("{refusal:?}"),
                        }
                    }));
                }
            })
        };
        scene
            .generation(1)
            .serve_until(|recorder| recorder.has_handled(2));
        sender.join().unwrap();
        assert_eq!(entrance.told(), [1, 2]);
    });
}

#[test]
fn whoever_waits_for_room_in_a_port_is_woken_for_its_end() {
    check(|| {
        let scene = Scene::new(1);
        let entrance = Entrance::of(&scene, 1);
        entrance.push(1).unwrap();
        let closing = {
            let slot = scene.slot.clone();
            thread::spawn(move || close(&slot))
        };
        block_on(poll_fn(|task| {
            entrance.port.on_room(task.waker());
            match entrance.push(2) {
                Err(PortRefusal::Full(..)) => Poll::Pending,
                Err(PortRefusal::Stopped(_, _, EXIT)) => Poll::Ready(()),
                other => panic!("{other:?}"),
            }
        }));
        closing.join().unwrap();
        assert_eq!(entrance.fates(), [(1, Some(Loss::Stopped(EXIT)))]);
    });
}

/// Has its message handled again, once.
struct Again {
    fate: Fate,
    is_asked: bool,
}

impl Outcome<Number> for Again {
    fn handled(self, number: u32) {
        self.fate.handled(number);
    }

    fn lost(self, loss: Loss) {
        self.fate.lost(loss);
    }

    fn again(&mut self, _: &Loss) -> Option<Number> {
        let is_first = !std::mem::replace(&mut self.is_asked, true);
        is_first.then_some(Number(self.fate.0))
    }
}

#[test]
fn nothing_passes_what_is_handled_again_after_a_life_was_given_up() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let port = Port::open::<Recorder>(&scene.slot, 4);
        let fates = Fates::default();
        for number in [1, 2] {
            let fate = Fate(number, fates.clone());
            let is_asked = false;
            let pushed = port.push(Number(number), Again { fate, is_asked });
            assert!(pushed.is_ok());
        }
        let old = {
            let scene = scene.clone();
            thread::spawn(move || scene.generation(1).drain_doors())
        };
        let closing = scene.slot.abandon(1, &EXIT);
        scene.begin(2);
        let reaper = thread::spawn(move || closing()());
        let mut successor = scene.generation(2);
        successor.work();
        old.join().unwrap();
        reaper.join().unwrap();
        successor.serve_until(|_| fates.lock().unwrap().len() == 2);
        let log = scene.log().into_iter();
        let by_successor = log.filter(|&(life, _)| life == 2);
        let numbers: Vec<u32> = by_successor.map(|(_, number)| number).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        let mut told = fates.lock().unwrap().clone();
        told.sort_unstable_by_key(|&(number, _)| number);
        assert_eq!(told, [(1, None), (2, None)]);
    });
}
