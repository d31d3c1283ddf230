//! Treewire's publisher and subscribers.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::task::JoinSet;
use treewire::prelude::*;
use treewire::{Overflow, SubSocket};
use treewire_bench_roles::{Deliveries, Failure, FanOut, Line, stamp};

use super::treewire::{LINGER, announce};

pub(super) async fn publish(node: &Node, fan_out: &FanOut) -> Result<(), Failure> {
    let FanOut { order, subscribers } = fan_out;
    let publisher = node
        .spawn(
            Pub::new("out")
                .listen(&order.endpoint)
                .send_bound(Bound::messages(order.bound_messages as u64))
                .overflow(Overflow::Wait),
        )
        .await?;
    announce(&publisher);
    if !publisher.ready(*subscribers).await {
        return Err("the publisher closed before all had subscribed".into());
    }
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        publisher.send(payload.as_slice()).await?;
    }
    match publisher.close(LINGER).await {
        Closed::Flushed => Ok(()),
        Closed::Dropped(count) => Err(format!("{count} messages were not sent").into()),
    }
}

/// Each subscriber is a socket with a connection of its own, and a task that receives.
pub(super) async fn subscribe(node: &Node, fan_out: FanOut) -> Result<(), Failure> {
    let order = &fan_out.order;
    let mut sockets = Vec::with_capacity(fan_out.subscribers);
    for subscriber in 0..fan_out.subscribers {
        let socket = Sub::new(format!("in-{subscriber}"))
            .dial(&order.endpoint)
            .receive_bound(Bound::messages(order.bound_messages as u64))
            .subscribe_prefix("");
        sockets.push(node.spawn(socket).await?);
    }
    let deliveries = Rc::new(RefCell::new(Deliveries::new(&fan_out)));
    let mut receivers = JoinSet::new();
    for (subscriber, socket) in sockets.iter().cloned().enumerate() {
        receivers.spawn_local(receive(subscriber, socket, deliveries.clone()));
    }
    while let Some(received) = receivers.join_next().await {
        received??;
    }
    Line::Throughput(deliveries.borrow().finish()?).print();
    Ok(())
}

async fn receive(
    subscriber: usize,
    socket: SubSocket,
    deliveries: Rc<RefCell<Deliveries>>,
) -> Result<(), String> {
    loop {
        let received = socket.recv().await.map_err(|error| error.to_string())?;
        let Some(message) = received else {
            return Err(format!("subscriber {subscriber}: the socket has closed"));
        };
        if !deliveries
            .borrow_mut()
            .record(subscriber, message.payload())?
        {
            return Ok(());
        }
    }
}
