//! A subscriber that stalls misses messages, learns exactly which, and fetches them from an archive
//! over a socket of its own:
//!
//! ```sh
//! cargo run --example missed_messages
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use treewire::SocketEvent;
use treewire::prelude::*;

const NEWS: u64 = 100;

/// Asks for some of the news again.
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "news.Fetch", reply = Vec<String>)]
struct Fetch {
    from: u64,
    to: u64,
}

/// Has everything that was published, in order.
#[derive(Default)]
struct Archive {
    news: Vec<String>,
}

impl Actor for Archive {
    type Context = Context<Self>;
}

struct Keep(String);

impl actix::Message for Keep {
    type Result = ();
}

impl Handler<Keep> for Archive {
    type Result = ();

    fn handle(&mut self, Keep(text): Keep, _: &mut Context<Self>) {
        self.news.push(text);
    }
}

impl Handler<Fetch> for Archive {
    type Result = MessageResult<Fetch>;

    fn handle(&mut self, fetch: Fetch, _: &mut Context<Self>) -> Self::Result {
        let (from, to) = (fetch.from.max(1), fetch.to.min(self.news.len() as u64));
        // The first message has the number 1.
        let some = (from..=to).map(|number| self.news[number as usize - 1].clone());
        MessageResult(some.collect())
    }
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let server = Node::builder("server").start().await?;
    let archive = server
        .spawn(Child::new("archive", Archive::default))
        .await?;
    let fetches = Rep::new("fetches").listen("tcp://127.0.0.1:0");
    let fetches = server.spawn(fetches.serve::<Fetch>(&archive)).await?;
    // So much waits for one subscriber, and no more: it is told what it misses.
    let news = Pub::new("news").listen("tcp://127.0.0.1:0");
    let news = server.spawn(news.send_bound(Bound::messages(10))).await?;

    let reader = Node::builder("reader").start().await?;
    let endpoint = news.endpoints()[0].to_string();
    let paper = Sub::new("paper").dial(endpoint).subscribe_prefix("");
    let paper = paper.receive_bound(Bound::messages(10));
    let paper = reader.spawn(paper).await?;
    let endpoint = fetches.endpoints()[0].to_string();
    let missing = reader.spawn(Req::new("missing").dial(endpoint)).await?;
    let mut events = paper.events();
    news.ready(1).await;

    // It reads nothing meanwhile.
    for number in 1..=NEWS {
        let text = format!("news {number}");
        archive.send(Keep(text.clone())).await?;
        news.send(text).await?;
    }

    let (mut read, mut fetched) = (BTreeMap::new(), 0);
    while read.len() < NEWS as usize {
        tokio::select! {
            message = paper.recv() => {
                let message = message?.ok_or("the socket closed")?;
                let position = message.position().ok_or("it was published")?;
                let text = String::from_utf8(message.payload().to_vec())?;
                read.insert(position.sequence, text);
            }
            event = events.next() => {
                let Some(SocketEvent::Missed { from, to, .. }) = event else { continue };
                let texts = missing.send(Fetch { from, to }).await?;
                println!("{from} to {to} do not come: {} fetched", texts.len());
                for (number, text) in (from..).zip(texts) {
                    // Some between the first and the last may have come.
                    fetched += u64::from(read.insert(number, text).is_none());
                }
            }
        }
    }
    println!("all {NEWS} were read, {fetched} of them from the archive");
    assert!(fetched > 0);
    let expected = (1..=NEWS).map(|number| (number, format!("news {number}")));
    assert!(read.into_iter().eq(expected));
    reader.stop().await?;
    server.stop().await?;
    Ok(())
}
