//! The process that listens.

use std::time::Duration;

use treewire::SocketHandle;
use treewire::prelude::*;
use treewire::runtime::{ChildState, NodeSnapshot};
use treewire_bench_roles::{self as roles, Failure, Line};

use crate::order::{Connections, told_to_go_on};
use crate::settled;
use crate::unit::Unit;

/// Whatever address of this machine is dialed.
const EVERYWHERE: &str = "tcp://0.0.0.0:0";
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

pub(crate) async fn act(order: Connections) -> Result<(), Failure> {
    let node = Node::builder("listens").start().await?;
    match order.unit {
        Unit::Rep => {
            let spec = Rep::new("rep").listen(EVERYWHERE);
            let rep = node.spawn(spec.delivery(delivery(&order))).await?;
            grown(&rep, &order).await?;
            for _ in 0..order.count {
                let request = rep.recv().await?.ok_or("the rep has closed")?;
                request.reply("here");
            }
        }
        Unit::Pub => {
            let spec = Pub::new("pub").listen(EVERYWHERE);
            let publisher = node.spawn(spec.delivery(delivery(&order))).await?;
            grown(&publisher, &order).await?;
            publisher.ready(order.count).await;
            publisher.send("here").await?;
        }
        _ => {
            let spec = Pull::new("pull").listen(EVERYWHERE);
            let pull = node.spawn(spec.delivery(delivery(&order))).await?;
            grown(&pull, &order).await?;
            for _ in 0..order.count {
                pull.recv().await?.ok_or("the pull has closed")?;
            }
        }
    }
    while alive(&node.snapshot().await?) < order.count {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    settled::tell_alive(alive(&node.snapshot().await?));
    told_to_go_on().await
}

pub(crate) fn delivery(order: &Connections) -> Delivery {
    match order.delivery {
        roles::Delivery::BestEffort => BestEffort,
        roles::Delivery::Reliable => Reliable,
    }
}

/// Waits for all peers, tells what they take, and waits until the other process has done so, too.
async fn grown(socket: &SocketHandle, order: &Connections) -> Result<(), Failure> {
    let endpoint = socket
        .endpoints()
        .first()
        .ok_or("it listens nowhere")?
        .to_string();
    Line::Listening(endpoint).print();
    socket.ready(order.count).await;
    settled::tell(socket.peers()).await?;
    told_to_go_on().await
}

/// How many connections the tree has that a message came or left through.
pub(crate) fn alive(tree: &NodeSnapshot) -> usize {
    let running = tree
        .walk()
        .filter(|child| child.kind == "connection" && child.state == ChildState::Running);
    running
        .filter(|child| child.messages_in + child.messages_out > 0)
        .count()
}
