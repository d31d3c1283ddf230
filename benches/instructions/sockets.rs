//! Sockets of one node, over `inproc`: all that a message takes but the system's calls.

use futures_util::future::try_join_all;
use treewire::prelude::*;
use treewire::{Node, PubSocket, PullSocket, PushSocket, SubSocket};

use super::worlds;

const ENDPOINT: &str = "inproc://bench";
/// More than any case publishes.
const QUEUED_MESSAGES: u64 = 1_000_000;

pub(crate) fn push_pull(delivery: Delivery, size_bytes: usize, count: u64) {
    worlds::play(async |node| {
        let (push, pull) = pipeline(node, delivery).await?;
        carry(&push, &pull, size_bytes, count).await
    });
}

pub(crate) fn push_pull_on_a_thread(size_bytes: usize, count: u64) {
    worlds::play_on_a_thread(async move |node| {
        let (push, pull) = pipeline(node, BestEffort).await?;
        carry(&push, &pull, size_bytes, count).await
    });
}

pub(crate) fn req_rep(delivery: Delivery, count: u64) {
    worlds::play(async |node| {
        let rep = Rep::new("rep").listen(ENDPOINT).delivery(delivery);
        let rep = node.spawn(rep).await?;
        let req = Req::new("req").dial(ENDPOINT).delivery(delivery);
        let req = node.spawn(req).await?;
        let asking = async {
            for _ in 0..count {
                req.request([7; 16].as_slice()).await?;
            }
            treewire::Result::<()>::Ok(())
        };
        let answering = async {
            for _ in 0..count {
                let Some(request) = rep.recv().await? else {
                    break;
                };
                let content = request.content().clone();
                request.reply(content);
            }
            treewire::Result::<()>::Ok(())
        };
        tokio::try_join!(asking, answering)?;
        Ok(())
    });
}

/// Nothing leaves the queues: the connections find no turn before the process ends.
pub(crate) fn publish_into_queues(subscribers: u64, delivery: Delivery, count: u64) {
    worlds::play(async |node| {
        let (ticks, _subs) = audience(node, subscribers, delivery).await?;
        publish(&ticks, count).await?;
        std::process::exit(0)
    });
}

pub(crate) fn publish_and_receive(subscribers: u64, delivery: Delivery, count: u64) {
    worlds::play(async |node| {
        let (ticks, subs) = audience(node, subscribers, delivery).await?;
        let receiving = subs.iter().map(async |sub: &SubSocket| {
            for _ in 0..count {
                sub.recv().await?;
            }
            treewire::Result::<()>::Ok(())
        });
        tokio::try_join!(publish(&ticks, count), try_join_all(receiving))?;
        Ok(())
    });
}

async fn pipeline(node: &Node, delivery: Delivery) -> treewire::Result<(PushSocket, PullSocket)> {
    let pull = Pull::new("pull").listen(ENDPOINT).delivery(delivery);
    let push = Push::new("push").dial(ENDPOINT).delivery(delivery);
    let pull = node.spawn(pull).await?;
    Ok((node.spawn(push).await?, pull))
}

async fn carry(
    push: &PushSocket,
    pull: &PullSocket,
    size_bytes: usize,
    count: u64,
) -> treewire::Result<()> {
    let payload = vec![7; size_bytes];
    let sending = async {
        for _ in 0..count {
            push.send(payload.as_slice()).await?;
        }
        treewire::Result::<()>::Ok(())
    };
    let receiving = async {
        for _ in 0..count {
            pull.recv().await?;
        }
        treewire::Result::<()>::Ok(())
    };
    tokio::try_join!(sending, receiving)?;
    Ok(())
}

async fn audience(
    node: &Node,
    subscribers: u64,
    delivery: Delivery,
) -> treewire::Result<(PubSocket, Vec<SubSocket>)> {
    let ticks = Pub::new("pub").listen(ENDPOINT).delivery(delivery);
    let ticks = node
        .spawn(ticks.send_bound(Bound::messages(QUEUED_MESSAGES)))
        .await?;
    let mut subs = Vec::new();
    for number in 0..subscribers {
        let sub = Sub::new(format!("sub-{number}")).dial(ENDPOINT);
        let sub = sub.delivery(delivery).subscribe("fx.*");
        subs.push(node.spawn(sub).await?);
    }
    ticks.ready(subscribers as usize).await;
    Ok((ticks, subs))
}

async fn publish(ticks: &PubSocket, count: u64) -> treewire::Result<()> {
    for _ in 0..count {
        let tick = Content::new("fx.eurusd").with_part([7; 16].as_slice());
        ticks.send(tick).await?;
    }
    Ok(())
}
