use roles::{Arrivals, Failure, Line, Order, stamp};

use crate::connection;

pub(crate) fn push(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::connected(order)?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in order.sequences() {
        stamp::write(&mut payload, sequence);
        stream.write_all(&payload)?;
    }
    Ok(())
}

pub(crate) fn pull(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::accepted(order)?;
    let mut arrivals = Arrivals::new(order);
    let mut payload = vec![0; order.size_bytes];
    while arrivals.incomplete() {
        stream.read_exact(&mut payload)?;
        arrivals.record(&payload)?;
    }
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}
