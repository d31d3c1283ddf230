//! Sockets composed of parts, reliable: to one, to all and to sources, both ways at once, over
//! cuts and over kills of connections, endpoints and the sockets' actors.

use std::collections::HashMap;
use std::future::Future;

use treewire::prelude::*;
use treewire::{ComposedSocket, Sender, Socket, Source};

mod support;
use support::proxy::Proxy;
use support::*;

fn socket(name: &str, sender: Sender) -> Socket {
    Socket::new(name, "talk").sender(sender).delivery(Reliable)
}

/// The number that a message is.
fn number(message: &treewire::Message) -> u32 {
    std::str::from_utf8(message.payload())
        .unwrap()
        .parse()
        .unwrap()
}

async fn send_all(socket: &ComposedSocket, count: u32) {
    for number in 0..count {
        in_time(socket.send(number.to_string())).await.unwrap();
    }
}

/// Receives from `peers` peers `count` numbers each, of each in order and nothing twice.
async fn receive_all(socket: &ComposedSocket, peers: u32, count: u32) {
    let mut next: HashMap<Source, u32> = HashMap::new();
    for _ in 0..peers * count {
        let message = in_time(socket.recv()).await.unwrap().unwrap();
        let next = next.entry(message.source()).or_default();
        assert_eq!(number(&message), *next);
        *next += 1;
    }
    assert_eq!(next.len(), peers as usize, "as many sources as peers");
    assert!(socket.try_recv().unwrap().is_none());
}

/// Sends everything back to where it came from.
async fn echo(socket: &ComposedSocket, count: u32) {
    for _ in 0..count {
        let message = in_time(socket.recv()).await.unwrap().unwrap();
        let text = number(&message).to_string();
        in_time(socket.send_to(message.source(), text))
            .await
            .unwrap();
    }
}

/// A hub that listens on one node and peers that dial it from another.
struct Talk {
    near: Node,
    far: Node,
    hub: ComposedSocket,
    peers: Vec<ComposedSocket>,
    proxies: Vec<Proxy>,
}

const PEERS: u32 = 3;

impl Talk {
    async fn new(hub: Sender, peers: Sender, cuts: Option<u64>) -> Talk {
        let (near, far) = (node().await, node().await);
        let hub = socket("hub", hub).listen("tcp://127.0.0.1:0");
        let hub = far.spawn(hub).await.unwrap();
        let mut talk = Talk {
            near,
            far,
            hub,
            peers: Vec::new(),
            proxies: Vec::new(),
        };
        for peer in 0..PEERS {
            let mut url = address(&talk.hub);
            if let Some(seed) = cuts {
                let proxy = Proxy::to(&url, seed + u64::from(peer), 20_000).await;
                url.clone_from(&proxy.url);
                talk.proxies.push(proxy);
            }
            let peer = socket(&format!("peer {peer}"), peers).dial(url);
            talk.peers.push(talk.near.spawn(peer).await.unwrap());
        }
        // From here on each has a session with the other, there or not.
        until("all have met", || {
            let of_hub = talk.hub.pipes().len();
            of_hub == PEERS as usize && talk.peers.iter().all(|peer| peer.pipes().len() == 1)
        })
        .await;
        talk
    }

    /// Nothing is left over, and nothing was given up.
    async fn end(self) {
        for proxy in &self.proxies {
            assert!(proxy.cuts() > 2, "{} cuts", proxy.cuts());
            proxy.calm_down();
        }
        for socket in self.peers.iter().chain([&self.hub]) {
            in_time(socket.drain()).await;
            assert_eq!(socket.lost(), 0);
            assert!(socket.try_recv().unwrap().is_none());
        }
        for peer in &self.peers {
            assert_eq!(in_time(peer.close(WATCHDOG)).await, Closed::Flushed);
        }
        assert_eq!(in_time(self.hub.close(WATCHDOG)).await, Closed::Flushed);
        stop(self.near).await;
        stop(self.far).await;
    }

    /// Lets `work` be done while children of both nodes are killed.
    async fn killing(&self, seed: u64, work: impl Future<Output = ()>) {
        let ((), kills) = while_killing([&self.near, &self.far], seed, work).await;
        assert!(kills > 0, "{kills} kills");
    }

    /// Lets `work` be done while the sockets are stopped and started in order.
    async fn restarting(&self, work: impl Future<Output = ()>) {
        let mut rounds = 0;
        let restart = async {
            loop {
                let (node, path) = match rounds % 2 {
                    0 => (&self.far, "hub".to_owned()),
                    _ => (&self.near, format!("peer {}", rounds % PEERS)),
                };
                in_time(node.restart_child(&path)).await.unwrap();
                rounds += 1;
                in_time(self.hub.ready(self.peers.len())).await;
                for peer in &self.peers {
                    in_time(peer.ready(1)).await;
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = restart => {}
        }
        assert!(rounds > 0, "{rounds} restarts");
    }

    /// Everybody sends to everybody it has, and receives all of it.
    async fn speak(&self, count: u32) {
        let [a, b, c] = &self.peers[..] else {
            panic!("three peers")
        };
        let each = async |peer| tokio::join!(send_all(peer, count), receive_all(peer, 1, count));
        tokio::join!(
            send_all(&self.hub, count),
            receive_all(&self.hub, PEERS, count),
            each(a),
            each(b),
            each(c)
        );
    }

    /// The hub answers each peer what it said.
    async fn answer(&self, count: u32) {
        let [a, b, c] = &self.peers[..] else {
            panic!("three peers")
        };
        let each = async |peer| tokio::join!(send_all(peer, count), receive_all(peer, 1, count));
        tokio::join!(echo(&self.hub, PEERS * count), each(a), each(b), each(c));
    }
}

const MESSAGES: u32 = 8_000;

#[tokio::test]
async fn what_is_sent_to_all_arrives_at_each_once_and_in_order_over_cuts_and_kills() {
    let talk = Talk::new(Sender::All, Sender::All, Some(1)).await;
    talk.speak(MESSAGES).await;
    talk.end().await;
    let talk = Talk::new(Sender::All, Sender::All, None).await;
    talk.killing(2, talk.speak(MESSAGES)).await;
    talk.restarting(talk.speak(MESSAGES)).await;
    talk.end().await;
}

#[tokio::test]
async fn what_is_sent_to_sources_arrives_once_and_in_order_over_cuts_and_kills() {
    let talk = Talk::new(Sender::Source, Sender::One, Some(3)).await;
    talk.answer(MESSAGES).await;
    talk.end().await;
    let talk = Talk::new(Sender::Source, Sender::One, None).await;
    talk.killing(4, talk.answer(MESSAGES)).await;
    talk.restarting(talk.answer(MESSAGES)).await;
    talk.end().await;
}

/// Receives until it has `count` numbers of all that were sent to one of several.
async fn share(socket: &ComposedSocket, seen: &std::cell::RefCell<Vec<u32>>, count: u32) {
    let mut last = None;
    while seen.borrow().len() < count as usize {
        let Some(message) = socket.try_recv().unwrap() else {
            tokio::task::yield_now().await;
            continue;
        };
        let number = number(&message);
        seen.borrow_mut().push(number);
        last = last.max(Some(number));
    }
    assert!(last.is_some(), "it had its share");
}

#[tokio::test]
async fn what_is_sent_to_one_of_several_arrives_once_over_cuts_and_kills() {
    for cuts in [Some(5), None] {
        let talk = Talk::new(Sender::One, Sender::One, cuts).await;
        let seen = std::cell::RefCell::new(Vec::new());
        let [a, b, c] = &talk.peers[..] else {
            panic!("three peers")
        };
        let each = async |peer| {
            let count = PEERS * MESSAGES;
            tokio::join!(send_all(peer, MESSAGES), share(peer, &seen, count))
        };
        let work = async {
            tokio::join!(
                send_all(&talk.hub, PEERS * MESSAGES),
                receive_all(&talk.hub, PEERS, MESSAGES),
                each(a),
                each(b),
                each(c)
            );
        };
        match cuts {
            Some(_) => in_time(work).await,
            None => talk.killing(6, work).await,
        }
        let mut seen = seen.into_inner();
        seen.sort_unstable();
        let all: Vec<u32> = (0..PEERS * MESSAGES).collect();
        assert!(seen == all, "each was seen once");
        talk.end().await;
    }
}
