//! The process in which sockets are alone.

use futures_util::future::try_join_all;
use treewire::prelude::*;
use treewire_bench_roles::Failure;

use crate::order::told_to_go_on;
use crate::settled;
use crate::unit::Unit;

/// Started together, so that what is in flight weighs little.
const BATCH: usize = 250;

pub(crate) async fn act(unit: Unit, count: usize) -> Result<(), Failure> {
    let node = Node::builder("alone").start().await?;
    let mut sockets = Vec::with_capacity(count);
    while sockets.len() < count {
        let batch = sockets.len()..count.min(sockets.len() + BATCH);
        let batch = batch.map(|index| {
            let pull = Pull::new(format!("pull {index}"));
            node.spawn(match unit {
                Unit::Listener => pull.listen(format!("inproc://{index}")),
                _ => pull,
            })
        });
        sockets.extend(try_join_all(batch).await?);
    }
    settled::tell(count).await?;
    told_to_go_on().await
}
