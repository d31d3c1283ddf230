use roles::{Arrivals, Failure, Line, Order, stamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection;

pub(crate) async fn push(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::connected(order).await?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        stream.write_all(&payload).await?;
    }
    stream.shutdown().await?;
    Ok(())
}

pub(crate) async fn pull(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::accepted(order).await?;
    let mut arrivals = Arrivals::new(order);
    let mut payload = vec![0; order.size_bytes];
    while arrivals.incomplete() {
        stream.read_exact(&mut payload).await?;
        arrivals.record(&payload)?;
    }
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}
