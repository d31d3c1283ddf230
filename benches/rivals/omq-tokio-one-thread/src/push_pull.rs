use std::collections::VecDeque;

use omq_tokio::{Message, SocketType, TrySendError};
use roles::{Arrivals, Failure, Line, Order, stamp};

use crate::socket;

/// Messages handed over, or taken, in one call.
const BATCH_MESSAGES: usize = 256;
/// From here on omq is given the allocation instead of copying from a warm buffer.
const GIVE_FROM_BYTES: usize = 8 * 1024;

pub(crate) async fn push(order: &Order) -> Result<(), Failure> {
    let socket = socket::connected(SocketType::Push, order).await?;
    let batch = BATCH_MESSAGES.min(order.bound_messages);
    let mut warm = vec![0; order.size_bytes];
    let mut sequences = order.sequences();
    let mut queue = VecDeque::with_capacity(batch);
    loop {
        let room = batch - queue.len();
        queue.extend(
            sequences
                .by_ref()
                .take(room)
                .map(|sequence| message(&mut warm, sequence)),
        );
        if queue.is_empty() {
            break;
        }
        match socket.try_send_many(&mut queue, batch) {
            Ok(_) => {}
            Err(TrySendError::Full(first)) => socket.send(first).await?,
            Err(other) => return Err(format!("omq did not take a message: {other:?}").into()),
        }
    }
    socket.close().await?;
    Ok(())
}

pub(crate) async fn pull(order: &Order) -> Result<(), Failure> {
    let socket = socket::listening(SocketType::Pull, order).await?;
    let mut arrivals = Arrivals::new(order);
    let mut batch = Vec::with_capacity(BATCH_MESSAGES);
    while arrivals.incomplete() {
        socket.recv_many_into(BATCH_MESSAGES, &mut batch).await?;
        for message in batch.drain(..) {
            arrivals.record(message.part_slice(0).unwrap_or_default())?;
        }
    }
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}

fn message(warm: &mut [u8], sequence: u64) -> Message {
    if warm.len() >= GIVE_FROM_BYTES {
        Message::single(stamp::payload(warm.len(), sequence))
    } else {
        stamp::write(warm, sequence);
        Message::from_slice(warm)
    }
}
