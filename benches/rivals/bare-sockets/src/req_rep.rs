use std::time::Instant;

use roles::{Failure, Line, Order, Trips, stamp};

use crate::connection;

pub(crate) fn req(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::connected(order)?;
    let mut trips = Trips::new(order);
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        let asked = Instant::now();
        stream.write_all(&payload)?;
        stream.read_exact(&mut payload)?;
        trips.record(asked);
        stamp::check(&payload, order.size_bytes, sequence)?;
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

pub(crate) fn rep(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::accepted(order)?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stream.read_exact(&mut payload)?;
        stamp::check(&payload, order.size_bytes, sequence)?;
        stream.write_all(&payload)?;
    }
    Ok(())
}
