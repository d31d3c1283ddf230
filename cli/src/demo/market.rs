//! The tree of the demonstration.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use treewire::{Child, Node, Ref, Rep};

use super::quotes::{GetQuote, Quotes};
use super::tally::Tally;
use super::trader::{AskForPoison, Finish, Trader};
use crate::ending::Ending;

pub(super) struct Market {
    traders: Vec<Ref<Trader>>,
}

const TRADERS: usize = 3;

/// How long the last answers may take.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

impl Market {
    pub(super) async fn open(node: &Node) -> Result<Self, Ending> {
        let quotes = node.spawn(Child::new("quotes", || Quotes)).await?;
        let socket = Rep::new("quotes-in").listen("tcp://127.0.0.1:0");
        let socket = node.spawn(socket.serve::<GetQuote>(&quotes)).await?;
        let mut traders = Vec::new();
        for number in 1..=TRADERS {
            let endpoint = socket.endpoints()[0].to_string();
            let name = format!("trader-{number}");
            let trader = Child::new(name, move || Trader::new(endpoint.clone()));
            traders.push(node.spawn(trader).await?);
        }
        Ok(Market { traders })
    }

    /// The path of the first trader's connection.
    pub(super) async fn a_connection(&self, node: &Node) -> Result<String, Ending> {
        let tree = node.snapshot().await?;
        let connection = tree
            .walk()
            .find(|child| child.kind == "connection" && child.path.starts_with("trader-1/"));
        match connection {
            Some(child) => Ok(child.path.clone()),
            None => Err(Ending::failed("the first trader is not connected")),
        }
    }

    pub(super) async fn ask_for_poison(&self) -> Result<(), Ending> {
        let asked = self.traders[0].send(AskForPoison).await;
        asked.map_err(|error| Ending::failed(error.to_string()))
    }

    /// Ends the trade, and waits for the answers that are still to come.
    pub(super) async fn close(&self) -> Result<Tally, Ending> {
        let deadline = Instant::now() + LAST_ANSWERS;
        loop {
            let mut tally = Tally::default();
            for trader in &self.traders {
                let finished = trader.send(Finish).await;
                tally.add(finished.map_err(|error| Ending::failed(error.to_string()))?);
            }
            if tally.adds_up() || Instant::now() >= deadline {
                return Ok(tally);
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
}
