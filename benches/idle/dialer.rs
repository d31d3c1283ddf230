//! The process that dials.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::try_join_all;
use treewire::SocketHandle;
use treewire::prelude::*;
use treewire_bench_roles::Failure;

use crate::listener::{alive, delivery};
use crate::order::{Connections, told_to_go_on};
use crate::settled;
use crate::unit::Unit;

/// Dialed together: fewer than wait in the system to be accepted.
const BATCH: usize = 250;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

pub(crate) async fn act(order: Connections, port: u16) -> Result<(), Failure> {
    let node = Node::builder("dials").start().await?;
    match order.unit {
        Unit::Rep => {
            let req = node
                .spawn(Req::new("req").delivery(delivery(&order)))
                .await?;
            dial(&req, &order, port).await?;
            for _ in 0..order.count {
                req.request("where?").await?;
            }
        }
        Unit::Pub => {
            let subs = subscribe(&node, &order, port).await?;
            settled::tell(subs.len()).await?;
            told_to_go_on().await?;
            for sub in &subs {
                sub.recv().await?.ok_or("a sub has closed")?;
            }
        }
        _ => {
            let push = node
                .spawn(Push::new("push").delivery(delivery(&order)))
                .await?;
            dial(&push, &order, port).await?;
            for _ in 0..order.count {
                push.send("here").await?;
            }
        }
    }
    while alive(&node.snapshot().await?) < order.count {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    settled::tell_alive(alive(&node.snapshot().await?));
    told_to_go_on().await
}

/// Dials all, tells what they take, and waits until the other process has done so, too.
async fn dial(socket: &SocketHandle, order: &Connections, port: u16) -> Result<(), Failure> {
    let mut dialed = 0;
    while dialed < order.count {
        let upto = order.count.min(dialed + BATCH);
        try_join_all((dialed..upto).map(|index| socket.dial(endpoint(index, port)))).await?;
        socket.ready(upto).await;
        dialed = upto;
    }
    settled::tell(socket.peers()).await?;
    told_to_go_on().await
}

async fn subscribe(
    node: &Node,
    order: &Connections,
    port: u16,
) -> Result<Vec<treewire::SubSocket>, Failure> {
    let mut subs = Vec::with_capacity(order.count);
    while subs.len() < order.count {
        let upto = order.count.min(subs.len() + BATCH);
        let batch = (subs.len()..upto).map(|index| {
            let sub = Sub::new(format!("sub {index}")).dial(endpoint(index, port));
            node.spawn(sub.delivery(delivery(order)))
        });
        let batch = try_join_all(batch).await?;
        for sub in &batch {
            sub.subscribe_prefix("")?;
            sub.joined().await;
        }
        subs.extend(batch);
    }
    Ok(subs)
}

/// An address of this machine for each, so that its ports do not run out.
fn endpoint(index: usize, port: u16) -> String {
    let [.., high, low] = (index as u32 + 1).to_be_bytes();
    format!("tcp://{}:{port}", Ipv4Addr::new(127, 1, high, low))
}
