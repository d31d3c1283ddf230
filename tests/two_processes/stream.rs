//! A million messages in each direction, each to an actor.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::runtime::Killer;
use treewire::{PullSocket, PushSocket};

use crate::second::{Other, dials};
use crate::side::{kill_by_and_by, patiently, until_handled};
use crate::support::proxy::Proxy;
use crate::support::*;
use crate::{CUTS, KILLS};

const MESSAGES: u64 = 1_000_000;

/// Panics when it comes for the first time.
const BAD: u64 = 333_333;

/// Panics whenever it comes.
const HOPELESS: u64 = 666_666;

/// A connection carries less than this, both ways together: about half on average.
const BYTES_MAX: u64 = 150_000;

const SEEDS: [u64; 2] = [11, 12];

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Numbered", reply = ())]
struct Numbered {
    number: u64,
}

/// What outlives the actor.
#[derive(Default)]
struct Book {
    handled: AtomicU64,
    panics: AtomicU64,
    /// The first message that was not the next one, and which that was.
    misplaced: Mutex<Option<(u64, u64)>>,
}

struct Clerk(Arc<Book>);

impl Actor for Clerk {
    type Context = Context<Self>;
}

impl Handler<Numbered> for Clerk {
    type Result = ();

    fn handle(&mut self, Numbered { number }: Numbered, _: &mut Context<Self>) {
        let book = &self.0;
        let before = book.panics.load(SeqCst);
        if number == HOPELESS || (number == BAD && before == 0) {
            book.panics.store(before + 1, SeqCst);
            panic!("the clerk spills ink over {number}");
        }
        let handled = book.handled.load(SeqCst);
        let next = handled + u64::from(handled >= HOPELESS);
        if number != next {
            let first = &mut *book.misplaced.lock().unwrap();
            first.get_or_insert_with(|| {
                eprintln!("{number} came instead of {next}");
                (number, next)
            });
        }
        book.handled.store(handled + 1, SeqCst);
    }
}

/// One process: what it receives is written down.
struct Side {
    node: Node,
    book: Arc<Book>,
    pull: PullSocket,
}

impl Side {
    async fn new() -> Side {
        let node = node().await;
        let book = Arc::<Book>::default();
        let clerks = book.clone();
        let clerk = Child::new("clerk", move || Clerk(clerks.clone()));
        let clerk = node.spawn(clerk).await.unwrap();
        let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
        let pull = pull.delivery(Reliable).deliver::<Numbered>(&clerk);
        let pull = node.spawn(pull).await.unwrap();
        Side { node, book, pull }
    }

    async fn push(&self, url: &str) -> PushSocket {
        let push = Push::new("push").dial(url).delivery(Reliable);
        self.node.spawn(push).await.unwrap()
    }

    /// Sends all and handles all, while its clerk is killed.
    async fn work(&self, push: &PushSocket) {
        let (node, handled) = (&self.node, &self.book.handled);
        let all = MESSAGES - 1;
        tokio::join!(
            send_all(push),
            kill_by_and_by(node, "clerk", handled, all),
            until_handled(node, handled, all),
        );
        assert_eq!(push.lost(), 0);
        assert_eq!(*self.book.misplaced.lock().unwrap(), None);
        assert_eq!(handled.load(SeqCst), all);
        let tree = node.snapshot().await.unwrap();
        // Once the bad one, three times the hopeless one; and nothing but their clerk was
        // restarted, though that is far beyond what a supervisor bears.
        assert_eq!(self.book.panics.load(SeqCst), 1 + 3);
        let clerk = tree.find("clerk").unwrap();
        assert!(clerk.restarts >= KILLS, "{}", drawn(&tree));
        // But for a thread that was given up, and took its neighbours along: a killed clerk that
        // does not get the CPU in time.
        let mut exits = tree.find("pull").unwrap().exits.iter();
        let lost_thread = Exit::Killed(Killer::LostThread);
        assert!(
            exits.all(|exit| exit.reason == lost_thread),
            "{}",
            drawn(&tree)
        );
        assert_eq!(drops(&tree, "pull", "panicked three times"), 1);
    }
}

async fn send_all(push: &PushSocket) {
    for number in 0..MESSAGES {
        let content = Content::new("test.Numbered").with_part(raw::varint(number));
        push.send(content).await.unwrap();
    }
    patiently(push.drain()).await;
}

#[tokio::test]
async fn a_million_messages_each_way_survive_500_cuts_and_200_killed_receivers() {
    let side = Side::new().await;
    let back = Proxy::to(&address(&side.pull), SEEDS[0], BYTES_MAX).await;
    let mut other = Other::start("stream", &back.url);
    let there = Proxy::to(&other.hear("listens at").await, SEEDS[1], BYTES_MAX).await;
    let push = side.push(&there.url).await;
    tokio::join!(side.work(&push), other.hear("done"));
    let cuts = (there.cuts(), back.cuts());
    eprintln!("{cuts:?} cuts, of seeds {SEEDS:?}");
    assert!(cuts.0 + cuts.1 >= CUTS, "{cuts:?} cuts");
    there.calm_down();
    back.calm_down();
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    other.say("leave");
    other.end().await;
    stop(side.node).await;
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn second() {
    let mut first = Other::first();
    let side = Side::new().await;
    first.say(&format!("listens at {}", address(&side.pull)));
    let push = side.push(&dials()).await;
    side.work(&push).await;
    first.say("done");
    first.hear("leave").await;
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    stop(side.node).await;
}
