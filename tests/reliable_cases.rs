//! Cases of sockets with sessions, over tcp: limits, closing, and a restart of what is between.

use std::cell::Cell;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use treewire::prelude::*;
use treewire::{PullSocket, PushSocket, SessionEnd, SocketEvent};

mod support;
use support::*;

const LISTEN: &str = "tcp://127.0.0.1:0";

/// A push and a pull of two nodes; the push dials, or the pull does.
async fn pair(nodes: [&Node; 2], push: Push, pull: Pull, push_dials: bool) -> Pair {
    let (push, pull) = (push.delivery(Reliable), pull.delivery(Reliable));
    let [near, far] = nodes;
    let (push, pull) = if push_dials {
        let pull = far.spawn(pull.listen(LISTEN)).await.unwrap();
        let push = near.spawn(push.dial(address(&pull))).await.unwrap();
        (push, pull)
    } else {
        let push = near.spawn(push.listen(LISTEN)).await.unwrap();
        let pull = far.spawn(pull.dial(address(&push))).await.unwrap();
        (push, pull)
    };
    in_time(push.ready(1)).await;
    Pair { push, pull }
}

struct Pair {
    push: PushSocket,
    pull: PullSocket,
}

impl Pair {
    /// Receives those numbers in order, and handles them.
    async fn receive(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let message = in_time(self.pull.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), number.to_string().as_str());
        }
    }
}

#[tokio::test]
async fn conat_04_at_the_limit_a_write_is_refused_and_after_draining_writing_works_again() {
    const LIMIT: u32 = 10;
    for push_dials in [true, false] {
        let (near, far) = (node().await, node().await);
        let push = Push::new("push").send_bound(Bound::messages(u64::from(LIMIT)));
        let push = push.overflow(Overflow::Refuse);
        // Some have left at the limit, and some have not.
        let pull = Pull::new("pull").receive_bound(Bound::messages(4));
        let pair = pair([&near, &far], push, pull, push_dials).await;
        for round in 0..3 {
            let first = round * LIMIT;
            for number in first..first + LIMIT {
                in_time(pair.push.send(number.to_string())).await.unwrap();
            }
            let refused = pair.push.try_send("too many").unwrap_err();
            assert!(refused.is_full(), "{refused}");
            let refused = in_time(pair.push.send(refused.into_content())).await;
            let refused = refused.unwrap_err();
            assert!(refused.is_full(), "{refused}");
            assert_eq!(refused.into_content(), "too many".into());
            pair.receive(first..first + LIMIT).await;
            in_time(pair.push.drain()).await;
        }
        assert_eq!(pair.push.lost(), 0);
        assert!(pair.pull.try_recv().unwrap().is_none());
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn conat_15_a_close_delivers_what_was_accepted() {
    for push_dials in [true, false] {
        let (near, far) = (node().await, node().await);
        let pull = Pull::new("pull").receive_bound(Bound::messages(4));
        let pair = pair([&near, &far], Push::new("push"), pull, push_dials).await;
        for number in 0..100 {
            in_time(pair.push.send(number.to_string())).await.unwrap();
        }
        let (closed, ()) = tokio::join!(pair.push.close(WATCHDOG), pair.receive(0..100));
        assert_eq!(closed, Closed::Flushed);
        stop(near).await;
        stop(far).await;
    }
}

#[tokio::test]
async fn conat_15_a_close_says_what_was_not_delivered() {
    for push_dials in [true, false] {
        let (near, far) = (node().await, node().await);
        let pull = Pull::new("pull").receive_bound(Bound::messages(4));
        let pair = pair([&near, &far], Push::new("push"), pull, push_dials).await;
        let mut events = pair.push.events();
        for number in 0..100 {
            in_time(pair.push.send(number.to_string())).await.unwrap();
        }
        pair.receive(0..30).await;
        in_time(until("they are confirmed", || pair.push.unflushed() == 70)).await;
        let closed = in_time(pair.push.close(Duration::from_millis(50))).await;
        assert_eq!(closed, Closed::Dropped(70));
        let undelivered = loop {
            if let SocketEvent::SessionEnded { end, undelivered } =
                in_time(events.next()).await.expect("its end is told")
            {
                assert_eq!(end, SessionEnd::Closed);
                break undelivered;
            }
        };
        let texts = undelivered.iter().map(|content| content.first().to_vec());
        let expected = (30..100).map(|number| number.to_string().into_bytes());
        assert_eq!(texts.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        stop(near).await;
        stop(far).await;
    }
}

/// Stands between two nodes, and can be restarted where it was.
struct Relay {
    url: String,
    place: SocketAddr,
    target: SocketAddr,
    running: Option<JoinHandle<()>>,
}

impl Relay {
    async fn to(url: &str) -> Relay {
        let target = url.strip_prefix("tcp://").unwrap().parse().unwrap();
        let url = address_for_later(LISTEN);
        let place = url.strip_prefix("tcp://").unwrap().parse().unwrap();
        let mut relay = Relay {
            url,
            place,
            target,
            running: None,
        };
        relay.start().await;
        relay
    }

    async fn start(&mut self) {
        let listener = TcpListener::bind(self.place).await.unwrap();
        let target = self.target;
        self.running = Some(tokio::spawn(async move {
            // They end with it.
            let mut carried = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                carried.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        }));
    }

    async fn restart(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // It has let go of its place.
            let _ = running.await;
        }
        // Whoever dials meanwhile finds nobody.
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.start().await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }
}

/// The client's stream to the server, and the server's to the client, through one relay each.
struct Line {
    near: Node,
    far: Node,
    relays: [Relay; 2],
    /// The client writes, and the server writes.
    pairs: [Pair; 2],
}

impl Line {
    async fn new() -> Line {
        let (near, far) = (node().await, node().await);
        let pull = Pull::new("in").delivery(Reliable).listen(LISTEN);
        let pull = far.spawn(pull).await.unwrap();
        let push = Push::new("out").delivery(Reliable).listen(LISTEN);
        let push = far.spawn(push).await.unwrap();
        let relays = [
            Relay::to(&address(&pull)).await,
            Relay::to(&address(&push)).await,
        ];
        let client_push = Push::new("out").delivery(Reliable).dial(&relays[0].url);
        let client_push = near.spawn(client_push).await.unwrap();
        let client_pull = Pull::new("in").delivery(Reliable).dial(&relays[1].url);
        let client_pull = near.spawn(client_pull).await.unwrap();
        let pairs = [
            Pair {
                push: client_push,
                pull,
            },
            Pair {
                push,
                pull: client_pull,
            },
        ];
        in_time(pairs[1].push.ready(1)).await;
        Line {
            near,
            far,
            relays,
            pairs,
        }
    }

    async fn end(self) {
        for pair in &self.pairs {
            in_time(pair.push.drain()).await;
            assert_eq!(pair.push.lost(), 0);
            assert!(pair.pull.try_recv().unwrap().is_none());
        }
        stop(self.near).await;
        stop(self.far).await;
    }
}

#[tokio::test]
async fn conat_13_data_after_a_restart_of_what_is_between_arrives_once() {
    let mut line = Line::new().await;
    for round in 0..10 {
        for (pair, relay) in line.pairs.iter().zip(&mut line.relays) {
            in_time(pair.push.send((2 * round).to_string()))
                .await
                .unwrap();
            pair.receive(2 * round..2 * round + 1).await;
            relay.restart().await;
            in_time(pair.push.send((2 * round + 1).to_string()))
                .await
                .unwrap();
            pair.receive(2 * round + 1..2 * round + 2).await;
        }
    }
    line.end().await;
}

#[tokio::test]
async fn conat_13_a_restart_of_what_is_between_while_either_side_writes_loses_and_doubles_nothing()
{
    const MESSAGES: u32 = 20_000;
    const RESTARTS: u32 = 20;
    // Which of them writes: the client, the server.
    for writer in 0..2 {
        let mut line = Line::new().await;
        let (pair, relay) = (&line.pairs[writer], &mut line.relays[writer]);
        let written = Cell::new(0);
        let write = async {
            for number in 0..MESSAGES {
                in_time(pair.push.send(number.to_string())).await.unwrap();
                written.set(number + 1);
            }
        };
        let restart = async {
            for round in 1..=RESTARTS {
                let due = round * MESSAGES / (RESTARTS + 1);
                until("it is written", || written.get() >= due).await;
                relay.restart().await;
            }
        };
        tokio::join!(write, restart, pair.receive(0..MESSAGES));
        line.end().await;
    }
}

#[tokio::test]
async fn conat_13_a_request_after_a_restart_of_what_is_between_and_one_that_is_under_way_are_answered()
 {
    let (near, far) = (node().await, node().await);
    let rep = Rep::new("rep").delivery(Reliable).listen(LISTEN);
    let rep = far.spawn(rep).await.unwrap();
    let mut relay = Relay::to(&address(&rep)).await;
    let req = Req::new("req").delivery(Reliable).dial(&relay.url);
    let req = near.spawn(req).await.unwrap();
    for round in 0..10 {
        // It is with whoever answers when the relay goes, or is asked after that.
        for under_way in [true, false] {
            if !under_way {
                relay.restart().await;
            }
            let text = format!("{round} {under_way}");
            let asked = tokio::spawn(req.request(text.clone()).into_future());
            let request = in_time(rep.recv()).await.unwrap().unwrap();
            assert_eq!(*request.content().first(), text.as_str());
            if under_way {
                relay.restart().await;
            }
            request.reply(text.clone());
            let answer = in_time(asked).await.unwrap().unwrap();
            assert_eq!(*answer.first(), text.as_str());
        }
    }
    assert!(rep.try_recv().unwrap().is_none());
    stop(near).await;
    stop(far).await;
}
