//! Messages that went through a port and are to be handled again by the next generation.

use std::collections::VecDeque;
use std::future::{Future, pending, ready};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use treewire_runtime::*;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

/// Says that it blocks its thread, and does so until the test lets go, by dropping the
/// other side.
struct Block {
    began: oneshot::Sender<()>,
    released: mpsc::Receiver<()>,
}

fn block() -> (Block, mpsc::Sender<()>, oneshot::Receiver<()>) {
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    (Block { began, released }, release, has_begun)
}

impl Block {
    fn block(self) {
        self.began.send(()).ok();
        self.released.recv().ok();
    }
}

/// What a worker does about a message.
enum Deed {
    Answer,
    Panic,
    /// Never answers.
    Owe,
    /// Panics when it is told to, after its handler returned.
    PanicLater(oneshot::Receiver<()>),
    Hold(Block),
    HoldAndPanic(Block),
}

struct Order {
    number: u64,
    deed: Deed,
}

impl Message for Order {
    type Result = ();
}

#[derive(Debug, PartialEq)]
enum Told {
    /// By which generation.
    Began(u64, u64),
    Handled(u64),
    Again(u64, Loss),
    Lost(u64, Loss),
}

struct Worker {
    generation: u64,
    told: UnboundedSender<Told>,
    owed: Vec<Answer<()>>,
}

impl Actor for Worker {
    type Context = treewire_runtime::Context<Self>;
}

impl Handler<Order> for Worker {
    type Result = Reply<()>;

    fn handle(&mut self, order: Order, _: &mut Self::Context) -> Self::Result {
        let began = Told::Began(self.generation, order.number);
        self.told.send(began).ok();
        match order.deed {
            Deed::Answer => {}
            Deed::Panic => panic!("an order"),
            Deed::Owe => {
                let (reply, answer) = Reply::deferred();
                self.owed.push(answer);
                return reply;
            }
            Deed::PanicLater(when) => {
                return Reply::later(async {
                    when.await.ok();
                    panic!("an order");
                });
            }
            Deed::Hold(block) => block.block(),
            Deed::HoldAndPanic(block) => {
                block.block();
                panic!("an order");
            }
        }
        Reply::now(())
    }
}

struct Which;
impl Message for Which {
    type Result = u64;
}
impl Handler<Which> for Worker {
    type Result = u64;
    fn handle(&mut self, _: Which, _: &mut Self::Context) -> u64 {
        self.generation
    }
}

/// An order's outcome: it is to be done again as long as there are deeds.
struct Tries {
    number: u64,
    deeds: VecDeque<Deed>,
    /// Instead of asking for another try.
    panics: bool,
    told: UnboundedSender<Told>,
}

impl Outcome<Order> for Tries {
    fn handled(self, (): ()) {
        self.told.send(Told::Handled(self.number)).ok();
    }

    fn lost(self, loss: Loss) {
        self.told.send(Told::Lost(self.number, loss)).ok();
    }

    fn again(&mut self, loss: &Loss) -> Option<Order> {
        assert!(!self.panics, "an outcome");
        let (number, deed) = (self.number, self.deeds.pop_front()?);
        self.told.send(Told::Again(number, loss.clone())).ok();
        Some(Order { number, deed })
    }
}

struct World {
    node: Node,
    worker: Ref<Worker>,
    /// Until it is spawned.
    child: Option<Child<Worker>>,
    port: Port<Order, Tries>,
    told: UnboundedReceiver<Told>,
    tell: UnboundedSender<Told>,
}

impl World {
    async fn new(capacity: usize) -> Self {
        let node = Node::builder("test").arbiters(2).start().await.unwrap();
        let (tell, told) = unbounded_channel();
        let (generations, teller) = (AtomicU64::new(0), tell.clone());
        let make = move || Worker {
            generation: generations.fetch_add(1, SeqCst) + 1,
            told: teller.clone(),
            owed: Vec::new(),
        };
        let child = Child::new("worker", make).placement(Placement::pin(1));
        let worker = child.reference();
        World {
            node,
            port: worker.port(capacity),
            worker,
            child: Some(child),
            told,
            tell,
        }
    }

    /// An order, and what is to be done instead when it comes again.
    fn push<const N: usize>(&self, number: u64, deed: Deed, again: [Deed; N]) {
        self.push_as(number, deed, again.into(), false);
    }

    fn push_as(&self, number: u64, deed: Deed, deeds: VecDeque<Deed>, panics: bool) {
        let tries = Tries {
            number,
            deeds,
            panics,
            told: self.tell.clone(),
        };
        assert!(self.port.push(Order { number, deed }, tries).is_ok());
    }

    async fn begin(&mut self) {
        let child = self.child.take().unwrap();
        in_time(self.node.spawn(child)).await.unwrap();
    }

    async fn told(&mut self) -> Told {
        in_time(self.told.recv()).await.unwrap()
    }

    async fn tells<const N: usize>(&mut self, wanted: [Told; N]) {
        for wanted in wanted {
            assert_eq!(self.told().await, wanted);
        }
    }

    /// The next is that the order comes again, after a panic of its own or of another.
    async fn tells_again(&mut self, wanted: u64, by_itself: bool) {
        match self.told().await {
            Told::Again(number, Loss::Panicked(_)) if by_itself => assert_eq!(number, wanted),
            Told::Again(number, Loss::Crashed(_)) if !by_itself => assert_eq!(number, wanted),
            other => panic!("{other:?}"),
        }
    }

    /// Everything was told.
    async fn end(mut self) {
        in_time(self.node.stop()).await.unwrap();
        drop((self.worker, self.port, self.tell));
        assert_eq!(in_time(self.told.recv()).await, None);
    }
}

use Told::{Again, Began, Handled, Lost};

#[tokio::test]
async fn supervision_03_a_message_that_is_to_be_handled_again_comes_in_its_place() {
    let mut world = World::new(8).await;
    world.push(1, Deed::Answer, []);
    world.push(2, Deed::Panic, [Deed::Answer]);
    world.push(3, Deed::Answer, []);
    world.push(4, Deed::Answer, []);
    world.begin().await;
    world.tells([Began(1, 1), Handled(1), Began(1, 2)]).await;
    world.tells_again(2, true).await;
    world.tells([Began(2, 2), Handled(2)]).await;
    world.tells([Began(2, 3), Handled(3)]).await;
    world.tells([Began(2, 4), Handled(4)]).await;
    world.end().await;
}

#[tokio::test]
async fn an_outcome_counts_its_tries_and_is_told_of_the_last_loss() {
    let mut world = World::new(8).await;
    world.push(1, Deed::Panic, [Deed::Panic, Deed::Panic]);
    world.push(2, Deed::Answer, []);
    world.begin().await;
    for generation in [1, 2] {
        world.tells([Began(generation, 1)]).await;
        world.tells_again(1, true).await;
    }
    world.tells([Began(3, 1)]).await;
    let lost = world.told().await;
    assert!(matches!(lost, Lost(1, Loss::Panicked(_))), "{lost:?}");
    world.tells([Began(4, 2), Handled(2)]).await;
    world.end().await;
}

#[tokio::test]
async fn supervision_03_what_was_owed_comes_again_in_the_order_in_which_it_was_taken() {
    let mut world = World::new(8).await;
    let (panic, when) = oneshot::channel();
    world.push(1, Deed::Owe, [Deed::Owe, Deed::Answer]);
    world.push(2, Deed::PanicLater(when), [Deed::Panic, Deed::Answer]);
    world.push(3, Deed::Owe, [Deed::Answer]);
    world.push(4, Deed::Owe, []);
    world.begin().await;
    world
        .tells([1, 2, 3, 4].map(|number| Began(1, number)))
        .await;
    panic.send(()).unwrap();
    // It is asked first, and comes in its place all the same.
    world.tells_again(2, true).await;
    world.tells_again(1, false).await;
    world.tells_again(3, false).await;
    let lost = world.told().await;
    assert!(matches!(lost, Lost(4, Loss::Crashed(_))), "{lost:?}");
    // Those that come again a second time are still before what never was taken since.
    world.tells([Began(2, 1), Began(2, 2)]).await;
    world.tells_again(2, true).await;
    world.tells_again(1, false).await;
    for number in [1, 2, 3] {
        world.tells([Began(3, number), Handled(number)]).await;
    }
    world.end().await;
}

#[tokio::test]
async fn what_comes_again_may_exceed_the_bound_for_a_while() {
    let mut world = World::new(2).await;
    let (hold, let_go, holds) = block();
    let (hold_again, let_go_again, holds_again) = block();
    world.push(1, Deed::Owe, [Deed::Hold(hold_again)]);
    world.push(2, Deed::HoldAndPanic(hold), [Deed::Answer]);
    world.begin().await;
    in_time(holds).await.unwrap();
    world.push(3, Deed::Answer, []);
    world.push(4, Deed::Answer, []);
    assert_eq!(world.port.room(), 0);
    drop(let_go);
    in_time(holds_again).await.unwrap();
    // Three wait where two may.
    assert_eq!(world.port.room(), 0);
    let tries = Tries {
        number: 5,
        deeds: VecDeque::new(),
        panics: false,
        told: world.tell.clone(),
    };
    let order = Order {
        number: 5,
        deed: Deed::Answer,
    };
    let refused = world.port.push(order, tries);
    assert!(matches!(refused, Err(PortRefusal::Full(..))));
    drop((refused, let_go_again));
    world.tells([Began(1, 1), Began(1, 2)]).await;
    world.tells_again(2, true).await;
    world.tells_again(1, false).await;
    for number in [1, 2, 3, 4] {
        world.tells([Began(2, number), Handled(number)]).await;
    }
    assert_eq!(world.port.room(), 2);
    world.end().await;
}

/// Blocks when it is told that its message is lost.
struct Slow(Block);
impl Outcome<Order> for Slow {
    fn handled(self, (): ()) {}
    fn lost(self, _: Loss) {
        self.0.block();
    }
}

#[tokio::test]
async fn supervision_04_nothing_passes_what_is_to_come_again_when_a_thread_is_given_up() {
    let mut world = World::new(8).await;
    let (hold, let_go, holds) = block();
    world.push_as(0, Deed::Owe, VecDeque::new(), true);
    world.push(1, Deed::Owe, [Deed::Answer]);
    world.push(2, Deed::HoldAndPanic(hold), [Deed::Answer]);
    world.push(3, Deed::Answer, []);
    // News come late: somebody is slow to hear of what its port had.
    let other = Child::new("other", || Worker {
        generation: 1,
        told: unbounded_channel().0,
        owed: Vec::new(),
    });
    let (slow, release, blocks) = block();
    let (hold_other, let_go_other, other_holds) = block();
    let other = other.placement(Placement::pin(0));
    let port = other.reference().port::<Order, Slow>(1);
    let order = |deed| Order { number: 0, deed };
    let pushed = port.push(order(Deed::Hold(hold_other)), Slow(slow));
    assert!(pushed.is_ok());
    in_time(world.node.spawn(other)).await.unwrap();
    in_time(other_holds).await.unwrap();
    world.node.kill("other").await.unwrap();
    in_time(blocks).await.unwrap();

    world.begin().await;
    in_time(holds).await.unwrap();
    world.tells([0, 1, 2].map(|number| Began(1, number))).await;
    world.node.kill("worker").await.unwrap();
    // Its successor is at work and has looked at the port.
    for _ in 0..4 {
        assert_eq!(in_time(world.worker.send(Which)).await.unwrap(), 2);
    }
    world.push(4, Deed::Answer, []);
    assert_eq!(in_time(world.worker.send(Which)).await.unwrap(), 2);
    assert!(world.told.is_empty(), "{:?}", world.told.recv().await);
    drop(release);
    world.tells_again(1, false).await;
    world.tells_again(2, false).await;
    let mut all = Vec::new();
    for _ in 0..9 {
        all.push(world.told().await);
    }
    // One that panics when it is asked is lost, and holds nobody up.
    let is_lost = |told: &mut Told| matches!(told, Lost(0, Loss::Crashed(_)));
    assert_eq!(all.extract_if(.., is_lost).count(), 1);
    let rest = [1, 2, 3, 4].map(|number| [Began(2, number), Handled(number)]);
    assert_eq!(all, rest.into_iter().flatten().collect::<Vec<_>>());
    // What comes back of the old one was told.
    drop((let_go, let_go_other));
    world.end().await;
}

#[tokio::test]
async fn what_is_to_come_again_is_lost_with_its_port() {
    let mut world = World::new(8).await;
    world.child = world.child.map(|child| child.restart(Restart::Temporary));
    world.push(1, Deed::Owe, [Deed::Answer]);
    world.push(2, Deed::Panic, [Deed::Answer]);
    world.push(3, Deed::Answer, [Deed::Answer]);
    world.begin().await;
    world.tells([Began(1, 1), Began(1, 2)]).await;
    world.tells_again(2, true).await;
    world.tells_again(1, false).await;
    for wanted in [1, 2, 3] {
        let lost = world.told().await;
        let is_wanted = |told: &Told| matches!(told, Lost(number, Loss::Stopped(Exit::Panicked(_))) if *number == wanted);
        assert!(is_wanted(&lost), "{lost:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn what_is_in_hand_when_the_last_generation_is_given_up_is_told_that_none_follows() {
    let mut world = World::new(8).await;
    world.child = world.child.map(|child| child.restart(Restart::Temporary));
    let (hold, let_go, holds) = block();
    world.push(1, Deed::Hold(hold), [Deed::Answer]);
    world.push(2, Deed::Answer, [Deed::Answer]);
    world.begin().await;
    in_time(holds).await.unwrap();
    world.tells([Began(1, 1)]).await;
    world.node.kill("worker").await.unwrap();
    world.tells_again(1, false).await;
    for wanted in [1, 2] {
        let lost = world.told().await;
        let is_wanted =
            |told: &Told| matches!(told, Lost(number, Loss::Stopped(_)) if *number == wanted);
        assert!(is_wanted(&lost), "{lost:?}");
    }
    drop(let_go);
    world.end().await;
}

struct Stock {
    generation: u64,
    told: UnboundedSender<Told>,
}

impl Actor for Stock {
    type Context = actix::Context<Self>;
}

impl Handler<Order> for Stock {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, order: Order, _: &mut Self::Context) -> Self::Result {
        let began = Told::Began(self.generation, order.number);
        self.told.send(began).ok();
        match order.deed {
            Deed::Answer => Box::pin(ready(()).into_actor(self)),
            Deed::Owe => Box::pin(pending().into_actor(self)),
            _ => panic!("an order"),
        }
    }
}

#[tokio::test]
async fn what_a_stock_actor_had_in_hand_comes_again_in_its_place() {
    let node = Node::builder("test").start().await.unwrap();
    let (told, mut tell) = unbounded_channel();
    let (generations, teller) = (AtomicU64::new(0), told.clone());
    let child = Child::new("stock", move || Stock {
        generation: generations.fetch_add(1, SeqCst) + 1,
        told: teller.clone(),
    });
    let port = child.reference().port::<Order, Tries>(8);
    for (number, deed) in [(1, Deed::Owe), (2, Deed::Panic), (3, Deed::Answer)] {
        let tries = Tries {
            number,
            deeds: VecDeque::from([Deed::Answer]),
            panics: false,
            told: told.clone(),
        };
        assert!(port.push(Order { number, deed }, tries).is_ok());
    }
    in_time(node.spawn(child)).await.unwrap();
    let mut all = Vec::new();
    while all.iter().filter(|told| matches!(told, Handled(_))).count() < 3 {
        all.push(in_time(tell.recv()).await.unwrap());
    }
    assert!(matches!(all[2], Again(2, Loss::Panicked(_))), "{all:?}");
    assert!(matches!(all[3], Again(1, Loss::Crashed(_))), "{all:?}");
    let began = all.iter().filter_map(|told| match told {
        Began(generation, number) => Some((*generation, *number)),
        _ => None,
    });
    let began: Vec<_> = began.collect();
    assert_eq!(began, [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]);
    in_time(node.stop()).await.unwrap();
}
