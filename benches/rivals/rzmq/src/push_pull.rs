use roles::{Arrivals, Failure, Line, Order, stamp};
use rzmq::{Context, Msg, SocketType};

use crate::socket;

pub(crate) async fn push(context: &Context, order: &Order) -> Result<(), Failure> {
    let socket = socket::connected(context, SocketType::Push, order).await?;
    for sequence in order.sequences() {
        let payload = stamp::payload(order.size_bytes, sequence);
        socket.send(Msg::from_vec(payload)).await?;
    }
    Ok(())
}

pub(crate) async fn pull(context: &Context, order: &Order) -> Result<(), Failure> {
    let socket = socket::listening(context, SocketType::Pull, order).await?;
    let mut arrivals = Arrivals::new(order);
    while arrivals.incomplete() {
        arrivals.record(socket.recv().await?.data().unwrap_or_default())?;
    }
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}
