//! The order pipeline: a desk that numbers orders, and workers that fill each once.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{PushSocket, Ref};

use super::books::Books;
use super::numbers::Hand;
use super::quotes::SYMBOLS;
use super::{BORNE, Stumble};

/// As it stands on the wire.
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "market.Order", reply = ())]
struct Order {
    number: u64,
    symbol: String,
    quantity: u64,
}

pub(super) const WORKERS: usize = 3;

/// 1,000 orders a second.
const PACE: Duration = Duration::from_millis(10);
const ORDERS_A_TURN: usize = 10;

/// How long an order takes, so that some are always in hand when things break.
const FILLING: Duration = Duration::from_millis(2);

/// The pipeline, and how to reach it.
pub(super) struct Pipeline {
    pub(super) supervisor: Supervisor,
    pub(super) out: PushSocket,
    pub(super) fillers: Vec<Ref<Filler>>,
}

/// The desk's numbers are in the books and its messages in its socket, so whoever of them
/// fails comes back alone.
pub(super) fn pipeline(directory: &Path, books: &Books) -> Pipeline {
    let endpoint = format!("ipc://{}", directory.join("orders").display());
    let out = Push::new("orders-out").listen(&endpoint);
    let (listed, out) = out.delivery(Reliable).into_spec();
    let desk = Child::new("desk", {
        let (out, books) = (out.clone(), books.clone());
        move || Desk {
            out: out.clone(),
            books: books.clone(),
        }
    });
    let pipeline = Supervisor::new("orders").intensity(BORNE);
    let mut supervisor = pipeline.child(listed).child(desk);
    let mut fillers = Vec::new();
    for number in 1..=WORKERS {
        let (worker, filler) = worker(number, &endpoint, books);
        supervisor = supervisor.child(worker);
        fillers.push(filler);
    }
    Pipeline {
        supervisor,
        out,
        fillers,
    }
}

/// Both or none: a worker whose filler is away takes nothing in, and goes on where it was.
fn worker(number: usize, endpoint: &str, books: &Books) -> (Supervisor, Ref<Filler>) {
    let filler = Child::new("filler", {
        let books = books.clone();
        move || Filler {
            books: books.clone(),
            hand: books.orders().begin(number),
        }
    });
    let reference = filler.reference();
    let inbox = Pull::new("orders-in").dial(endpoint).delivery(Reliable);
    let inbox = inbox.deliver::<Order>(&reference);
    let worker = Supervisor::new(format!("worker-{number}")).strategy(OneForAll);
    let worker = worker.intensity(BORNE).child(filler).child(inbox);
    (worker, reference)
}

struct Desk {
    out: PushSocket,
    books: Books,
}

impl Desk {
    /// `false` if the socket takes no more for now.
    fn send_next(&mut self) -> bool {
        // To number an order and to send it is one step, also for a desk that was given up with
        // its thread and wakes up beside the next one.
        let mut orders = self.books.orders();
        let number = orders.next();
        let order = Order {
            number,
            symbol: SYMBOLS[number as usize % SYMBOLS.len()].to_owned(),
            quantity: 1 + number % 100,
        };
        let is_taken = self.out.try_tell(&order).is_ok();
        if is_taken {
            orders.send();
        }
        is_taken
    }
}

impl Actor for Desk {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(PACE, |desk, _| {
            for _ in 0..ORDERS_A_TURN {
                if !desk.books.is_trading() || !desk.send_next() {
                    return;
                }
            }
        });
    }
}

pub(super) struct Filler {
    books: Books,
    hand: Hand,
}

impl Actor for Filler {
    type Context = Context<Self>;
}

impl Handler<Order> for Filler {
    type Result = ResponseActFuture<Self, ()>;

    /// An order is filled when it is in the books; if its filler ends before, it comes again.
    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Self::Result {
        let filling = tokio::time::sleep(FILLING).into_actor(self);
        Box::pin(filling.map(move |(), filler, _| {
            filler.books.orders().receive(order.number, filler.hand);
        }))
    }
}

impl Handler<Stumble> for Filler {
    type Result = ();

    fn handle(&mut self, _: Stumble, _: &mut Context<Self>) {
        panic!("a filler stumbled");
    }
}
