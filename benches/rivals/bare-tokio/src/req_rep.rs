use std::time::Instant;

use roles::{Failure, Line, Order, Trips, stamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection;

pub(crate) async fn req(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::connected(order).await?;
    let mut trips = Trips::new(order);
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        let asked = Instant::now();
        stream.write_all(&payload).await?;
        stream.read_exact(&mut payload).await?;
        trips.record(asked);
        stamp::check(&payload, order.size_bytes, sequence)?;
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

pub(crate) async fn rep(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::accepted(order).await?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stream.read_exact(&mut payload).await?;
        stamp::check(&payload, order.size_bytes, sequence)?;
        stream.write_all(&payload).await?;
    }
    Ok(())
}
