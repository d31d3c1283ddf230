//! The service: what may be asked, and who answers.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "market.GetQuote", reply = Quote)]
pub(super) struct GetQuote {
    pub(super) symbol: String,
}

#[derive(Serialize, Deserialize, WireType)]
pub(super) struct Quote {
    pub(super) price: u64,
}

/// Quotes that a trader may ask for.
pub(super) const SYMBOLS: [&str; 3] = ["ACME", "INITECH", "HOOLI"];

/// The symbol for which the service panics.
pub(super) const POISON: &str = "ENRON";

/// How long a quote takes, so that some are always under way when things break.
const THINKING: Duration = Duration::from_millis(10);

pub(super) struct Quotes;

impl Actor for Quotes {
    type Context = Context<Self>;
}

impl Handler<GetQuote> for Quotes {
    type Result = ResponseActFuture<Self, Quote>;

    fn handle(&mut self, ask: GetQuote, _: &mut Context<Self>) -> Self::Result {
        assert!(ask.symbol != POISON, "there is no quote for {POISON}");
        let price = 100 * ask.symbol.len() as u64;
        let thinking = tokio::time::sleep(THINKING).into_actor(self);
        Box::pin(thinking.map(move |(), _, _| Quote { price }))
    }
}
