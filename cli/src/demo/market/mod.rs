//! The tree of the demonstration: a price service and its clients, a tick publisher and its
//! subscribers, an order pipeline.

mod books;
mod followed;
mod numbers;
mod orders;
mod published;
mod questions;
mod quotes;
mod ticks;
mod trader;

use std::time::Duration;

use tempfile::TempDir;
use treewire::prelude::*;
use treewire::{Intensity, PubSocket, PushSocket};

use crate::ending::Ending;
use books::Books;
pub(super) use books::Totals;
pub(super) use numbers::Numbers;
pub(super) use published::Published;
pub(super) use questions::Questions;

/// Threads of the market: for the price service, for those who ask and watch, for the orders.
pub(super) const THREADS: usize = 3;
const SERVICE: usize = 1;
const CLIENTS: usize = 2;
const ORDERS: usize = 3;

/// Restarts that a supervisor bears. Kills do not count, stumbles do.
const BORNE: Intensity = Intensity::new(10, Duration::from_secs(5));

pub(super) struct Market {
    books: Books,
    orders_out: PushSocket,
    ticks_out: PubSocket,
    stumbling: Vec<(String, Recipient<Stumble>)>,
    /// Where its sockets that are files lie; removed with it.
    directory: TempDir,
}

/// Makes whoever handles it panic.
pub(super) struct Stumble;

impl Message for Stumble {
    type Result = ();
}

impl Market {
    pub(super) async fn open(node: &Node) -> Result<Self, Ending> {
        let directory = tempfile::Builder::new().prefix("treewire-").tempdir();
        let directory = directory
            .map_err(|error| Ending::Failed(format!("there is no temporary directory: {error}")))?;
        let books = Books::default();
        let mut stumbling = Vec::new();
        let prices = quotes::prices();
        stumbling.push(("prices/engine/quotes".to_owned(), prices.quotes.recipient()));
        let on = Placement::pin;
        node.spawn(prices.supervisor.placement(on(SERVICE))).await?;
        let endpoint = prices.socket.endpoints()[0].to_string();
        let traders = trader::traders(&endpoint, &books);
        node.spawn(traders.placement(on(CLIENTS))).await?;
        let (publisher, ticks_out) = ticks::publisher(&books);
        node.spawn(publisher.placement(on(SERVICE))).await?;
        let endpoint = ticks_out.endpoints()[0].to_string();
        let watchers = ticks::watchers(&endpoint, &books);
        node.spawn(watchers.placement(on(CLIENTS))).await?;
        let pipeline = orders::pipeline(directory.path(), &books);
        for (number, filler) in pipeline.fillers.iter().enumerate() {
            let path = format!("orders/worker-{}/filler", number + 1);
            stumbling.push((path, filler.recipient()));
        }
        node.spawn(pipeline.supervisor.placement(on(ORDERS)))
            .await?;
        // What is published before they are there is not for them.
        ticks_out.ready(ticks::WATCHERS.len()).await;
        books.set_trading(true);
        Ok(Market {
            books,
            orders_out: pipeline.out,
            ticks_out,
            stumbling,
            directory,
        })
    }

    /// A text without the length of its temporary paths.
    pub(super) fn shortened(&self, text: &str) -> String {
        text.replace(&*self.directory.path().to_string_lossy(), "…")
    }

    /// The paths of the actors that know how to stumble.
    pub(super) fn stumbling(&self) -> impl Iterator<Item = &str> {
        self.stumbling.iter().map(|(path, _)| path.as_str())
    }

    /// Makes the actor at `path` panic.
    pub(super) fn stumble(&self, path: &str) {
        let found = self.stumbling.iter().find(|(other, _)| other == path);
        if let Some((_, actor)) = found {
            actor.do_send(Stumble);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        self.books.totals()
    }

    /// The actor at `path` was given up with its thread: what it had in hand is handled again,
    /// or, if that was a tick, lost.
    pub(super) fn give_up(&self, path: &str) {
        for worker in 1..=orders::WORKERS {
            if path == format!("orders/worker-{worker}/filler") {
                self.books.orders().give_up(worker);
            }
        }
        for (watcher, (name, ..)) in ticks::WATCHERS.iter().enumerate() {
            if path == format!("watchers/{name}/screen") {
                self.books.ticks().give_up(watcher);
            }
        }
    }

    /// Nothing new is sent any more.
    pub(super) fn close(&self) {
        self.books.set_trading(false);
    }

    /// Waits until everything that was sent has its end.
    pub(super) async fn settle(&self) {
        self.orders_out.drain().await;
        self.ticks_out.drain().await;
        while self.books.questions().open() > 0 || self.books.ticks().open() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
