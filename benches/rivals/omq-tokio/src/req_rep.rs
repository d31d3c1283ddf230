use std::time::Instant;

use omq_tokio::exclusive::{Options, Socket};
use omq_tokio::{Message, SocketType};
use roles::{Failure, Line, Order, Trips, stamp};

pub(crate) async fn req(order: &Order) -> Result<(), Failure> {
    let endpoint = order.endpoint.as_str();
    let mut socket = Socket::connect(SocketType::Req, endpoint, Options::default()).await?;
    let mut trips = Trips::new(order);
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        let asked = Instant::now();
        socket.send(&Message::from_slice(&payload)).await?;
        let reply = socket.recv().await?;
        trips.record(asked);
        stamp::check(
            reply.part_slice(0).unwrap_or_default(),
            order.size_bytes,
            sequence,
        )?;
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

pub(crate) async fn rep(order: &Order) -> Result<(), Failure> {
    let endpoint = order.endpoint.as_str();
    let (mut socket, endpoint) =
        Socket::bind(SocketType::Rep, endpoint, Options::default()).await?;
    Line::Listening(endpoint.to_string()).print();
    for sequence in 0..order.count {
        let request = socket.recv().await?;
        stamp::check(
            request.part_slice(0).unwrap_or_default(),
            order.size_bytes,
            sequence,
        )?;
        socket.send(&request).await?;
    }
    Ok(())
}
