use std::cell::RefCell;
use std::rc::Rc;

use roles::{Deliveries, Failure, FanOut, Line, stamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::connection;

/// Writes each message to each connection, one after the other.
pub(crate) async fn publish(fan_out: &FanOut) -> Result<(), Failure> {
    let FanOut { order, subscribers } = fan_out;
    let listener = TcpListener::bind(order.tcp_address()?).await?;
    Line::Listening(format!("tcp://{}", listener.local_addr()?)).print();
    let mut streams = Vec::with_capacity(*subscribers);
    for _ in 0..*subscribers {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        for stream in &mut streams {
            stream.write_all(&payload).await?;
        }
    }
    for stream in &mut streams {
        stream.shutdown().await?;
    }
    Ok(())
}

pub(crate) async fn subscribe(fan_out: FanOut) -> Result<(), Failure> {
    let mut streams = Vec::with_capacity(fan_out.subscribers);
    for _ in 0..fan_out.subscribers {
        streams.push(connection::connected(&fan_out.order).await?);
    }
    let deliveries = Rc::new(RefCell::new(Deliveries::new(&fan_out)));
    let mut receivers = JoinSet::new();
    for (subscriber, mut stream) in streams.into_iter().enumerate() {
        let deliveries = deliveries.clone();
        let mut payload = vec![0; fan_out.order.size_bytes];
        receivers.spawn_local(async move {
            loop {
                let read = stream.read_exact(&mut payload).await;
                read.map_err(|error| error.to_string())?;
                if !deliveries.borrow_mut().record(subscriber, &payload)? {
                    return Ok::<_, String>(());
                }
            }
        });
    }
    while let Some(received) = receivers.join_next().await {
        received??;
    }
    Line::Throughput(deliveries.borrow().finish()?).print();
    Ok(())
}
