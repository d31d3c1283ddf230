//! The price service: what may be asked, who answers, and where the prices come from.

use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use treewire::RepSocket;
use treewire::prelude::*;

use super::{BORNE, Stumble};

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "market.GetQuote", reply = Quote)]
pub(super) struct GetQuote {
    pub(super) symbol: String,
}

#[derive(Serialize, Deserialize, WireType)]
pub(super) struct Quote {
    /// In cents; never 0.
    pub(super) price: u64,
}

/// What is traded.
pub(super) const SYMBOLS: [&str; 3] = ["ACME", "INITECH", "HOOLI"];

/// Prices at which the market opens, in cents.
const OPENING: [u64; SYMBOLS.len()] = [10_000; SYMBOLS.len()];

/// How often prices move.
const MOVES: Duration = Duration::from_millis(20);

/// How long a quote takes, so that some are always under way when things break.
const THINKING: Duration = Duration::from_millis(2);

/// The service, and how to reach it.
pub(super) struct Prices {
    pub(super) supervisor: Supervisor,
    pub(super) socket: RepSocket,
    pub(super) quotes: Ref<Quotes>,
}

/// The socket and the engine need nothing of each other when they start. Within the engine
/// quotes are copies of what the feed has, so they do not outlive it.
pub(super) fn prices() -> Prices {
    let quotes = Child::new("quotes", Quotes::default);
    let answering = quotes.reference();
    let told = quotes.reference();
    let feed = Child::new("feed", move || Feed::new(told.clone()));
    let socket = Rep::new("quotes-in").listen("tcp://127.0.0.1:0");
    let (listed, socket) = socket.serve::<GetQuote>(&answering).into_spec();
    let engine = Supervisor::new("engine").strategy(RestForOne);
    let engine = engine.intensity(BORNE).child(feed).child(quotes);
    let supervisor = Supervisor::new("prices").intensity(BORNE);
    Prices {
        supervisor: supervisor.child(engine).child(listed),
        socket,
        quotes: answering,
    }
}

/// A price of the feed.
struct Moved {
    symbol: usize,
    price: u64,
}

impl Message for Moved {
    type Result = ();
}

struct Feed {
    prices: [u64; SYMBOLS.len()],
    chance: Rng,
    quotes: Ref<Quotes>,
}

impl Feed {
    fn new(quotes: Ref<Quotes>) -> Self {
        Feed {
            prices: OPENING,
            chance: Rng::new(),
            quotes,
        }
    }
}

impl Actor for Feed {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.run_interval(MOVES, |feed, _| {
            let symbol = feed.chance.usize(..SYMBOLS.len());
            let price = feed.prices[symbol].saturating_add_signed(feed.chance.i64(-50..=50));
            feed.prices[symbol] = price.max(1);
            let price = feed.prices[symbol];
            feed.quotes.do_send(Moved { symbol, price });
        });
    }
}

pub(super) struct Quotes {
    prices: [u64; SYMBOLS.len()],
}

impl Default for Quotes {
    fn default() -> Self {
        Quotes { prices: OPENING }
    }
}

impl Actor for Quotes {
    type Context = Context<Self>;
}

impl Handler<Moved> for Quotes {
    type Result = ();

    fn handle(&mut self, Moved { symbol, price }: Moved, _: &mut Context<Self>) {
        self.prices[symbol] = price;
    }
}

impl Handler<GetQuote> for Quotes {
    type Result = ResponseActFuture<Self, Quote>;

    fn handle(&mut self, ask: GetQuote, _: &mut Context<Self>) -> Self::Result {
        let thinking = tokio::time::sleep(THINKING).into_actor(self);
        Box::pin(thinking.map(move |(), quotes, _| {
            let known = SYMBOLS.iter().position(|symbol| *symbol == ask.symbol);
            let price = known.map_or(0, |symbol| quotes.prices[symbol]);
            Quote { price }
        }))
    }
}

impl Handler<Stumble> for Quotes {
    type Result = ();

    fn handle(&mut self, _: Stumble, _: &mut Context<Self>) {
        panic!("the quotes stumbled");
    }
}
