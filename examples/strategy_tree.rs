//! A tree of your own, with a strategy for each branch:
//!
//! ```sh
//! cargo run --example strategy_tree
//! ```
//!
//! ```text
//! orders            rest for one: who comes later depends on who came before
//! ├─ journal        remembers every order
//! ├─ books          one for all: two sides that must agree
//! │  ├─ bids
//! │  └─ offers
//! └─ intake         takes orders in
//! ```

use treewire::Ref;
use treewire::prelude::*;
use treewire::runtime::{EventKind, Events};

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Bid,
    Offer,
}

#[derive(Clone, Copy)]
struct Order {
    side: Side,
    quantity: u32,
}

impl Message for Order {
    type Result = ();
}

/// What a file would be: it outlives the actor that writes it.
type Paper = std::sync::Arc<std::sync::Mutex<Vec<Order>>>;

fn read(paper: &Paper) -> Vec<Order> {
    paper
        .lock()
        .map(|orders| orders.clone())
        .unwrap_or_default()
}

struct Journal(Paper);

impl Actor for Journal {
    type Context = Context<Self>;
}

impl Handler<Order> for Journal {
    type Result = ();
    fn handle(&mut self, order: Order, _: &mut Context<Self>) {
        if let Ok(mut orders) = self.0.lock() {
            orders.push(order);
        }
    }
}

/// One side of the market; it reads the journal when it is made.
struct Book {
    total: u32,
}

impl Book {
    fn from_journal(side: Side, paper: &Paper) -> Self {
        let orders = read(paper);
        let mine = orders.iter().filter(|order| order.side == side);
        Book {
            total: mine.map(|order| order.quantity).sum(),
        }
    }
}

impl Actor for Book {
    type Context = Context<Self>;
}

impl Handler<Order> for Book {
    type Result = ();
    fn handle(&mut self, order: Order, _: &mut Context<Self>) {
        assert!(order.quantity < 1_000, "{} is too much", order.quantity);
        self.total += order.quantity;
    }
}

struct Total;

impl Message for Total {
    type Result = u32;
}

impl Handler<Total> for Book {
    type Result = u32;
    fn handle(&mut self, _: Total, _: &mut Context<Self>) -> u32 {
        self.total
    }
}

struct Intake {
    journal: Ref<Journal>,
    bids: Ref<Book>,
    offers: Ref<Book>,
}

impl Actor for Intake {
    type Context = Context<Self>;
}

impl Handler<Order> for Intake {
    type Result = ();
    fn handle(&mut self, order: Order, _: &mut Context<Self>) {
        // What cannot be booked is not written down either.
        if order.quantity < 1_000 {
            self.journal.do_send(order);
        }
        match order.side {
            Side::Bid => self.bids.do_send(order),
            Side::Offer => self.offers.do_send(order),
        }
    }
}

/// Prints what happens until `path` has started once more; who started, in order.
async fn until_started(events: &mut Events, path: &str) -> Vec<String> {
    let mut started = Vec::new();
    while let Some(event) = events.next().await {
        println!("  {event}");
        if event.kind == EventKind::Started {
            started.push(event.path);
            if started.last().is_some_and(|last| last == path) {
                break;
            }
        }
    }
    started
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let paper = Paper::default();
    let journal = Child::new("journal", {
        let paper = paper.clone();
        move || Journal(paper.clone())
    });
    let book = |name, side| {
        let paper = paper.clone();
        Child::new(name, move || Book::from_journal(side, &paper))
    };
    let (bids, offers) = (book("bids", Side::Bid), book("offers", Side::Offer));
    // References are good before anything runs, so that children can be told of each other.
    let (bid_book, offer_book) = (bids.reference(), offers.reference());
    let intake = Child::new("intake", {
        let (journal, bids, offers) = (journal.reference(), bid_book.clone(), offer_book.clone());
        move || Intake {
            journal: journal.clone(),
            bids: bids.clone(),
            offers: offers.clone(),
        }
    });
    let orders = intake.reference();

    let node = Node::builder("example").start().await?;
    let books = Supervisor::new("books").strategy(OneForAll);
    let tree = Supervisor::new("orders")
        .strategy(RestForOne)
        .child(journal)
        .child(books.child(bids).child(offers))
        .child(intake);
    node.spawn(tree).await?;
    let mut events = node.events();

    println!("two orders come in");
    let order = |side, quantity| Order { side, quantity };
    orders.send(order(Side::Bid, 30)).await?;
    orders.send(order(Side::Offer, 20)).await?;
    assert_eq!(bid_book.send(Total).await?, 30);
    assert_eq!(offer_book.send(Total).await?, 20);

    println!("one that no book can bear: both sides start again from the journal");
    orders.do_send(order(Side::Bid, 5_000));
    let started = until_started(&mut events, "orders/books/offers").await;
    assert_eq!(started, ["orders/books/bids", "orders/books/offers"]);
    assert_eq!(bid_book.send(Total).await?, 30);
    assert_eq!(offer_book.send(Total).await?, 20);

    println!("the journal is killed: whoever depends on it starts again");
    node.kill("orders/journal").await?;
    let started = until_started(&mut events, "orders/intake").await;
    assert_eq!(started.len(), 5, "{started:?}");
    orders.send(order(Side::Offer, 5)).await?;
    assert_eq!(offer_book.send(Total).await?, 25);

    println!("and all of it stops in reverse");
    node.stop().await?;
    Ok(())
}
