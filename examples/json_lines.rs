//! Lines of JSON from a program that knows nothing of Treewire, to a typed handler and back:
//!
//! ```sh
//! cargo run --example json_lines
//! ```
//!
//! The stranger is `nc` or, where that is not installed, Node's `net`; without either the example
//! opens a plain TCP connection itself, and says so.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "shop.Order", reply = Receipt)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Serialize, Deserialize, WireType)]
struct Receipt {
    item: String,
    total: u32,
}

struct Shop;

impl Actor for Shop {
    type Context = Context<Self>;
}

impl Handler<Order> for Shop {
    type Result = Receipt;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Receipt {
        Receipt {
            total: order.count * 3,
            item: order.item,
        }
    }
}

const ORDERS: &str = r#"{"item":"tea","count":2}
{"item":"a pot"}
{"count":4,"item":"cups"}
"#;

const ANSWERS: &str = r#"{"item":"tea","total":6}
error 3 cannot be decoded as json: missing field `count` at line 1 column 16
{"item":"cups","total":12}
"#;

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let node = Node::builder("shop").start().await?;
    let shop = node.spawn(Child::new("shop", || Shop)).await?;
    let orders = Rep::new("orders").listen("lines+tcp://127.0.0.1:0");
    let orders = orders.foreign_codec(Codec::Json).serve::<Order>(&shop);
    let orders = node.spawn(orders).await?;
    let endpoint = orders.endpoints()[0].to_string();
    let (_, port) = endpoint.rsplit_once(':').ok_or("an address has a port")?;
    let port = port.to_owned();

    let (stranger, answers) = tokio::task::spawn_blocking(move || talk(&port)).await??;
    println!("{stranger} said\n{ORDERS}and was answered\n{answers}");
    assert_eq!(answers, ANSWERS);
    node.stop().await?;
    Ok(())
}

/// Sends its input, ends its direction, and prints what it is answered.
const ON_NODES_NET: &str = r#"
const socket = require("node:net").connect({ port: process.argv[1], allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
"#;

/// Who spoke, and what it was answered.
fn talk(port: &str) -> std::io::Result<(&'static str, String)> {
    if let Some(answers) = program("nc", &["-N", "127.0.0.1", port])? {
        return Ok(("nc", answers));
    }
    if let Some(answers) = program("node", &["-e", ON_NODES_NET, port])? {
        return Ok(("a program on Node's net", answers));
    }
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    stream.write_all(ORDERS.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answers = String::new();
    stream.read_to_string(&mut answers)?;
    Ok((
        "a plain TCP connection (nc and node are not installed)",
        answers,
    ))
}

/// What a program that is given the orders prints; `None` if it is not there, or not of the kind
/// that is meant.
fn program(name: &str, arguments: &[&str]) -> std::io::Result<Option<String>> {
    let mut command = Command::new(name);
    let command = command.args(arguments).stderr(Stdio::null());
    let Ok(mut process) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        return Ok(None);
    };
    if let Some(mut input) = process.stdin.take() {
        // One that does not know its arguments has ended by now.
        let _ = input.write_all(ORDERS.as_bytes());
    }
    let output = process.wait_with_output()?;
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Some(answers).filter(|_| output.status.success()))
}
