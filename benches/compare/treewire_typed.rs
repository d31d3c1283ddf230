//! Treewire's side of each role, with messages that have a type: encoded by whoever sends, and decoded and handed to an
//! actor by the socket of whoever receives.

use std::cell::RefCell;
use std::time::Instant;

use actix::prelude::*;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use treewire::prelude::*;
use treewire_bench_roles::{Arrivals, Failure, Line, Order, Role, Throughput, Trips, stamp};

use super::treewire::{LINGER, announce, delivery, node};

/// Plays a role in a node of its own.
pub(super) fn act(role: Role) -> Result<(), Failure> {
    treewire::run(async {
        let node = node().await?;
        match role {
            Role::Push(order) => push(&node, &order).await?,
            Role::Pull(order) => pull(&node, &order).await?,
            Role::Req(order) => req(&node, &order).await?,
            Role::Rep(order) => rep(&node, &order).await?,
            Role::Pub(_) | Role::Sub(_) => return Err("no bench publishes typed messages".into()),
        }
        node.stop().await?;
        Ok(())
    })
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "bench.Load", reply = ())]
struct Load {
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
}

/// The same as its sender has it: a push sends bytes.
#[derive(Serialize)]
struct Borrowed<'a> {
    #[serde(with = "serde_bytes")]
    payload: &'a [u8],
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "bench.Question", reply = Answer)]
struct Question {
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
}

#[derive(Serialize, Deserialize, WireType)]
struct Answer {
    #[serde(with = "serde_bytes")]
    payload: Vec<u8>,
}

async fn push(node: &Node, order: &Order) -> Result<(), Failure> {
    let bound = Bound::messages(order.bound_messages as u64);
    let push = Push::new("out")
        .dial(&order.endpoint)
        .delivery(delivery(order))
        .send_bound(bound);
    let push = node.spawn(push).await?;
    let descriptor = Content::new("bench.Load");
    let mut warm = vec![0; order.size_bytes];
    for sequence in order.sequences() {
        stamp::write(&mut warm, sequence);
        let encoded = postcard::to_allocvec(&Borrowed { payload: &warm })?;
        push.send(descriptor.clone().with_part(encoded)).await?;
    }
    match push.close(LINGER).await {
        Closed::Flushed => Ok(()),
        Closed::Dropped(count) => Err(format!("{count} messages were not confirmed").into()),
    }
}

async fn pull(node: &Node, order: &Order) -> Result<(), Failure> {
    let (done, mut is_done) = unbounded_channel();
    let receiver = Child::new("receiver", {
        let order = order.clone();
        move || Receiver {
            arrivals: Arrivals::new(&order),
            done: done.clone(),
        }
    });
    let receiver = node.spawn(receiver).await?;
    let bound = Bound::messages(order.bound_messages as u64);
    let pull = Pull::new("in")
        .listen(&order.endpoint)
        .delivery(delivery(order))
        .receive_bound(bound)
        .deliver::<Load>(&receiver);
    let pull = node.spawn(pull).await?;
    announce(&pull);
    let throughput = is_done.recv().await.ok_or("the receiver has gone")??;
    Line::Throughput(throughput).print();
    Ok(())
}

struct Receiver {
    arrivals: Arrivals,
    done: UnboundedSender<Result<Throughput, String>>,
}

impl Actor for Receiver {
    type Context = treewire::Context<Self>;
}

impl Handler<Load> for Receiver {
    type Result = ();

    fn handle(&mut self, load: Load, _: &mut Self::Context) {
        let recorded = self.arrivals.record(&load.payload);
        if recorded.is_err() || !self.arrivals.incomplete() {
            let result = recorded.and_then(|()| self.arrivals.finish());
            // Whoever waits hears the first one and goes.
            let _ = self.done.send(result);
        }
    }
}

async fn req(node: &Node, order: &Order) -> Result<(), Failure> {
    let req = node.spawn(Req::new("asker").dial(&order.endpoint)).await?;
    let trips = RefCell::new(Trips::new(order));
    let sequences = RefCell::new(0..order.count);
    let next = || sequences.borrow_mut().next();
    let asker = async || -> Result<(), Failure> {
        while let Some(sequence) = next() {
            let payload = stamp::payload(order.size_bytes, sequence);
            let asked = Instant::now();
            let answer = req.send(Question { payload }).await?;
            trips.borrow_mut().record(asked);
            stamp::check(&answer.payload, order.size_bytes, sequence)?;
        }
        Ok(())
    };
    match order.in_flight {
        1 => asker().await?,
        many => drop(try_join_all((0..many).map(|_| asker())).await?),
    }
    Line::RoundTrip(trips.into_inner().finish()).print();
    Ok(())
}

async fn rep(node: &Node, order: &Order) -> Result<(), Failure> {
    let (done, mut is_done) = unbounded_channel();
    let echo = Child::new("echo", {
        let order = order.clone();
        move || Echo {
            order: order.clone(),
            answered: 0,
            done: done.clone(),
        }
    });
    let echo = node.spawn(echo).await?;
    let rep = Rep::new("answers").listen(&order.endpoint);
    let rep = node.spawn(rep.serve::<Question>(&echo)).await?;
    announce(&rep);
    Ok(is_done.recv().await.ok_or("the echo has gone")??)
}

struct Echo {
    order: Order,
    answered: u64,
    done: UnboundedSender<Result<(), String>>,
}

impl Actor for Echo {
    type Context = treewire::Context<Self>;
}

impl Handler<Question> for Echo {
    type Result = Answer;

    fn handle(&mut self, question: Question, _: &mut Self::Context) -> Answer {
        let payload = question.payload;
        let checked = stamp::check(&payload, self.order.size_bytes, self.answered);
        self.answered += 1;
        if checked.is_err() || self.answered == self.order.count {
            // Whoever waits hears the first one and goes.
            let _ = self.done.send(checked);
        }
        Answer { payload }
    }
}
