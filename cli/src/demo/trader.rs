//! A client: an actor with a socket of its own below it.

use std::time::Duration;

use treewire::prelude::*;
use treewire::{Remote, RemoteError};

use super::quotes::{GetQuote, POISON, Quote, SYMBOLS};
use super::tally::Tally;

/// 200 a second.
const PACE: Duration = Duration::from_millis(5);

/// Longer than any reconnection takes.
const DEADLINE: Duration = Duration::from_secs(5);

pub(super) struct Trader {
    endpoint: String,
    quotes: Option<Remote<GetQuote>>,
    asking: bool,
    tally: Tally,
}

impl Trader {
    pub(super) fn new(endpoint: String) -> Self {
        Trader {
            endpoint,
            quotes: None,
            asking: true,
            tally: Tally::default(),
        }
    }

    fn ask(&mut self, symbol: &str, context: &mut Context<Self>) {
        let Some(quotes) = &self.quotes else { return };
        let ask = quotes.send(GetQuote {
            symbol: symbol.to_owned(),
        });
        // Every other one may be sent twice; the poison had better not.
        let is_idempotent = self.tally.asked() % 2 == 1 && symbol != POISON;
        let ask = if is_idempotent { ask.idempotent() } else { ask };
        self.tally.ask();
        let answer = async move { ask.await };
        context.spawn(
            answer
                .into_actor(self)
                .map(|answer, trader, _| match answer {
                    Ok(Quote { price: 1.. }) => trader.tally.answer(),
                    Ok(_) => trader.tally.fail("wrong answer"),
                    Err(error) => trader.tally.fail(reason(&error)),
                }),
        );
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

impl Actor for Trader {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let socket = Req::new("market").dial(&self.endpoint).deadline(DEADLINE);
        self.quotes = Some(context.spawn_child(socket).into_handle().remote());
        context.run_interval(PACE, |trader, context| {
            if trader.asking {
                let turn = trader.tally.asked() as usize % SYMBOLS.len();
                trader.ask(SYMBOLS[turn], context);
            }
        });
    }
}

/// Ask for what makes the service panic.
pub(super) struct AskForPoison;

impl Message for AskForPoison {
    type Result = ();
}

impl Handler<AskForPoison> for Trader {
    type Result = ();

    fn handle(&mut self, _: AskForPoison, context: &mut Context<Self>) {
        self.ask(POISON, context);
    }
}

/// Ask no more, and say what there was until now.
pub(super) struct Finish;

impl Message for Finish {
    type Result = Tally;
}

impl Handler<Finish> for Trader {
    type Result = MessageResult<Finish>;

    fn handle(&mut self, _: Finish, _: &mut Context<Self>) -> MessageResult<Finish> {
        self.asking = false;
        MessageResult(self.tally.clone())
    }
}
