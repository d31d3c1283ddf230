//! Sockets that stick to the node they began with: what a broken connection swallowed comes again,
//! once; another node at the same address is not mistaken for the first, and what that one did not
//! handle comes back.
//!
//! ```sh
//! cargo run --example sticky_sockets
//! ```
//!
//! The example starts itself once more as the server, and kills it as a crash would.

use std::io::{BufRead, BufReader};
use std::process::{Child as Process, Command, Stdio};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use treewire::prelude::*;
use treewire::{SessionEnd, SocketEvent};

/// What the server process is started with, before its endpoint.
const SERVE: &str = "serve";

/// The server has such messages in hand for ever.
const ENDLESS: &str = "endless";

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [serve, endpoint] if serve == SERVE => serve_at(endpoint).await,
        _ => play().await,
    }
}

/// Prints where it listens, and then each message that comes.
async fn serve_at(endpoint: &str) -> treewire::Result<()> {
    let node = Node::builder("server").start().await?;
    let pull = Pull::new("pull").listen(endpoint).delivery(Reliable);
    let pull = node.spawn(pull).await?;
    println!("{}", pull.endpoints()[0]);
    let mut in_hand = Vec::new();
    while let Some(message) = pull.recv().await? {
        println!("{}", String::from_utf8_lossy(message.payload()));
        if *message.payload() == ENDLESS {
            in_hand.push(message);
        }
    }
    Ok(())
}

async fn play() -> treewire::Result<()> {
    // The server takes a free port by itself.
    let mut server = Server::start("tcp://127.0.0.1:0")?;
    let endpoint = server.next_line().await?;
    println!("process {} serves at {endpoint}", server.process.id());

    let client = Node::builder("client").start().await?;
    let push = Push::new("push").dial(&endpoint).delivery(Reliable);
    let push = client.spawn(push).await?;
    let mut events = push.events();
    for number in 1..=10 {
        push.send(format!("message {number}")).await?;
        if number % 3 == 0 {
            kill_connection(&client).await?;
        }
    }
    for number in 1..=10 {
        assert_eq!(server.next_line().await?, format!("message {number}"));
    }
    push.drain().await;
    println!("ten messages came in order and once, over connections that were killed");

    push.send(ENDLESS).await?;
    assert_eq!(server.next_line().await?, ENDLESS);
    server.process.kill()?;
    server.process.wait()?;
    let mut other = Server::start(&endpoint)?;
    assert_eq!(other.next_line().await?, endpoint);
    println!(
        "the server was killed; process {} serves there now",
        other.process.id()
    );

    let undelivered = loop {
        let event = events.next().await.ok_or("the socket closed")?;
        if let SocketEvent::SessionEnded {
            end, undelivered, ..
        } = event
        {
            assert_eq!(end, SessionEnd::PeerReplaced);
            break undelivered;
        }
    };
    println!("the socket stays away from it, and gives back {undelivered:?}");
    assert_eq!(*undelivered, [Content::new(ENDLESS)]);
    let refused = push.send("more").await;
    assert!(refused.is_err_and(|error| error.is_peer_replaced()));

    // Whoever wants to talk to the other one opens a socket of its own.
    let push = Push::new("another").dial(&endpoint).delivery(Reliable);
    let push = client.spawn(push).await?;
    push.send("hello").await?;
    assert_eq!(other.next_line().await?, "hello");
    println!("another socket talks to it");
    push.drain().await;
    client.stop().await?;
    other.process.kill()?;
    other.process.wait()?;
    Ok(())
}

async fn kill_connection(node: &Node) -> treewire::Result<()> {
    let tree = node.snapshot().await?;
    let connection = tree.walk().find(|child| child.kind == "connection");
    if let Some(connection) = connection {
        // It may be gone by now.
        let _ = node.kill(&connection.path).await;
    }
    Ok(())
}

struct Server {
    process: Process,
    lines: UnboundedReceiver<String>,
}

impl Server {
    fn start(endpoint: &str) -> treewire::Result<Server> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, endpoint])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let (line, lines) = unbounded_channel();
        // Reading blocks, and the actors of this thread are not to wait for it.
        std::thread::spawn(move || {
            let read = BufReader::new(output).lines().map_while(Result::ok);
            read.for_each(|text| _ = line.send(text));
        });
        Ok(Server { process, lines })
    }

    async fn next_line(&mut self) -> treewire::Result<String> {
        Ok(self.lines.recv().await.ok_or("the server ended")?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
    }
}
