//! A client that starts before its server. What it writes is queued, what it asks waits, and both go
//! through when the server comes, headers included, there and back:
//!
//! ```sh
//! cargo run --example client_first
//! ```

use std::net::TcpListener;

use treewire::prelude::*;

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let (writes, requests) = (free_endpoint()?, free_endpoint()?);

    let client = Node::builder("client").start().await?;
    let push = Push::new("writes").dial(&writes).delivery(Reliable);
    let push = client.spawn(push).await?;
    let req = Req::new("requests").dial(&requests).delivery(Reliable);
    let req = client.spawn(req).await?;
    for number in 1..=3 {
        let write =
            Content::new(format!("write {number}")).with_header("number", number.to_string());
        push.send(write).await?;
    }
    let question = Content::new("who is there?").with_header("language", "en");
    let asked = actix::spawn(async move { req.request(question).await });
    assert_eq!(push.peers(), 0);
    println!(
        "{} writes wait, and a request, for a server that is not there",
        push.unflushed()
    );

    let server = Node::builder("server").start().await?;
    let pull = Pull::new("writes").listen(&writes).delivery(Reliable);
    let pull = server.spawn(pull).await?;
    let rep = Rep::new("requests").listen(&requests).delivery(Reliable);
    let rep = server.spawn(rep).await?;
    println!("the server comes");
    for number in 1..=3 {
        let write = pull.recv().await?.ok_or("the socket closed")?;
        let header = header(&write, "number");
        println!("  it receives {:?}, header {header:?}", write.payload());
        assert_eq!(*write.payload(), &*format!("write {number}"));
        assert_eq!(header, number.to_string());
    }
    let request = rep.recv().await?.ok_or("the socket closed")?;
    let language = header(request.content(), "language");
    println!("  it is asked in {language:?}");
    request.reply(Content::new("the server").with_header("answered in", language));

    let answer = asked.await??;
    println!("the client is answered {:?}", answer.first());
    assert_eq!(*answer.first(), "the server");
    assert_eq!(header(&answer, "answered in"), "en");
    push.drain().await;
    client.stop().await?;
    server.stop().await?;
    Ok(())
}

fn header(content: &Content, name: &str) -> String {
    let value = content.headers().and_then(|headers| headers.get(name));
    let value = value.map(|value| String::from_utf8_lossy(value).into_owned());
    value.unwrap_or_default()
}

/// Where somebody can listen later.
fn free_endpoint() -> treewire::Result<String> {
    let free = TcpListener::bind("127.0.0.1:0")?;
    Ok(format!("tcp://{}", free.local_addr()?))
}
