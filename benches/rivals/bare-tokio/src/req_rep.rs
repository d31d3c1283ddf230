use std::time::Instant;

use roles::{Failure, Line, Order, Trips, stamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection::{self, Listener};

pub(crate) async fn req(order: &Order) -> Result<(), Failure> {
    if order.in_flight > 1 {
        return pipelined_req(order).await;
    }
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
    if order.in_flight > 1 {
        return pipelined_rep(order).await;
    }
    let mut stream = Listener::bound(order).await?.accepted().await?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stream.read_exact(&mut payload).await?;
        stamp::check(&payload, order.size_bytes, sequence)?;
        stream.write_all(&payload).await?;
    }
    Ok(())
}

/// All that has arrived is answered with one read, and the next questions go out with one write.
async fn pipelined_req(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::connected(order).await?;
    let mut trips = Trips::new(order);
    let window = u64::from(order.in_flight);
    let mut asked = vec![Instant::now(); window as usize];
    let mut outgoing = Vec::with_capacity(window as usize * order.size_bytes);
    let mut incoming = Vec::with_capacity(window as usize * order.size_bytes);
    let (mut next, mut answered) = (0, 0);
    while answered < order.count {
        outgoing.clear();
        let now = Instant::now();
        while next < order.count && next < answered + window {
            asked[(next % window) as usize] = now;
            let begin = outgoing.len();
            outgoing.resize(begin + order.size_bytes, 0);
            stamp::write(&mut outgoing[begin..], next);
            next += 1;
        }
        stream.write_all(&outgoing).await?;
        if stream.read_buf(&mut incoming).await? == 0 {
            return Err("the rep has gone".into());
        }
        let whole = incoming.len() / order.size_bytes * order.size_bytes;
        for payload in incoming[..whole].chunks_exact(order.size_bytes) {
            trips.record(asked[(answered % window) as usize]);
            stamp::check(payload, order.size_bytes, answered)?;
            answered += 1;
        }
        incoming.drain(..whole);
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

/// What one read brought goes back with one write.
async fn pipelined_rep(order: &Order) -> Result<(), Failure> {
    let mut stream = Listener::bound(order).await?.accepted().await?;
    let mut incoming = Vec::with_capacity(order.in_flight as usize * order.size_bytes);
    let mut answered = 0;
    while answered < order.count {
        if stream.read_buf(&mut incoming).await? == 0 {
            return Err("the req has gone".into());
        }
        let whole = incoming.len() / order.size_bytes * order.size_bytes;
        for payload in incoming[..whole].chunks_exact(order.size_bytes) {
            stamp::check(payload, order.size_bytes, answered)?;
            answered += 1;
        }
        stream.write_all(&incoming[..whole]).await?;
        incoming.drain(..whole);
    }
    Ok(())
}
