//! The same for both ways to use omq-tokio, which differ in the context: where its sockets do their I/O.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use omq_tokio::{Context, Message, Options, Socket, SocketType, TrySendError};
use roles::{Deliveries, Failure, FanOut, Line, Order, stamp};
use tokio::task::JoinSet;

/// Messages taken from one socket before another's turn.
const BATCH_MESSAGES: usize = 256;
/// Longer than a thousand connections take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn publish(fan_out: &FanOut, context: fn() -> Context) -> Result<(), Failure> {
    let FanOut { order, subscribers } = fan_out;
    let mut options = options(order)?.linger_forever();
    // Who has no room is waited for.
    options.xpub_nodrop = true;
    let context = context();
    let socket = context.socket(SocketType::Pub, options);
    let endpoint = socket.bind(order.endpoint.as_str()).await?;
    Line::Listening(endpoint.to_string()).print();
    socket
        .wait_subscribed(*subscribers as u64, PATIENCE)
        .await?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        match socket.try_send(Message::from_slice(&payload)) {
            Ok(()) => {}
            Err(TrySendError::Full(message)) => socket.send(message).await?,
            Err(other) => return Err(format!("omq did not take a message: {other:?}").into()),
        }
    }
    socket.close().await?;
    Ok(())
}

pub(crate) async fn subscribe(fan_out: FanOut, context: fn() -> Context) -> Result<(), Failure> {
    let context = context();
    let mut sockets = Vec::with_capacity(fan_out.subscribers);
    for _ in 0..fan_out.subscribers {
        let socket = context.socket(SocketType::Sub, options(&fan_out.order)?);
        socket.connect(fan_out.order.endpoint.as_str()).await?;
        socket.subscribe("").await?;
        sockets.push(socket);
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
    socket: Socket,
    deliveries: Rc<RefCell<Deliveries>>,
) -> Result<(), String> {
    let mut batch = Vec::with_capacity(BATCH_MESSAGES);
    loop {
        let received = socket.recv_many_into(BATCH_MESSAGES, &mut batch).await;
        received.map_err(|error| error.to_string())?;
        let mut deliveries = deliveries.borrow_mut();
        for message in batch.drain(..) {
            let payload = message.part_slice(0).unwrap_or_default();
            if !deliveries.record(subscriber, payload)? {
                return Ok(());
            }
        }
    }
}

fn options(order: &Order) -> Result<Options, Failure> {
    let bound = u32::try_from(order.bound_messages)?;
    Ok(Options::default().send_hwm(bound).recv_hwm(bound))
}
