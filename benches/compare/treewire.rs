//! Treewire's side of each role: all that the benches know of its sockets.

use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use treewire::prelude::*;
use treewire::transports::Registry;
use treewire::{ReqSocket, SocketHandle};
use treewire_bench_roles::{self as roles, Arrivals, Failure, Line, Order, Role, Trips, stamp};

use super::treewire_pub_sub;

/// From here on a payload is handed over as an allocation instead of being copied from a warm buffer, as with libzmq.
pub(super) const GIVE_FROM_BYTES: usize = 8 * 1024;
/// Longer than any run: what was sent is flushed, or the run fails.
pub(super) const LINGER: Duration = Duration::from_secs(60);

/// One for the whole process, so that its nodes share the names of `inproc`.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::standard);

/// Plays a role in a node of its own.
pub(super) fn act(role: Role) -> Result<(), Failure> {
    treewire::run(async {
        let node = node().await?;
        match role {
            Role::Push(order) => push(&node, &order).await?,
            Role::Pull(order) => pull(&node, &order).await?,
            Role::Req(order) => req(&node, &order).await?,
            Role::Rep(order) => rep(&node, &order).await?,
            Role::Pub(fan_out) => treewire_pub_sub::publish(&node, &fan_out).await?,
            Role::Sub(fan_out) => treewire_pub_sub::subscribe(&node, fan_out).await?,
        }
        node.stop().await?;
        Ok(())
    })
}

/// A node on this thread.
pub(super) async fn node() -> Result<Node, Failure> {
    let node = Node::builder("bench").provide(REGISTRY.clone()).start();
    Ok(node.await?)
}

async fn push(node: &Node, order: &Order) -> Result<(), Failure> {
    let bound = Bound::messages(order.bound_messages as u64);
    let push = node
        .spawn(
            Push::new("out")
                .dial(&order.endpoint)
                .delivery(delivery(order))
                .send_bound(bound),
        )
        .await?;
    let mut warm = vec![0; order.size_bytes];
    for sequence in order.sequences() {
        if order.size_bytes >= GIVE_FROM_BYTES {
            push.send(stamp::payload(order.size_bytes, sequence))
                .await?;
        } else {
            stamp::write(&mut warm, sequence);
            push.send(warm.as_slice()).await?;
        }
    }
    match push.close(LINGER).await {
        Closed::Flushed => Ok(()),
        Closed::Dropped(count) => Err(format!("{count} messages were not confirmed").into()),
    }
}

async fn pull(node: &Node, order: &Order) -> Result<(), Failure> {
    let bound = Bound::messages(order.bound_messages as u64);
    let pull = node
        .spawn(
            Pull::new("in")
                .listen(&order.endpoint)
                .delivery(delivery(order))
                .receive_bound(bound),
        )
        .await?;
    announce(&pull);
    let mut arrivals = Arrivals::new(order);
    while arrivals.incomplete() {
        let Some(message) = pull.recv().await? else {
            break;
        };
        arrivals.record(message.payload())?;
    }
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}

async fn req(node: &Node, order: &Order) -> Result<(), Failure> {
    let req = node.spawn(Req::new("asker").dial(&order.endpoint)).await?;
    if order.in_flight > 1 {
        return many_under_way(&req, order).await;
    }
    let mut trips = Trips::new(order);
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        let asked = Instant::now();
        let reply = req.request(payload.as_slice()).await?;
        trips.record(asked);
        stamp::check(reply.first(), order.size_bytes, sequence)?;
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

/// As many askers as questions may be under way, on one task, share the numbers.
async fn many_under_way(req: &ReqSocket, order: &Order) -> Result<(), Failure> {
    let trips = RefCell::new(Trips::new(order));
    let sequences = RefCell::new(0..order.count);
    let next = || sequences.borrow_mut().next();
    let asker = async || -> Result<(), Failure> {
        let mut payload = vec![0; order.size_bytes];
        while let Some(sequence) = next() {
            stamp::write(&mut payload, sequence);
            let asked = Instant::now();
            let reply = req.request(payload.as_slice()).await?;
            trips.borrow_mut().record(asked);
            stamp::check(reply.first(), order.size_bytes, sequence)?;
        }
        Ok(())
    };
    try_join_all((0..order.in_flight).map(|_| asker())).await?;
    Line::RoundTrip(trips.into_inner().finish()).print();
    Ok(())
}

async fn rep(node: &Node, order: &Order) -> Result<(), Failure> {
    let rep = node
        .spawn(Rep::new("answers").listen(&order.endpoint))
        .await?;
    announce(&rep);
    for sequence in 0..order.count {
        let Some(request) = rep.recv().await? else {
            break;
        };
        // They come in the order in which they were asked.
        stamp::check(request.content().first(), order.size_bytes, sequence)?;
        let content = request.content().clone();
        request.reply(content);
    }
    Ok(())
}

pub(super) fn delivery(order: &Order) -> Delivery {
    match order.delivery {
        roles::Delivery::BestEffort => BestEffort,
        roles::Delivery::Reliable => Reliable,
    }
}

/// Tells the driver which port was bound.
pub(super) fn announce(socket: &SocketHandle) {
    if let Some(endpoint) = socket.endpoints().first() {
        Line::Listening(endpoint.to_string()).print();
    }
}
