//! Treewire's side of each role: all that the benches know of its sockets.

use std::time::{Duration, Instant};

use treewire::SocketHandle;
use treewire::prelude::*;
use treewire_bench_roles::{self as roles, Arrivals, Failure, Line, Order, Role, Trips, stamp};

/// From here on a payload is handed over as an allocation instead of being copied from a warm buffer, as with libzmq.
const GIVE_FROM_BYTES: usize = 8 * 1024;
/// Longer than any run: what was sent is flushed, or the run fails.
const LINGER: Duration = Duration::from_secs(60);

/// Plays a role in a node of its own.
pub(super) fn act(role: Role) -> Result<(), Failure> {
    treewire::run(async {
        let node = Node::builder("bench").start().await?;
        match role {
            Role::Push(order) => push(&node, &order).await?,
            Role::Pull(order) => pull(&node, &order).await?,
            Role::Req(order) => req(&node, &order).await?,
            Role::Rep(order) => rep(&node, &order).await?,
        }
        node.stop().await?;
        Ok(())
    })
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
    for sequence in 0..order.count {
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

async fn rep(node: &Node, order: &Order) -> Result<(), Failure> {
    let rep = node
        .spawn(Rep::new("answers").listen(&order.endpoint))
        .await?;
    announce(&rep);
    for sequence in 0..order.count {
        let Some(request) = rep.recv().await? else {
            break;
        };
        stamp::check(request.content().first(), order.size_bytes, sequence)?;
        let content = request.content().clone();
        request.reply(content);
    }
    Ok(())
}

fn delivery(order: &Order) -> Delivery {
    match order.delivery {
        roles::Delivery::BestEffort => BestEffort,
        roles::Delivery::Reliable => Reliable,
    }
}

/// Tells the driver which port was bound.
fn announce(socket: &SocketHandle) {
    if let Some(endpoint) = socket.endpoints().first() {
        Line::Listening(endpoint.to_string()).print();
    }
}
