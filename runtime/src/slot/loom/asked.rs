use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Waker};

use actix::{Handler, Message};

use super::generation::{EXIT, Number, Recorder, Scene, close};
use crate::context::{Answer, Context, Reply};
use crate::model::{block_on, check, check_preempted, thread};
use crate::reference::SendError;

/// Asks for an answer that comes later; here it is to be given.
#[derive(Clone, Debug, Default)]
struct Deferred(Arc<Mutex<Option<Answer<u32>>>>);

impl Deferred {
    fn is_taken(&self) -> bool {
        self.0.lock().unwrap().is_some()
    }

    fn answer(&self) -> Option<Answer<u32>> {
        self.0.lock().unwrap().take()
    }
}

impl Message for Deferred {
    type Result = u32;
}

impl Handler<Deferred> for Recorder {
    type Result = Reply<u32>;

    fn handle(&mut self, Deferred(place): Deferred, _: &mut Context<Self>) -> Reply<u32> {
        let (reply, answer) = Reply::deferred();
        *place.lock().unwrap() = Some(answer);
        reply
    }
}

#[test]
fn whoever_asks_is_answered_or_gets_the_message_back() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let asker = {
            let reference = scene.reference();
            thread::spawn(move || block_on(reference.send(Number(1))))
        };
        let closing = {
            let slot = scene.slot.clone();
            thread::spawn(move || close(&slot))
        };
        scene.generation(1).work();
        let told = asker.join().unwrap();
        closing.join().unwrap();
        match told {
            Ok(1) => assert_eq!(scene.handled(), [1]),
            Err(SendError::Stopped(Number(1), EXIT)) => assert_eq!(scene.handled(), []),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn nobody_is_owed_an_answer_who_has_left() {
    check(|| {
        let scene = Scene::new(1);
        let message = Deferred::default();
        let asker = {
            let (reference, message) = (scene.reference(), message.clone());
            thread::spawn(move || {
                let mut task = Task::from_waker(Waker::noop());
                let asked = pin!(reference.send(message));
                assert!(asked.poll(&mut task).is_pending());
            })
        };
        let mut generation = scene.generation(1);
        generation.work();
        asker.join().unwrap();
        assert_eq!(scene.slot.owed.len(), 0);
    });
}

#[test]
fn whoever_asks_a_life_that_is_given_up_learns_one_thing() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let message = Deferred::default();
        let asker = {
            let (reference, message) = (scene.reference(), message.clone());
            thread::spawn(move || block_on(reference.send(message)))
        };
        let tree = {
            let slot = scene.slot.clone();
            thread::spawn(move || {
                slot.abandon(1, &EXIT)()();
                close(&slot);
            })
        };
        let mut generation = scene.generation(1);
        generation.work();
        let answer = message.answer();
        let is_handled = answer.is_some();
        if let Some(answer) = answer {
            answer.send(7);
        }
        let told = asker.join().unwrap();
        tree.join().unwrap();
        match told {
            Ok(7) | Err(SendError::LostInCrash(EXIT)) => assert!(is_handled),
            Err(SendError::Stopped(_, EXIT)) => assert!(!is_handled),
            other => panic!("{other:?}"),
        }
        assert_eq!(scene.slot.owed.len(), 0);
    });
}

#[test]
fn an_answer_that_crosses_the_end_of_its_life_arrives_or_is_lost() {
    check_preempted(3, || {
        let scene = Scene::new(1);
        let message = Deferred::default();
        let asker = {
            let (reference, message) = (scene.reference(), message.clone());
            thread::spawn(move || block_on(reference.send(message)))
        };
        let mut generation = scene.generation(1);
        generation.serve_until(|_| message.is_taken());
        let answer = message.answer().unwrap();
        let answerer = thread::spawn(move || answer.send(7));
        scene.slot.crashed(1, &EXIT);
        drop(generation);
        answerer.join().unwrap();
        let told = asker.join().unwrap();
        assert!(
            matches!(told, Ok(7) | Err(SendError::LostInCrash(EXIT))),
            "{told:?}"
        );
        assert_eq!(scene.slot.owed.len(), 0);
    });
}

#[test]
fn an_answer_that_is_dropped_is_told_once() {
    check(|| {
        let scene = Scene::new(1);
        let message = Deferred::default();
        let asker = {
            let (reference, message) = (scene.reference(), message.clone());
            thread::spawn(move || block_on(reference.send(message)))
        };
        let mut generation = scene.generation(1);
        generation.serve_until(|_| message.is_taken());
        drop(message.answer());
        let told = asker.join().unwrap();
        assert!(matches!(told, Err(SendError::Unanswered)), "{told:?}");
        assert_eq!(scene.slot.owed.len(), 0);
    });
}
