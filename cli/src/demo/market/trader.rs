//! The clients of the price service: actors with a socket of their own below them.

use std::time::Duration;

use treewire::prelude::*;
use treewire::{Remote, RemoteError};

use super::BORNE;
use super::books::Books;
use super::questions::Question;
use super::quotes::{GetQuote, Quote, SYMBOLS};

const TRADERS: usize = 3;

/// 200 a second.
const PACE: Duration = Duration::from_millis(5);

/// How long one attempt waits.
const DEADLINE: Duration = Duration::from_secs(2);

/// How often a question is asked at most.
const ATTEMPTS: usize = 8;

/// Before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a question whose trader was killed is not answered.
const DIED: &str = "died with their trader";

/// They have nothing to do with each other.
pub(super) fn traders(endpoint: &str, books: &Books) -> Supervisor {
    let traders = Supervisor::new("traders").intensity(BORNE);
    (1..=TRADERS).fold(traders, |traders, number| {
        let (endpoint, books) = (endpoint.to_owned(), books.clone());
        traders.child(Child::new(format!("trader-{number}"), move || Trader {
            number,
            endpoint: endpoint.clone(),
            books: books.clone(),
            quotes: None,
            turn: 0,
        }))
    })
}

struct Trader {
    number: usize,
    endpoint: String,
    books: Books,
    quotes: Option<Remote<GetQuote>>,
    turn: usize,
}

impl Trader {
    fn ask(&mut self, context: &mut Context<Self>) {
        let Some(quotes) = self.quotes.clone() else {
            return;
        };
        self.turn += 1;
        let symbol = SYMBOLS[self.turn % SYMBOLS.len()];
        let asking = Asking {
            question: self.books.questions().ask(self.number),
            books: self.books.clone(),
            ended: false,
        };
        context.spawn(asking.ask(quotes, symbol).into_actor(self));
    }
}

impl Actor for Trader {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        self.books.questions().begin_anew(self.number, DIED);
        let socket = Req::new("market").dial(&self.endpoint).deadline(DEADLINE);
        self.quotes = Some(context.spawn_child(socket).into_handle().remote());
        context.run_interval(PACE, |trader, context| {
            if trader.books.is_trading() {
                trader.ask(context);
            }
        });
    }
}

/// A question that is being asked; it has one end, also when its trader is killed.
struct Asking {
    question: Question,
    books: Books,
    ended: bool,
}

impl Asking {
    /// To ask for a price twice harms nobody.
    async fn ask(mut self, quotes: Remote<GetQuote>, symbol: &str) {
        let mut attempt = 1;
        loop {
            let symbol = symbol.to_owned();
            match quotes.send(GetQuote { symbol }).await {
                Ok(Quote { price: 1.. }) => return self.answered(),
                Ok(_) => return self.failed("answered wrongly"),
                Err(error) if attempt == ATTEMPTS => return self.failed(reason(&error)),
                Err(_) => attempt += 1,
            }
            tokio::time::sleep(PAUSE).await;
            self.books.questions().ask_again();
        }
    }

    fn answered(&mut self) {
        self.ended = true;
        self.books.questions().answer(self.question);
    }

    fn failed(&mut self, reason: &'static str) {
        self.ended = true;
        self.books.questions().fail(self.question, reason);
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if !self.ended {
            self.failed(DIED);
        }
    }
}

fn reason(error: &RemoteError<GetQuote>) -> &'static str {
    match error {
        RemoteError::PeerGone => "the peer is gone",
        RemoteError::LostInCrash(_) => "lost in a crash",
        RemoteError::TimedOut => "timed out",
        RemoteError::NotSent { .. } => "not sent",
        RemoteError::HandlerFailed(_) => "the handler failed",
        RemoteError::Stopped(_) => "the service has stopped",
        RemoteError::Closed => "the socket has closed",
        _ => "refused by the peer",
    }
}
