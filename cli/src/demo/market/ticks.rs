//! Ticks: a publisher, and subscribers that want different ones of them.

use std::time::Duration;

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{PubSocket, SocketEvent, SubSocket};

use super::BORNE;
use super::books::Books;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "market.Tick", reply = ())]
struct Tick {
    number: u64,
    cents: u64,
}

/// What is published, in turn.
pub(super) const TOPICS: [&str; 4] = ["fx.eurusd", "stock.acme", "stock.initech", "stock.hooli"];

/// Who subscribes, to what, and which of the topics that is.
pub(super) const WATCHERS: [(&str, &str, [bool; TOPICS.len()]); 3] = [
    ("everything", ">", [true; TOPICS.len()]),
    ("stocks", "stock.*", [false, true, true, true]),
    ("rates", "fx.eurusd", [true, false, false, false]),
];

/// 400 ticks a second.
const PACE: Duration = Duration::from_millis(10);
const TICKS_A_TURN: usize = 4;

const OPENING_CENTS: u64 = 10_000;

/// Publishes. What it numbered is in the books, so it comes back alone.
pub(super) fn publisher(books: &Books) -> (Supervisor, PubSocket) {
    let (listed, out) = Pub::new("ticks-out")
        .listen("tcp://127.0.0.1:0")
        .into_spec();
    let ticker = Child::new("ticker", {
        let (out, books) = (out.clone(), books.clone());
        move || Ticker {
            out: out.clone(),
            books: books.clone(),
        }
    });
    let publisher = Supervisor::new("ticks").intensity(BORNE);
    (publisher.child(listed).child(ticker), out)
}

/// Watch. A socket hands what it gets to a screen, so it starts after it and anew with it.
pub(super) fn watchers(endpoint: &str, books: &Books) -> Supervisor {
    let watchers = Supervisor::new("watchers").intensity(BORNE);
    (0..)
        .zip(WATCHERS)
        .fold(watchers, |watchers, (index, (name, pattern, _))| {
            let books = books.clone();
            let screen = Child::new("screen", {
                let books = books.clone();
                move || Screen {
                    watcher: index,
                    books: books.clone(),
                }
            });
            let socket = Sub::new("ticks-in").dial(endpoint).subscribe(pattern);
            let (listed, socket) = socket.deliver::<Tick>(&screen.reference()).into_spec();
            treewire::actix::spawn(hear(socket, index, books));
            let watcher = Supervisor::new(name).strategy(RestForOne).intensity(BORNE);
            watchers.child(watcher.child(screen).child(listed))
        })
}

/// Notes what a subscriber is told it missed.
async fn hear(socket: SubSocket, watcher: usize, books: Books) {
    let mut events = socket.events();
    while let Some(event) = events.next().await {
        if let SocketEvent::Missed { from, to, .. } = event {
            books.ticks().tell_missed(watcher, from, to);
        }
    }
}

struct Ticker {
    out: PubSocket,
    books: Books,
}

impl Ticker {
    /// `false` if the socket takes nothing for now.
    fn publish_next(&mut self) -> bool {
        // One step, as for orders.
        let mut ticks = self.books.ticks();
        let number = ticks.next();
        let topic = TOPICS[number as usize % TOPICS.len()];
        let cents = OPENING_CENTS + number % 100;
        // A call that is dropped has not sent the message.
        let published = self
            .out
            .publish(topic, &Tick { number, cents })
            .now_or_never();
        let is_taken = matches!(published, Some(Ok(())));
        if is_taken {
            ticks.publish();
        }
        is_taken
    }
}

impl Actor for Ticker {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(PACE, |ticker, _| {
            for _ in 0..TICKS_A_TURN {
                if !ticker.books.is_trading() || !ticker.publish_next() {
                    return;
                }
            }
        });
    }
}

struct Screen {
    watcher: usize,
    books: Books,
}

impl Actor for Screen {
    type Context = Context<Self>;
}

impl Handler<Tick> for Screen {
    type Result = ();

    fn handle(&mut self, tick: Tick, _: &mut Context<Self>) {
        self.books.ticks().receive(self.watcher, tick.number);
    }
}
