//! Messages that are sent at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use actix::prelude::*;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use treewire_runtime::{
    Backoff, Child, Context, DropCause, Exit, Failure, Node, Placement, Ref, Restart, World, driven,
};

mod endings;

const SECOND: Duration = Duration::from_secs(1);

/// Notes what comes, and when.
struct Clerk {
    notes: Notes,
    generation: usize,
}

#[derive(Clone)]
struct Notes {
    lines: Arc<Mutex<Vec<String>>>,
    generations: Arc<AtomicUsize>,
    begun: Instant,
}

impl Notes {
    fn new(world: &World) -> Self {
        Notes {
            lines: Arc::default(),
            generations: Arc::default(),
            begun: world.now(),
        }
    }

    fn child(&self, name: &str) -> Child<Clerk> {
        let notes = self.clone();
        Child::new(name, move || Clerk {
            generation: notes.generations.fetch_add(1, SeqCst) + 1,
            notes: notes.clone(),
        })
    }

    /// The lines since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock())
    }
}

impl Actor for Clerk {
    type Context = Context<Self>;
}

struct Note(&'static str);
impl Message for Note {
    type Result = ();
}
impl Handler<Note> for Clerk {
    type Result = ();
    fn handle(&mut self, note: Note, context: &mut Context<Self>) {
        let time = context.clock().now() - self.notes.begun;
        let line = format!("{} at {time:?} to #{}", note.0, self.generation);
        self.notes.lines.lock().push(line);
    }
}

struct End(Exit);
impl Message for End {
    type Result = ();
}
impl Handler<End> for Clerk {
    type Result = ();
    fn handle(&mut self, end: End, context: &mut Context<Self>) {
        context.end(end.0);
    }
}

fn failed() -> End {
    End(Exit::Failed(Failure::new("no disk")))
}

async fn node(world: &World) -> Node {
    Node::builder("test").driven(world).start().await.unwrap()
}

/// A child that waits five seconds before its second generation.
async fn slow_to_restart(world: &World, node: &Node, notes: &Notes) -> Ref<Clerk> {
    let wait = Backoff {
        first: SECOND * 5,
        ceiling: SECOND * 5,
        ..Backoff::default()
    };
    let clerk = node
        .spawn(notes.child("clerk").backoff(wait))
        .await
        .unwrap();
    // The first retry comes at once.
    clerk.do_send(failed());
    world.settle().await;
    assert_eq!(notes.generations.load(SeqCst), 2);
    clerk
}

#[test]
fn messages_come_at_their_time_in_its_order() {
    driven(1, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        clerk.send_after(SECOND * 2, Note("b"));
        clerk.send_after(SECOND * 3, Note("d"));
        clerk.send_after(SECOND, Note("a"));
        clerk.send_after(SECOND * 2, Note("c"));
        clerk.send_after(Duration::ZERO, Note("now"));
        world.pass(SECOND * 10).await;
        assert_eq!(
            notes.take(),
            [
                "now at 0ns to #1",
                "a at 1s to #1",
                "b at 2s to #1",
                "c at 2s to #1",
                "d at 3s to #1"
            ]
        );
        node.stop().await.unwrap();
    });
}

#[test]
fn before_the_child_is_spawned_a_delay_counts_from_its_first_start() {
    driven(2, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let child = notes.child("clerk");
        let clerk = child.reference();
        clerk.send_after(SECOND, Note("later"));
        let cancelled = clerk.send_after(SECOND, Note("never"));
        assert!(cancelled.cancel());
        let ticks = clerk.send_every(SECOND * 2, || Note("tick"));
        world.pass(SECOND * 10).await;
        node.spawn(child).await.unwrap();
        world.pass(SECOND * 4).await;
        assert_eq!(
            notes.take(),
            [
                "later at 11s to #1",
                "tick at 12s to #1",
                "tick at 14s to #1"
            ]
        );
        assert!(ticks.cancel());
        node.stop().await.unwrap();
    });
}

#[test]
fn what_is_overdue_comes_when_the_next_generation_is_ready() {
    driven(3, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = slow_to_restart(&world, &node, &notes).await;
        clerk.send_after(SECOND * 2, Note("overdue"));
        clerk.send_after(SECOND * 7, Note("on time"));
        clerk.do_send(failed());
        world.pass(SECOND * 10).await;
        assert_eq!(notes.take(), ["overdue at 5s to #3", "on time at 7s to #3"]);
        node.stop().await.unwrap();
    });
}

#[test]
fn what_was_missed_is_skipped_and_the_beat_is_kept() {
    driven(4, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = slow_to_restart(&world, &node, &notes).await;
        let period = Duration::from_millis(1_500);
        clerk.send_every(period, || Note("tick"));
        world.pass(SECOND * 2).await;
        clerk.do_send(failed());
        world.pass(SECOND * 7).await;
        // Down from 2 s to 7 s: 3, 4.5 and 6 s were missed.
        assert_eq!(
            notes.take(),
            [
                "tick at 1.5s to #2",
                "tick at 7s to #3",
                "tick at 7.5s to #3",
                "tick at 9s to #3"
            ]
        );
        node.stop().await.unwrap();
    });
}

#[test]
fn cancelling_ends_it_and_dropping_the_handle_does_not() {
    driven(5, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        drop(clerk.send_after(SECOND, Note("kept")));
        let once = clerk.send_after(SECOND * 2, Note("cancelled"));
        let ticks = clerk.send_every(SECOND, || Note("tick"));
        world.pass(SECOND).await;
        assert!(once.cancel());
        assert!(!once.cancel(), "there is nothing left to cancel");
        world.pass(SECOND).await;
        assert!(ticks.clone().cancel());
        assert!(!ticks.cancel());
        let come = clerk.send_after(SECOND, Note("come"));
        world.pass(SECOND * 10).await;
        assert!(!come.cancel(), "it has come");
        assert_eq!(
            notes.take(),
            [
                "kept at 1s to #1",
                "tick at 1s to #1",
                "tick at 2s to #1",
                "come at 3s to #1"
            ]
        );
        node.stop().await.unwrap();
    });
}

#[test]
fn an_earlier_message_that_is_scheduled_later_does_not_wait_for_the_first() {
    driven(6, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        clerk.send_after(SECOND * 3_600, Note("late"));
        world.pass(SECOND).await;
        clerk.send_after(SECOND, Note("early"));
        world.pass(SECOND).await;
        assert_eq!(notes.take(), ["early at 2s to #1"]);
        world.pass(SECOND * 3_600).await;
        assert_eq!(notes.take(), ["late at 3600s to #1"]);
        node.stop().await.unwrap();
    });
}

#[test]
fn supervision_06_ten_thousand_scheduled_messages_do_not_have_the_actor_polled_more() {
    driven(10, async |world| {
        let (node, notes) = (node(&world).await, Notes::new(&world));
        let clerk = node.spawn(notes.child("clerk")).await.unwrap();
        let polls_of_a_message = async || {
            let before = clerk.stats().polls.get();
            clerk.send(Note("asked")).await.unwrap();
            clerk.stats().polls.get() - before
        };
        let with_none = polls_of_a_message().await;
        for _ in 0..10_000 {
            clerk.send_after(SECOND, Note("come"));
        }
        world.settle().await;
        assert_eq!(polls_of_a_message().await, with_none);
        notes.take();
        world.pass(SECOND).await;
        assert_eq!(notes.take().len(), 10_000);
        node.stop().await.unwrap();
    });
}
