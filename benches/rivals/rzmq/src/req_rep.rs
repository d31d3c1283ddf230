use std::time::Instant;

use roles::{Failure, Line, Order, Trips, stamp};
use rzmq::{Context, Msg, SocketType};

use crate::socket;

pub(crate) async fn req(context: &Context, order: &Order) -> Result<(), Failure> {
    let socket = socket::connected(context, SocketType::Req, order).await?;
    let mut trips = Trips::new(order);
    for sequence in 0..order.count {
        let asked = Instant::now();
        let payload = stamp::payload(order.size_bytes, sequence);
        socket.send(Msg::from_vec(payload)).await?;
        let reply = socket.recv().await?;
        trips.record(asked);
        stamp::check(reply.data().unwrap_or_default(), order.size_bytes, sequence)?;
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

pub(crate) async fn rep(context: &Context, order: &Order) -> Result<(), Failure> {
    let socket = socket::listening(context, SocketType::Rep, order).await?;
    for sequence in 0..order.count {
        let request = socket.recv().await?;
        let payload = request.data().unwrap_or_default();
        stamp::check(payload, order.size_bytes, sequence)?;
        socket.send(request).await?;
    }
    Ok(())
}
