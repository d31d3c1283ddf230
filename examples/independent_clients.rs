//! One server, many clients at once, and none waits for another: sockets composed of parts.
//!
//! ```sh
//! cargo run --example independent_clients
//! ```
//!
//! The desk receives from all and answers each message to where it came from, whenever the answer is
//! ready. One client's first question is never answered in time, one leaves in the middle, and the
//! others notice neither.

use std::time::Duration;

use futures_util::future::try_join_all;
use treewire::prelude::*;
use treewire::{ComposedSocket, Receiver, Sender, Socket};

const CLIENTS: u64 = 50;
const QUESTIONS: u64 = 40;

/// What takes longer than everybody has.
const RIDDLE: &str = "riddle";

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let server = Node::builder("server").start().await?;
    let desk = Socket::new("desk", "desk").sender(Sender::Source);
    let desk = desk.receiver(Receiver::All).listen("tcp://127.0.0.1:0");
    let desk = server.spawn(desk).await?;
    let endpoint = desk.endpoints()[0].to_string();
    let serving = actix::spawn(serve(desk.clone()));

    let clients = Node::builder("clients").start().await?;
    let slow = clients.spawn(client("slow", &endpoint)).await?;
    slow.send(RIDDLE).await?;
    let leaver = clients.spawn(client("leaver", &endpoint)).await?;
    leaver.send("1").await?;
    // It does not wait for its answer.
    let _ = leaver.close(Duration::ZERO).await;

    let busy = (1..=CLIENTS).map(|number| {
        let asked = clients.spawn(client(&format!("client {number}"), &endpoint));
        async move { ask(asked.await?, number).await }
    });
    let sums = try_join_all(busy).await?;
    for (number, sum) in (1..).zip(sums) {
        // Each has the squares of its own questions, and nobody else's.
        let expected: u64 = questions(number).map(|question| question * question).sum();
        assert_eq!(sum, expected, "client {number}");
    }
    println!("{CLIENTS} clients have {QUESTIONS} answers each, and each its own");
    assert!(slow.try_recv()?.is_none(), "nobody waited for the riddle");

    slow.send("7").await?;
    let answer = slow.recv().await?.ok_or("the socket closed")?;
    println!(
        "the slow one's next question is answered before its riddle: {:?}",
        answer.payload()
    );
    assert_eq!(*answer.payload(), "49");
    serving.abort();
    clients.stop().await?;
    server.stop().await?;
    Ok(())
}

/// Takes questions; each is answered by a task of its own.
async fn serve(desk: ComposedSocket) {
    while let Ok(Some(question)) = desk.recv().await {
        let desk = desk.clone();
        actix::spawn(async move {
            let text = String::from_utf8_lossy(question.payload()).into_owned();
            let Ok(number) = text.parse::<u64>() else {
                return tokio::time::sleep(Duration::from_secs(3_600)).await;
            };
            // Early ones overtake late ones.
            tokio::time::sleep(Duration::from_millis(number % 7)).await;
            let answer = (number * number).to_string();
            if desk.send_to(question.source(), answer).await.is_err() {
                println!("who asked for the square of {number} has left");
            }
        });
    }
}

fn client(name: &str, endpoint: &str) -> Socket {
    Socket::new(name, "desk").dial(endpoint)
}

fn questions(client: u64) -> impl Iterator<Item = u64> {
    client * 1_000..client * 1_000 + QUESTIONS
}

/// Asks everything at once; the sum of the answers.
async fn ask(socket: ComposedSocket, number: u64) -> treewire::Result<u64> {
    for question in questions(number) {
        socket.send(question.to_string()).await?;
    }
    let mut sum = 0;
    for _ in questions(number) {
        let answer = socket.recv().await?.ok_or("the socket closed")?;
        sum += std::str::from_utf8(answer.payload())?.parse::<u64>()?;
    }
    Ok(sum)
}
