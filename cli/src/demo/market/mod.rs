//! The tree of the demonstration: a price service and its clients, an order pipeline.

mod books;
mod numbers;
mod orders;
mod questions;
mod quotes;
mod trader;

use std::time::Duration;

use tempfile::TempDir;
use treewire::prelude::*;
use treewire::{Intensity, PushSocket};

use crate::ending::Ending;
use books::Books;
pub(super) use books::Totals;
pub(super) use numbers::Numbers;
pub(super) use questions::Questions;

/// Restarts that a supervisor bears. Kills do not count, stumbles do.
const BORNE: Intensity = Intensity::new(10, Duration::from_secs(5));

pub(super) struct Market {
    books: Books,
    orders_out: PushSocket,
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
        node.spawn(prices.supervisor).await?;
        let endpoint = prices.socket.endpoints()[0].to_string();
        node.spawn(trader::traders(&endpoint, &books)).await?;
        let pipeline = orders::pipeline(directory.path(), &books);
        for (number, filler) in pipeline.fillers.iter().enumerate() {
            let path = format!("orders/worker-{}/filler", number + 1);
            stumbling.push((path, filler.recipient()));
        }
        node.spawn(pipeline.supervisor).await?;
        Ok(Market {
            books,
            orders_out: pipeline.out,
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

    /// Nothing new is sent any more.
    pub(super) fn close(&self) {
        self.books.close();
    }

    /// Waits until everything that was sent has its end.
    pub(super) async fn settle(&self) {
        self.orders_out.drain().await;
        while self.books.questions().open() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
