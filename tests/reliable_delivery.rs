//! Reliable sockets and the actors they deliver to: a message whose handler panics comes again
//! in its place, and the third time it is a dead letter.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{World, driven};

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Order", reply = ())]
struct Order {
    number: u32,
}

/// As a peer in another language sends it.
fn order(number: u32) -> Content {
    Content::new("test.Order").with_part(vec![u8::try_from(number).unwrap()])
}

/// Of every order how often it was seen, and what was handled, in order.
#[derive(Clone, Default)]
struct Book {
    handled: Arc<Mutex<Vec<u32>>>,
    panics: Arc<AtomicU32>,
}

struct Clerk {
    book: Book,
    /// Orders that panic, and how often.
    bad: fn(u32) -> u32,
    seen: Arc<Mutex<Vec<u32>>>,
}

impl Actor for Clerk {
    type Context = treewire::Context<Self>;
}

impl Handler<Order> for Clerk {
    type Result = ();

    fn handle(&mut self, order: Order, _: &mut Self::Context) {
        let before = {
            let mut seen = self.seen.lock().unwrap();
            let before = seen
                .iter()
                .filter(|&&number| number == order.number)
                .count();
            seen.push(order.number);
            before as u32
        };
        if before < (self.bad)(order.number) {
            self.book.panics.fetch_add(1, SeqCst);
            panic!("bad order {}", order.number);
        }
        self.book.handled.lock().unwrap().push(order.number);
    }
}

fn clerk(book: &Book, bad: fn(u32) -> u32) -> Child<Clerk> {
    let (book, seen) = (book.clone(), Arc::default());
    Child::new("clerk", move || Clerk {
        book: book.clone(),
        bad,
        seen: Arc::clone(&seen),
    })
}

#[test]
fn a_handler_that_panics_gets_the_message_again_in_its_place_and_three_times_at_most() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let book = Book::default();
        // The 3rd panics once, the 5th always, the 6th twice.
        let clerk = clerk(&book, |number| match number {
            3 => 1,
            5 => u32::MAX,
            6 => 2,
            _ => 0,
        });
        let clerk = node.spawn(clerk).await.unwrap();
        let pull = Pull::new("pull").listen("inproc://orders");
        let pull = pull.delivery(Reliable).deliver::<Order>(&clerk);
        let pull = node.spawn(pull).await.unwrap();
        let mut letters = pull.dead_letters();
        let push = Push::new("push").dial("inproc://orders").delivery(Reliable);
        let push = node.spawn(push).await.unwrap();
        for number in 0..10 {
            push.send(order(number)).await.unwrap();
        }
        push.drain().await;
        assert_eq!(*book.handled.lock().unwrap(), [0, 1, 2, 3, 4, 6, 7, 8, 9]);
        assert_eq!(book.panics.load(SeqCst), 1 + 3 + 2);
        let letter = letters.next().await.unwrap();
        assert_eq!(letter.cause, "panicked three times");
        assert_eq!(push.lost(), 0);
        // Three bad orders within a minute: their sender waits that long, and loses nothing.
        let begun = world.now();
        push.send(order(10)).await.unwrap();
        push.drain().await;
        let waited = world.now() - begun;
        assert!(
            waited > Duration::from_secs(59) && waited < Duration::from_secs(61),
            "{waited:?}"
        );
        assert_eq!(book.handled.lock().unwrap().last(), Some(&10));
        node.stop().await.unwrap();
    });
}

#[test]
fn what_nobody_handles_is_a_dead_letter() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let book = Book::default();
        let clerk = node.spawn(clerk(&book, |_| 0)).await.unwrap();
        let pull = Pull::new("pull").listen("inproc://orders");
        let pull = pull.delivery(Reliable).deliver::<Order>(&clerk);
        let pull = node.spawn(pull).await.unwrap();
        let mut letters = pull.dead_letters();
        let push = Push::new("push").dial("inproc://orders").delivery(Reliable);
        let push = node.spawn(push).await.unwrap();
        let unknown = Content::new("test.Unknown").with_part("1");
        push.send(unknown.clone()).await.unwrap();
        push.send(order(2)).await.unwrap();
        push.drain().await;
        assert_eq!(*book.handled.lock().unwrap(), [2]);
        node.stop_child("clerk").await.unwrap();
        push.send(order(3)).await.unwrap();
        push.drain().await;
        let mut dead = Vec::new();
        while dead.len() < 2 {
            let letter = letters.next().await.unwrap();
            dead.push((letter.cause, letter.content));
        }
        let expected = [("not deliverable", unknown), ("actor stopped", order(3))];
        assert_eq!(dead, expected);
        node.stop().await.unwrap();
    });
}
