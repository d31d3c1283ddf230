//! Typed request and reply between two processes:
//!
//! ```sh
//! cargo run --example request_reply
//! ```
//!
//! The example starts itself once more as the server, asks it, and stops it.

use std::io::{BufRead, BufReader};
use std::process::{Child as Process, Command, Stdio};

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "market.GetQuote", reply = Quote)]
struct GetQuote {
    symbol: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, WireType)]
struct Quote {
    price: u64,
}

struct Quotes;

impl Actor for Quotes {
    type Context = Context<Self>;
}

impl Handler<GetQuote> for Quotes {
    type Result = Quote;

    fn handle(&mut self, ask: GetQuote, _: &mut Context<Self>) -> Quote {
        Quote {
            price: 100 * ask.symbol.len() as u64,
        }
    }
}

/// What the server process is started with.
const SERVE: &str = "serve";

#[treewire::main]
async fn main() -> treewire::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some(SERVE) => serve().await,
        _ => ask().await,
    }
}

async fn serve() -> treewire::Result<()> {
    let node = Node::builder("server").start().await?;
    let quotes = node.spawn(Child::new("quotes", || Quotes)).await?;
    let socket = Rep::new("quotes-in").listen("tcp://127.0.0.1:0");
    let socket = node.spawn(socket.serve::<GetQuote>(&quotes)).await?;
    println!("{}", socket.endpoints()[0]);
    // It runs until its standard input ends, which is when the client lets go of it.
    let (ended, input_ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        ended.send(read)
    });
    input_ended.await??;
    node.stop().await?;
    Ok(())
}

async fn ask() -> treewire::Result<()> {
    let (mut server, endpoint) = start_server()?;
    println!("the server is process {} at {endpoint}", server.id());

    let node = Node::builder("client").start().await?;
    let market = node.spawn(Req::new("market").dial(endpoint)).await?;
    for (symbol, price) in [("ACME", 400), ("INITECH", 700), ("", 0)] {
        let ask = GetQuote {
            symbol: symbol.into(),
        };
        let quote = market.send(ask).await?;
        println!("{symbol:?} costs {}", quote.price);
        assert_eq!(quote, Quote { price });
    }
    node.stop().await?;

    drop(server.stdin.take());
    let status = server.wait()?;
    println!("the server stopped in order: {status}");
    assert!(status.success());
    Ok(())
}

/// The server, and where it listens.
fn start_server() -> treewire::Result<(Process, String)> {
    let mut server = Command::new(std::env::current_exe()?)
        .arg(SERVE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = server.stdout.take().ok_or("the server has no output")?;
    let mut endpoint = String::new();
    BufReader::new(stdout).read_line(&mut endpoint)?;
    Ok((server, endpoint.trim_end().to_owned()))
}
